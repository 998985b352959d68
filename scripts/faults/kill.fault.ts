import { expect } from 'chai';
import { describe, it } from 'mocha';
import { setTimeout as moment } from 'node:timers/promises';
import { declareGuarded } from '../bench/api.js';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { GUARDED, History } from './history.js';
import {
  auditVerify,
  checkEverything,
  checkNewEvents,
  onFolder,
  processesOf,
  runSeed,
  throwProblems,
} from './run.js';
import { Traffic } from './traffic.js';

const KILLS = Number(process.env['KILLS'] ?? 20);
const CALLERS = 8;
const LONGEST_LOAD = 400;
const CHECK_EVERY = 10;
const VERIFY_EVERY = 50;

/** One life of the server: started, inspected, loaded, killed. */
async function oneLife(
  data: string,
  traffic: Traffic,
  random: Random,
  inspect: (url: string) => Promise<void>,
): Promise<void> {
  const server = await ServerProcess.start({ data });
  try {
    await inspect(server.url);
    let killed = false;
    const load = traffic.run(server.url, CALLERS, () => !killed);
    await moment(random.below(LONGEST_LOAD));
    await server.kill();
    killed = true;
    await load;
  } finally {
    await server.kill();
  }
}

/** A server that is killed while it starts, often enough before it is ready. */
async function killedAtStart(data: string, random: Random, usual: number): Promise<void> {
  const server = await ServerProcess.launch({ data });
  await moment(random.below(usual));
  await server.kill();
}

/** Kills without an end of its own: what the test process remembers is the judge. */
async function killLoop(data: string, random: Random): Promise<History> {
  const history = new History();
  const traffic = new Traffic(random, history);
  let usualStart = 0;
  const first = performance.now();
  await oneLife(data, traffic, random, (url) => {
    usualStart = performance.now() - first;
    return declareGuarded(url, GUARDED);
  });
  for (let kill = 2; kill <= KILLS; kill++) {
    if (random.below(5) === 0) {
      await killedAtStart(data, random, usualStart);
      continue;
    }
    await oneLife(data, traffic, random, async (url) => {
      if (kill % CHECK_EVERY === 0) await checkNewEvents(url, history);
    });
    throwProblems(traffic.surprises);
    if (kill % CHECK_EVERY === 0) expect(processesOf(data), 'left behind').to.deep.equal([]);
    if (kill % VERIFY_EVERY === 0) await auditVerify(data);
  }
  const server = await ServerProcess.start({ data });
  try {
    await traffic.settle(server.url);
    throwProblems(traffic.surprises);
    await checkEverything(server.url, history);
  } finally {
    await server.stop();
  }
  await auditVerify(data);
  return history;
}

describe('SIGKILL at random moments under load', () => {
  it(`loses nothing acknowledged and repeats nothing in ${KILLS} kills`, () =>
    onFolder(async (data) => {
      const history = await killLoop(data, new Random(runSeed()));
      const known = (kind: string): number =>
        history.sent.filter((entry) => entry.knowledge.kind === kind).length;
      console.log(
        `      ${KILLS} kills: ${known('acknowledged')} entries acknowledged, ` +
          `${known('refused')} refused, ${history.size} events`,
      );
      expect(known('unknown')).to.equal(0);
      expect(known('acknowledged')).to.be.greaterThan(KILLS);
      expect(known('refused')).to.be.greaterThan(0);
    }));
});

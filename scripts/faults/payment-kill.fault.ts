import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as moment } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { Random } from '../bench/random.js';
import { ServerProcess, type Service } from '../bench/server-process.js';
import { judgeAfter, PaymentJudge } from './payment-judge.js';
import { PaymentTraffic } from './payment-traffic.js';
import { gatewayInProcess, GatewayProcess, type Gateway } from './payment-world.js';
import { onFolder, processesOf, runSeed, throwProblems } from './run.js';

const KILLS = process.env['KILLS'] === undefined ? 25 : Math.ceil(Number(process.env['KILLS']) / 4);
const CALLERS = 16;
const LONGEST_LOAD = 500;
/** Long enough for the janitor to be killed at what an earlier life left. */
const LONG_LIFE = 3_500;
const LONG_LIFE_EVERY = 8;
const CHECK_EVERY = 10;

type Run = Readonly<{ data: string; gateway: Gateway; service: Service; random: Random }>;

async function oneLife(run: Run, traffic: PaymentTraffic, longest: number): Promise<void> {
  const { data, gateway, service, random } = run;
  const server = await ServerProcess.start({ data, service, env: gateway.env });
  try {
    let killed = false;
    const load = traffic.run(server.url, CALLERS, () => !killed);
    await moment(random.below(longest));
    await server.kill();
    killed = true;
    await load;
  } finally {
    await server.kill();
  }
}

async function killLoop(run: Run): Promise<void> {
  const traffic = new PaymentTraffic(run.random);
  for (let kill = 1; kill <= KILLS; kill++) {
    await oneLife(run, traffic, kill % LONG_LIFE_EVERY === 0 ? LONG_LIFE : LONGEST_LOAD);
    throwProblems(traffic.calls.surprises);
    if (kill % CHECK_EVERY === 0) {
      expect(processesOf(`SAGAE_DATA=${run.data}`), 'left behind').to.deep.equal([]);
      await lookOnce(run);
    }
  }
  const { calls } = traffic;
  const { book, history } = await judgeAfter(run.data, run.gateway, [calls]);
  console.log(
    `      ${KILLS} kills: ${book.payments.size} payments, ${book.operations.size} operations, ` +
      `${history.size} events; answered 202: ${calls.heard('202')}, ` +
      `in progress: ${calls.heard('REQUEST_IN_PROGRESS')}`,
  );
  expect(book.payments.size).to.be.greaterThan(KILLS);
  expect(calls.heard('201')).to.be.greaterThan(KILLS);
  expect(calls.heard('202')).to.be.greaterThan(0);
}

/** The log half way, before anything was waited for. */
async function lookOnce({ data, gateway }: Run): Promise<void> {
  const server = await ServerProcess.start({ data, env: gateway.env });
  try {
    await new PaymentJudge().look(server.url);
  } finally {
    await server.kill();
  }
}

describe('SIGKILL at random moments with payments in flight', () => {
  it(`the server with its simulator: our books and the gateway's agree after ${KILLS} kills`, () =>
    onFolder((data) => {
      const random = new Random(runSeed());
      return killLoop({ data, gateway: gatewayInProcess(data), service: 'all', random });
    }));

  it(`the command service alone, and a gateway that survives: ${KILLS} kills`, () =>
    onFolder(async (folder) => {
      const random = new Random(runSeed());
      const data = join(folder, 'data');
      mkdirSync(data);
      const gateway = await GatewayProcess.start(folder);
      try {
        await killLoop({ data, gateway, service: 'command', random });
      } finally {
        await gateway.close();
      }
    }));
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { ProxyToxics } from '../../../shared/testing/tcp-proxy/tcp-proxy.js';
import { Random } from '../../bench/random.js';
import { runSeed } from '../run.js';
import { illnesses } from './illnesses.js';
import { Recoveries } from './report.js';
import { Trial, type Trouble, type When } from './trial.js';
import { LINKS, World, type LinkName, type ServerName, type ServiceName } from './world.js';

const MOMENTS: readonly When[] = ['before', 'during', 'after'];
const SERVICES: readonly ServiceName[] = ['command', 'projection', 'query'];
const SERVERS: readonly ServerName[] = ['eventstoredb', 'mongodb', 'kafka'];

/** Longer than any time-out of ours, so that each of them has to act. */
const SILENCE_MS = 12_000;

describe('the three services on EventStoreDB, MongoDB and Kafka', () => {
  const random = new Random(runSeed());
  const folder = mkdtempSync(join(tmpdir(), 'sagae-links-'));
  let world: World;
  let trial: Trial;

  before(async () => {
    world = await World.start(folder);
    trial = new Trial(world, random);
    await trial.prepare();
  });
  after(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Toxics on some links. */
  function sick(name: string, links: readonly LinkName[], toxics: ProxyToxics): Trouble {
    const all = async (act: (link: LinkName) => Promise<void>): Promise<void> => {
      await Promise.all(links.map(act));
    };
    return {
      name,
      lastsMs: 100 + random.below(200),
      begin: () => all((link) => world.link(link).set(toxics)),
      end: () => all((link) => world.link(link).heal()),
    };
  }

  /** A service that is killed while its old connections end late, and started again. */
  function killed(service: ServiceName): Trouble {
    const links = LINKS.filter((link) => link.startsWith(`${service} →`));
    const slowClose = { slowClose: { ms: 500 } };
    const slow = sick('', links, { upstream: slowClose, downstream: slowClose });
    return {
      name: `SIGKILL of ${service}`,
      lastsMs: 0,
      begin: async () => {
        await slow.begin();
        await world.killService(service);
      },
      end: async () => {
        await world.startService(service);
        await slow.end();
      },
    };
  }

  it('SIGKILL of each service and of each server, in turn', async () => {
    const recoveries = new Recoveries();
    for (const service of SERVICES) {
      const trouble = killed(service);
      recoveries.add(trouble.name, await trial.round(trouble, 'during'));
    }
    for (const server of SERVERS) {
      const name = `SIGKILL of ${server}`;
      const trouble: Trouble = {
        name,
        lastsMs: 300,
        begin: () => world.killServer(server),
        end: () => world.startServer(server),
      };
      recoveries.add(name, await trial.round(trouble, 'during'));
    }
    for (const line of recoveries.lines()) console.log(`      ${line}`);
  });

  for (const link of LINKS) {
    it(`${link}: every illness, before, during and after traffic`, async () => {
      const recoveries = new Recoveries();
      for (const { name, toxics } of illnesses(random)) {
        for (const when of MOMENTS) {
          const trouble = sick(name, [link], toxics);
          recoveries.add(`${name}, ${when}`, await trial.round(trouble, when));
        }
      }
      console.log(`      ${link}: ${recoveries.line()}`);
      const { cut, swallowed } = world.link(link).counters();
      expect(cut).to.be.greaterThan(0);
      expect(swallowed.upstream + swallowed.downstream).to.be.greaterThan(0);
    });
  }

  it('nothing is heard on any link for longer than every time-out', async () => {
    const recoveries = new Recoveries();
    for (const direction of ['upstream', 'downstream']) {
      const silence = sick(`silence ${direction}`, LINKS, { [direction]: { timeout: {} } });
      const long = { ...silence, lastsMs: SILENCE_MS };
      recoveries.add(long.name, await trial.round(long, 'during'));
    }
    console.log(`      ${recoveries.line()}`);
  });

  it('at the end log, views and topic tell the same, and all that was acknowledged, once', async () => {
    console.log(`      ${await trial.judge()}`);
  });
});

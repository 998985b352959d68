import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { answerProblems } from './payment-invariants.js';
import { PaymentJudge } from './payment-judge.js';
import { PaymentTraffic } from './payment-traffic.js';
import { GatewayProcess, until } from './payment-world.js';
import { auditVerify, onFolder, runSeed, throwProblems } from './run.js';

const CALLERS = 16;
const GOOD = 40;
const REFUSED = 40;

/** What is wrong with the gateway, and how it is well again. */
type Outage = Readonly<{
  name: string;
  begin: (gateway: GatewayProcess) => Promise<void>;
  end: (gateway: GatewayProcess) => Promise<void>;
}>;

const OUTAGES: readonly Outage[] = [
  { name: 'killed', begin: (it) => it.kill(), end: (it) => it.revive() },
  // It does what it is asked for, and no answer comes.
  { name: 'mute', begin: (it) => it.outage('mute'), end: (it) => it.outage('none') },
  { name: 'silent', begin: (it) => it.outage('silent'), end: (it) => it.outage('none') },
];

type Run = Readonly<{
  server: ServerProcess;
  gateway: GatewayProcess;
  traffic: PaymentTraffic;
  judge: PaymentJudge;
}>;

async function goneAndBack({ server, gateway, traffic, judge }: Run, outage: Outage) {
  const { url } = server;
  const { calls } = traffic;
  const work = (code: string, count: number): Promise<void> => {
    const enough = calls.heard(code) + count;
    return traffic.run(url, CALLERS, () => calls.heard(code) < enough);
  };
  await work('201', GOOD);
  await outage.begin(gateway);
  const before = calls.heard('202');
  await work('GATEWAY_UNAVAILABLE', REFUSED);
  expect(calls.heard('202'), 'in doubt before the circuit opened').to.be.greaterThan(before);
  expect(await circuit(url)).to.equal(1);
  expect(await judge.checkDoubt(url), 'in doubt while it is gone').to.be.greaterThan(0);
  // Whoever was told that nothing was stored: nothing was.
  throwProblems(answerProblems(calls.asked, judge.book));

  await outage.end(gateway);
  await calls.settle(url);
  await work('201', GOOD);
  await until(async () => (await circuit(url)) === 0);
  await calls.settle(url);
  await judge.settled(url);
  throwProblems(calls.surprises);
  throwProblems(answerProblems(calls.asked, judge.book));
}

/** 1 while the circuit of the gateway is not closed. */
async function circuit(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const [, value] = /^sagae_gateway_circuit\{gateway="simulator"[^}]*\} (\d)$/m.exec(metrics) ?? [];
  if (value === undefined) throw new Error('the circuit of the gateway is not shown');
  return Number(value);
}

describe('a gateway that is gone for a while', () => {
  it('makes payments doubtful, then callers wait; when it is back, everything is known', () =>
    onFolder(async (folder) => {
      const data = join(folder, 'data');
      mkdirSync(data);
      const gateway = await GatewayProcess.start(folder);
      const server = await ServerProcess.start({ data, env: gateway.env });
      try {
        const traffic = new PaymentTraffic(new Random(runSeed()));
        const judge = new PaymentJudge();
        for (const outage of OUTAGES) {
          await goneAndBack({ server, gateway, traffic, judge }, outage);
        }
        await judge.everything(server.url, gateway, [traffic.calls]);
        await server.stop();
      } finally {
        await server.kill();
        await gateway.close();
      }
      await auditVerify(data);
    }));
});

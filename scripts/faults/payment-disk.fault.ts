import { expect } from 'chai';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { PaymentJudge } from './payment-judge.js';
import { PaymentTraffic } from './payment-traffic.js';
import { GatewayProcess } from './payment-world.js';
import { auditVerify, onFolder, runSeed, throwProblems } from './run.js';
import { empty, fill, smallDisk, type SmallDisk } from './small-disk.js';

const DISK = 64 * 1024 * 1024;
/** Some payments more. */
const LEFT = 256 * 1024;
const CALLERS = 16;
const GOOD = 40;
const REFUSED = 60;

/** Fills the disk under payments in flight, and gives the space back. */
async function fullAndBack(url: string, disk: string, traffic: PaymentTraffic): Promise<void> {
  const { calls } = traffic;
  await traffic.run(url, CALLERS, () => calls.heard('201') < GOOD);
  fill(disk, LEFT);
  await traffic.run(url, CALLERS, () => calls.heard('STORAGE_FULL') < REFUSED);
  for (const path of ['payments', 'payments/in-doubt', 'ledger/trial-balance']) {
    const { status } = await fetch(`${url}/v1/${path}`);
    expect(status, `reading ${path} on a full disk`).to.equal(200);
  }
  throwProblems(calls.surprises);
  empty(disk);
  await calls.settle(url);
  const good = calls.heard('201') + GOOD;
  await traffic.run(url, CALLERS, () => calls.heard('201') < good);
  await calls.settle(url);
  throwProblems(calls.surprises);
}

describe('a full disk with payments in flight', () => {
  let disk: SmallDisk | undefined;

  before(function () {
    disk = smallDisk(DISK);
    if (disk !== undefined) return;
    console.log('      left out: neither namespaces nor a mount by root are allowed here');
    this.skip();
  });

  after(() => disk?.remove());

  it('refuses with 507 or is in doubt, loses nothing and heals', () =>
    onFolder(async (folder) => {
      if (disk === undefined) throw new Error('no disk');
      const { data, through } = disk;
      const own = join(folder, 'gateway');
      mkdirSync(own);
      const gateway = await GatewayProcess.start(own);
      const server = await ServerProcess.start({ data, through, env: gateway.env });
      try {
        const seen = disk.seenFrom(server.pid);
        const traffic = new PaymentTraffic(new Random(runSeed()));
        await fullAndBack(server.url, seen, traffic);
        await new PaymentJudge().everything(server.url, gateway, [traffic.calls]);
        cpSync(seen, join(folder, 'copy'), { recursive: true });
      } finally {
        await server.kill();
        await gateway.close();
      }
      await auditVerify(join(folder, 'copy'));
    }));
});

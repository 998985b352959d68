import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { httpSimulator, simulatorRecords } from '../../shared/adapters/simulator/client.js';
import { startSagae } from './run-child.js';

const request = {
  paymentId: 'p-1',
  orderId: 'o-1',
  sellerId: 's-1',
  amount: 1_000n,
  currency: 'KRW',
  token: 'tok_ok',
  capture: true,
};

describe('sagae simulator', () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'sagae-test-'));
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  const start = async () => {
    const { child, ran } = startSagae(data, 'simulator', '--port', '0');
    const line = await firstLine(child);
    const [, url = ''] = /^The simulator is ready on (http:\S+)$/.exec(line) ?? [];
    return { child, ran, url };
  };

  it('outlives a SIGKILL with all it has done, and ends on SIGTERM', async () => {
    const first = await start();
    const done: string[] = [];
    const gateway = httpSimulator({ url: first.url });
    for (let count = 0; first.child.signalCode === null; count++) {
      if (count === 50) first.child.kill('SIGKILL');
      const reference = `a-${count}`;
      const answer = await gateway.authorize(
        { ...request, reference },
        new AbortController().signal,
      );
      if (answer.kind === 'done') done.push(reference);
    }
    expect(done.length).to.be.at.least(50);

    const second = await start();
    const known = new Set((await simulatorRecords(second.url)).map(({ reference }) => reference));
    expect(done.filter((reference) => !known.has(reference))).to.deep.equal([]);
    second.child.kill('SIGTERM');
    expect((await second.ran).code).to.equal(0);
  });

  it('leaves with 2 when it is used wrongly', async () => {
    expect((await startSagae(data, 'simulator', '--port', '65536').ran).code).to.equal(2);
  });
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface(stdout)) return line;
  throw new Error('the process ended without a line');
}

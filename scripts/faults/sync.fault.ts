import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { runLoad } from '../bench/load.js';
import { ServerProcess } from '../bench/server-process.js';
import { onFolder } from './run.js';

const ENTRIES = 512;
const CALLS = 'trace=fdatasync,fsync,write,writev';

/** Whether strace is there and may watch a process. */
function canTrace(): boolean {
  try {
    execFileSync('strace', ['-f', '-e', CALLS, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What a command service did, in order, while it answered `ENTRIES` posts. */
async function traceOf(folder: string, connections: number): Promise<readonly Step[]> {
  const [data, trace] = [join(folder, 'data'), join(folder, 'trace')];
  mkdirSync(data);
  // -D: the server, not strace, is our child, and gets our signals.
  const server = await ServerProcess.start({
    data,
    service: 'command',
    through: ['strace', '-D', '-f', '--seccomp-bpf', '-s', '16', '-e', CALLS, '-o', trace],
  });
  const atStart = readFileSync(trace, 'utf8').length;
  const result = await runLoad({
    kind: 'singles',
    url: server.url,
    connections,
    count: ENTRIES,
    workload: { tag: `c${connections}`, accounts: 100 },
  });
  expect(result.statuses).to.deep.equal({ 201: ENTRIES });
  const lines = readFileSync(trace, 'utf8').slice(atStart).split('\n');
  await server.stop();
  return lines.flatMap(stepOf);
}

type Step = 'synced' | 'answered';

/** A call that another thread interrupts takes two lines; it is done on the second. */
function stepOf(line: string): readonly Step[] {
  if (/\b(?:fdatasync|fsync)(?:\(\d+\)| resumed>.*) += 0/.test(line)) return ['synced'];
  return line.includes('"HTTP/1.1 201') ? ['answered'] : [];
}

function count(steps: readonly Step[], kind: Step): number {
  return steps.filter((step) => step === kind).length;
}

describe('what strace sees of a command service', () => {
  before(function () {
    if (canTrace()) return;
    console.log('      left out: strace is not installed, or may not trace here');
    this.skip();
  });

  it(`is a sync before the answer to each of ${ENTRIES} posts, one after another`, () =>
    onFolder(async (folder) => {
      const steps = await traceOf(folder, 1);
      expect(count(steps, 'answered')).to.equal(ENTRIES);
      const unsynced = steps.filter(
        (step, index) => step === 'answered' && steps[index - 1] !== 'synced',
      );
      expect(unsynced).to.have.length(0);
    }));

  it('is one sync for many posts that come together', () =>
    onFolder(async (folder) => {
      const syncs = count(await traceOf(folder, 64), 'synced');
      console.log(`      ${syncs} syncs for ${ENTRIES} posts over 64 connections`);
      expect(syncs).to.be.at.least(ENTRIES / 64);
      expect(syncs).to.be.at.most(ENTRIES / 2);
    }));
});

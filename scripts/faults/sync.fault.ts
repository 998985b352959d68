import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { runLoad } from '../bench/load.js';
import { ServerProcess } from '../bench/server-process.js';
import { onFolder } from './run.js';

const ENTRIES = 512;

/** Whether strace is there and may watch a process. */
function canTrace(): boolean {
  try {
    execFileSync('strace', ['-f', '-e', 'trace=fdatasync', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Syncs of a command service while it answers `ENTRIES` posts, those of its start left out. */
async function syncsDuring(folder: string, connections: number): Promise<number> {
  const [data, trace] = [join(folder, 'data'), join(folder, 'syncs')];
  mkdirSync(data);
  // -D: the server, not strace, is our child, and gets our signals.
  const server = await ServerProcess.start({
    data,
    service: 'command',
    through: ['strace', '-D', '-f', '--seccomp-bpf', '-e', 'trace=fdatasync,fsync', '-o', trace],
  });
  const atStart = countSyncs(trace);
  const result = await runLoad({
    kind: 'singles',
    url: server.url,
    connections,
    count: ENTRIES,
    workload: { tag: `c${connections}`, accounts: 100 },
  });
  expect(result.statuses).to.deep.equal({ 201: ENTRIES });
  const during = countSyncs(trace) - atStart;
  await server.stop();
  return during;
}

/** A call that another thread interrupts takes two lines, `unfinished` and `resumed`. */
function countSyncs(trace: string): number {
  return (readFileSync(trace, 'utf8').match(/\b(?:fdatasync|fsync)\(/g) ?? []).length;
}

describe('what strace sees of a command service', () => {
  before(function () {
    if (canTrace()) return;
    console.log('      left out: strace is not installed, or may not trace here');
    this.skip();
  });

  it(`is at least one sync for each of ${ENTRIES} posts, one after another`, () =>
    onFolder(async (folder) => {
      expect(await syncsDuring(folder, 1)).to.be.at.least(ENTRIES);
    }));

  it(`is one sync for many posts that come together`, () =>
    onFolder(async (folder) => {
      const syncs = await syncsDuring(folder, 64);
      console.log(`      ${syncs} syncs for ${ENTRIES} posts over 64 connections`);
      expect(syncs).to.be.at.least(ENTRIES / 64);
      expect(syncs).to.be.at.most(ENTRIES / 2);
    }));
});

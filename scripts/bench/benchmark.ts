import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from './report.js';
import { ServerProcess, type Service } from './server-process.js';

export type Scale = 'small' | 'full';

/** What a benchmark is given. */
export type BenchContext = Readonly<{
  scale: Scale;
  /** Tells a person who waits what is going on. */
  say: (text: string) => void;
}>;

export type Benchmark = Readonly<{
  name: string;
  /** Runs servers of others, which not everybody has: it is run where it is asked for by name. */
  needsServers?: true;
  run: (context: BenchContext) => Promise<readonly BenchResult[]>;
}>;

/** The size of some work: one for a check in CI, one for the figures. */
export function sized(context: BenchContext, small: number, full: number): number {
  return context.scale === 'full' ? full : small;
}

/** Runs something on a data folder of its own, and deletes the folder whatever happens. */
export async function withFolder<Result>(
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs something against a server on an empty data folder. */
export function withServer<Result>(
  service: Service,
  work: (server: ServerProcess, data: string) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (data) => {
    const server = await ServerProcess.start({ data, service });
    try {
      return await work(server, data);
    } finally {
      await server.kill();
    }
  });
}

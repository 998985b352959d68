import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { now } from './statistics.js';

/** What the figures were measured on. */
export type Machine = Readonly<{
  processor: string;
  cores: number;
  memoryBytes: number;
  kernel: string;
  node: string;
  /** One after another, each after a write of 4 KiB to the end of a file. */
  fdatasyncPerSecond: number;
}>;

/** Describes this machine. @param folder on the disk that the data will be on */
export function describeMachine(folder: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    fdatasyncPerSecond: fdatasyncPerSecond(folder),
  };
}

/** How often a second the disk can promise that a block is safe: the ceiling of one-by-one posts. */
function fdatasyncPerSecond(folder: string): number {
  const path = join(folder, 'fdatasync-reading');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4096, 1);
  let count = 0;
  const start = now();
  while (now() - start < 1000) {
    writeSync(file, block);
    fdatasyncSync(file);
    count++;
  }
  const seconds = (now() - start) / 1000;
  closeSync(file);
  unlinkSync(path);
  return Math.round(count / seconds);
}

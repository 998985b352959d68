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
  /** One after another, each after a write of 4 KiB into a file that has its size already. */
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

const FILE_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 4096;

/**
 * How often a second the disk can promise that a block is safe: the ceiling of one-by-one posts.
 * Blocks are overwritten, as a write-ahead log does that has reached its size.
 */
function fdatasyncPerSecond(folder: string): number {
  const path = join(folder, 'fdatasync-reading');
  const file = openSync(path, 'w');
  writeSync(file, Buffer.alloc(FILE_BYTES));
  fdatasyncSync(file);
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  let count = 0;
  const start = now();
  while (now() - start < 1000) {
    writeSync(file, block, 0, BLOCK_BYTES, (count * BLOCK_BYTES) % FILE_BYTES);
    fdatasyncSync(file);
    count++;
  }
  const seconds = (now() - start) / 1000;
  closeSync(file);
  unlinkSync(path);
  return Math.round(count / seconds);
}

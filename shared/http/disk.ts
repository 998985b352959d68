import { statfs } from 'node:fs/promises';
import type { PartState } from './operations.js';

const LEAST_FREE_BYTES = 1024 * 1024;

/** Whether the disk under the data folder has room for more events. */
export async function diskState(folder: string): Promise<PartState> {
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= LEAST_FREE_BYTES) return { part: 'disk' };
    return { part: 'disk', problem: 'less than 1 MiB is free: appends are refused' };
  } catch {
    return { part: 'disk', problem: 'the data folder cannot be reached' };
  }
}

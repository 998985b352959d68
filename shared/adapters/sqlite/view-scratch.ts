import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Table, ViewStore } from '../../ports/view-store.js';
import { takeLock } from './view-connection.js';
import { withPortFaults } from './view-faults.js';
import { openViewStore } from './view-store.js';

const FILE = 'views.scratch.db';
const LOCK = 'views.scratch.lock';

/** A view store to compute in and throw away: `discard` closes it and deletes its file. */
export type ScratchViewStore = Readonly<{ store: ViewStore; discard: () => Promise<void> }>;

/**
 * Opens an empty view store in a file of its own beside the live one. What an interrupted process
 * left there is deleted first.
 * @returns undefined when another process is using it
 * @throws {StorageFull | StoreUnavailable} it cannot be opened now
 */
export function openScratchViewStore(
  options: Readonly<{ folder: string; tables: readonly Table[] }>,
): ScratchViewStore | undefined {
  const { folder, tables } = options;
  const lock = withPortFaults(() => takeLock(folder, LOCK));
  if (lock === undefined) return undefined;
  deleteFiles(folder);
  const store = openViewStore({ folder, tables, file: FILE });
  const discard = async () => {
    await store.close();
    deleteFiles(folder);
    lock.close();
  };
  return { store, discard };
}

function deleteFiles(folder: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, FILE + end), { force: true });
}

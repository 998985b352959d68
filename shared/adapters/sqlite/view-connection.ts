import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Milliseconds a statement waits for another process's write lock before it gives up. */
const BUSY_MS = 5_000;

/**
 * Pages of the WAL after which it is copied into the file: 64 MB. Rows of many accounts touch many
 * pages, and each is copied once however often it changed in between.
 */
const WAL_PAGES = 16_384;

/**
 * Opens a connection to a file of views, in a folder that is made if absent. `synchronous` is
 * NORMAL: after a power cut the file may be a few batches back, checkpoint and rows together, and
 * the log brings them again.
 */
export function openConnection(
  folder: string,
  file: string,
  role: 'writer' | 'reader',
): Database.Database {
  mkdirSync(folder, { recursive: true });
  const db = new Database(join(folder, file), { timeout: BUSY_MS });
  db.defaultSafeIntegers(true);
  db.pragma('synchronous = NORMAL');
  db.pragma('temp_store = MEMORY');
  db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
  db.pragma(`journal_size_limit = ${WAL_PAGES * 4096}`);
  // A reader's own page cache is void after every commit of a writer; mapped pages are not.
  db.pragma(`cache_size = ${role === 'writer' ? -131_072 : -16_384}`);
  db.pragma(`mmap_size = ${2 ** 36}`);
  return db;
}

/**
 * Takes a lock of the folder that ends with this process, however that ends; closing the connection
 * gives it back. Undefined: another has it.
 */
export function takeLock(folder: string, file: string): Database.Database | undefined {
  mkdirSync(folder, { recursive: true });
  const lock = new Database(join(folder, file), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

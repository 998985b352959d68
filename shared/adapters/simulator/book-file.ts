import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

/** Milliseconds a statement waits for another process's write lock before it gives up. */
const BUSY_MS = 5_000;

const WAL_ATTEMPTS = 1_000;

// One row an operation, and on the row of an authorisation what became of it: an operation touches
// one page of one tree, or two.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS operations (
  reference TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  "authorization" TEXT NOT NULL,
  captures INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  decline TEXT,
  occurred_at INTEGER NOT NULL,
  meanwhile TEXT,
  captured INTEGER NOT NULL,
  voided INTEGER NOT NULL,
  refunded INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/**
 * Opens the simulator's file, which is made if absent. `synchronous` is OFF: what is written
 * survives the death of the process, and a power cut is not what it is made for.
 */
export function openBookFile(file: string): Database.Database {
  mkdirSync(dirname(file), { recursive: true });
  const db = new Database(file, { timeout: BUSY_MS });
  try {
    db.defaultSafeIntegers(true);
    switchToWal(db);
    db.pragma('synchronous = OFF');
    db.pragma('wal_autocheckpoint = 4096');
    db.pragma('cache_size = -32768');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** It needs the file alone and does not wait for it; an empty write does. */
function switchToWal(db: Database.Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!busy || attempt === WAL_ATTEMPTS) throw error;
      db.exec('BEGIN IMMEDIATE; COMMIT');
    }
  }
}

/** Whether the file could not be used just then: locked for long, full, or out of reach. */
export function isFileFault(error: unknown): error is Error {
  return error instanceof Database.SqliteError;
}

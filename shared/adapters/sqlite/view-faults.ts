import Database from 'better-sqlite3';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';

/** Faults of the machine, not of the program: they may pass by themselves. */
const UNAVAILABLE = /^SQLITE_(?:BUSY|LOCKED|IOERR|CANTOPEN|READONLY|PROTOCOL|NOMEM|CORRUPT|NOTADB)/;

/**
 * Runs work on a database and throws its faults as the port names them.
 * @throws {StorageFull} no space left
 * @throws {StoreUnavailable} locked for too long, or the file cannot be read or written
 */
export function withPortFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    // Growing the shared memory of the WAL fails with its own code on a full disk.
    if (error.code === 'SQLITE_FULL' || error.code === 'SQLITE_IOERR_SHMSIZE') {
      throw new StorageFull('no space left for the views', { cause: error });
    }
    if (UNAVAILABLE.test(error.code)) {
      throw new StoreUnavailable(`the views cannot be used: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Runs work in one write transaction; when it throws, nothing of it stays. */
export function inTransaction<T>(db: Database.Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

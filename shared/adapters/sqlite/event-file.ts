import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';

export type Connection = Database.Database;

/** The file in a data folder that holds the log. */
export function eventFile(folder: string): string {
  return join(folder, 'events.db');
}

/** `events.db` is not a log of ours, is of another version, or cannot be read as a database. */
export class LogFileRefused extends Error {
  override readonly name = 'LogFileRefused';
}

const APPLICATION_ID = 0x53616761;
const SCHEMA_VERSION = '1';
/** Larger than SQLite's default: rows of half a kilobyte waste less of it, and inserts are faster. */
const PAGE_BYTES = 8192;
const OPENING_PATIENCE_MS = 10_000;
/** Below this much free space a failed write is taken for a full disk. */
const FULL_BELOW_BYTES = 4 * 1024 * 1024;

// STRICT, so that integrity_check also finds a value whose type was changed on the disk.
const SCHEMA = `
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  revision INTEGER NOT NULL,
  event_id BLOB NOT NULL,
  type TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  metadata TEXT NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Makes the folder and the log's file where they do not exist. Safe when several processes do it
 * at once. An existing file is never changed.
 * @throws {LogFileRefused} the file is something else
 */
export async function createEventFile(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const deadline = Date.now() + OPENING_PATIENCE_MS;
  for (;;) {
    try {
      initialise(eventFile(folder));
      return;
    } catch (error) {
      // Switching to WAL needs the file alone and does not wait for it by itself.
      if (!isBusy(error) || Date.now() > deadline) throw asStoreFault(error, folder);
    }
    await pause(5);
  }
}

function initialise(path: string): void {
  const db = new Database(path, { timeout: 1000 });
  try {
    if (!isBlank(db)) return;
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.transaction(() => {
      // Another process may have been first.
      if (!isBlank(db)) return;
      db.exec(SCHEMA);
      const put = db.prepare<[string, string]>('INSERT INTO meta VALUES (?, ?)');
      put.run('schema', SCHEMA_VERSION);
      put.run('log', randomUUID());
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).immediate();
  } finally {
    db.close();
  }
}

function isBlank(db: Connection): boolean {
  const applicationId = db.pragma('application_id', { simple: true });
  return applicationId === 0 && schemaOf(db).length === 0;
}

/**
 * A connection that can only read. Many may be open, in any thread and process.
 * @throws {LogFileRefused} there is no log of this version in the folder
 */
export function openForReading(folder: string): Connection {
  const path = eventFile(folder);
  if (!existsSync(path)) throw new LogFileRefused(`there is no log in ${folder}`);
  const db = connect(path, folder, { readonly: true, timeout: 2000 });
  try {
    db.pragma('cell_size_check = ON');
    checkIdentity(db);
    return db;
  } catch (error) {
    db.close();
    throw asStoreFault(error, folder);
  }
}

/** The connection of a writer thread. It never waits for a lock by itself: the writer does. */
export function openForWriting(folder: string): Connection {
  const db = connect(eventFile(folder), folder, { fileMustExist: true, timeout: 0 });
  db.pragma('synchronous = FULL');
  db.pragma('cell_size_check = ON');
  // A long write-ahead log and a large cache: streams with random names touch a page of the index
  // each, and so most of these are written to the file once, not every time.
  db.pragma('cache_size = -32768');
  db.pragma(`wal_autocheckpoint = ${(64 * 1024 * 1024) / PAGE_BYTES}`);
  db.pragma(`journal_size_limit = ${128 * 1024 * 1024}`);
  return db;
}

function connect(path: string, folder: string, options: Database.Options): Connection {
  try {
    return new Database(path, options);
  } catch (error) {
    throw asStoreFault(error, folder);
  }
}

/** The random id given to a log when it was made. */
export function logId(db: Connection): string {
  return metaValue(db, 'log');
}

function metaValue(db: Connection, name: string): string {
  const value = db.prepare<[string]>('SELECT value FROM meta WHERE name = ?').pluck().get(name);
  if (typeof value !== 'string') throw new LogFileRefused(`events.db says no "${name}"`);
  return value;
}

function checkIdentity(db: Connection): void {
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new LogFileRefused('events.db is not a log of Sagae');
  }
  const version = metaValue(db, 'schema');
  if (version !== SCHEMA_VERSION) {
    const known = `this program knows version ${SCHEMA_VERSION}`;
    throw new LogFileRefused(`events.db has schema version ${version}; ${known}`);
  }
  if (schemaOf(db).join('\n') !== expectedSchema()) {
    throw new LogFileRefused(
      'events.db has other tables, indexes or triggers than it was made with',
    );
  }
}

function schemaOf(db: Connection): readonly string[] {
  const rows = db
    .prepare<[], string | null>(
      `SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite_%' ORDER BY name`,
    )
    .pluck()
    .all();
  return rows.map((row) => row ?? '');
}

function expectedSchema(): string {
  const blank = new Database(':memory:');
  try {
    blank.exec(SCHEMA);
    return schemaOf(blank).join('\n');
  } finally {
    blank.close();
  }
}

export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** Whether SQLite found the file itself broken, not one row. */
function isBrokenFile(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** What the port promises for an error of SQLite; every other error as it is. */
export function asStoreFault(error: unknown, folder: string, isFull = isDiskFull): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  if (isBrokenFile(error)) {
    return new LogFileRefused(`events.db is damaged: ${message} (${code})`, { cause: error });
  }
  if (code === 'SQLITE_FULL' || (isFailedWrite(code) && isFull(folder))) {
    return new StorageFull(`the disk of the log is full (${code})`, { cause: error });
  }
  return new StoreUnavailable(`the log cannot be used: ${message} (${code})`, { cause: error });
}

/** After a failed sync nobody knows what is stored, so that is never a disk that was merely full. */
function isFailedWrite(code: string): boolean {
  return code.startsWith('SQLITE_IOERR') && !code.endsWith('FSYNC');
}

function isDiskFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventDamaged } from '../../ports/event-store.js';
import { openForReading, type Connection } from './event-file.js';
import { intactRow, isIntact, positionOf, ROW_COLUMNS, whatIsWrong } from './event-row.js';

/** What a scrub found. Without a position: it concerns the file, not one event. */
export type Damage = Readonly<{ position?: bigint; detail: string }>;

const CHUNK_ROWS = 2048;
/** Past this a log is beyond naming every event. */
const ENOUGH_DAMAGE = 10_000;

/**
 * Reads every event of the log in a folder and checks its checksum, that no position is missing,
 * that the revisions of every stream are 0, 1, 2 …, and that file and index are sound. Changes
 * nothing, and may run beside a server.
 *
 * @param onProgress called with the number of events read so far and of all
 * @returns all damage found; empty: the log is what was written
 */
export async function scrubEvents(
  folder: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<readonly Damage[]> {
  let db: Connection;
  try {
    db = openForReading(folder);
  } catch (error) {
    return [{ detail: `the log cannot be opened: ${messageOf(error)}` }];
  }
  const damage: Damage[] = [];
  try {
    await scrubRows(db, damage, onProgress);
    scrubStreams(db, damage);
    scrubFile(db, damage);
  } catch (error) {
    damage.push({ detail: `the log cannot be read: ${messageOf(error)}` });
  } finally {
    db.close();
  }
  return damage;
}

async function scrubRows(
  db: Connection,
  damage: Damage[],
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const head = headOf(db);
  let after = 0;
  while (after < head) {
    after = scrubChunk(db, after, damage);
    onProgress(Math.min(after, head), head);
    if (damage.length >= ENOUGH_DAMAGE) {
      damage.push({ detail: `more than ${ENOUGH_DAMAGE} found, the rest was not looked at` });
      return;
    }
    await nextTurn();
  }
}

/** Checks the events after a position. @returns the position of the last one looked at */
function scrubChunk(db: Connection, after: number, damage: Damage[]): number {
  const rows = readableRows(db, after);
  if (rows instanceof Error) {
    damage.push({ position: BigInt(after + 1), detail: `it cannot be read: ${rows.message}` });
    return after + 1;
  }
  let last = BigInt(after);
  for (const row of rows) {
    const position = positionOf(row);
    if (position > last + 1n) damage.push(missing(last + 1n, position - 1n));
    if (!isIntact(row)) damage.push({ position, detail: whatIsWrong(row) });
    last = position;
  }
  return Math.max(Number(last), after + 1);
}

/** The next events that SQLite can read, fewer where it meets a page it cannot. */
function readableRows(db: Connection, after: number): readonly (readonly unknown[])[] | Error {
  for (let limit = CHUNK_ROWS; ; limit = Math.floor(limit / 2)) {
    try {
      return rowsAfter(db, after, limit);
    } catch (error) {
      if (limit === 1) return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function missing(first: bigint, last: bigint): Damage {
  return { position: first, detail: first === last ? 'it is missing' : `missing up to ${last}` };
}

function scrubStreams(db: Connection, damage: Damage[]): void {
  const torn = db
    .prepare<[], string>(
      `SELECT stream FROM events INDEXED BY events_by_stream
       GROUP BY stream HAVING min(revision) <> 0 OR max(revision) <> count(*) - 1`,
    )
    .pluck();
  for (const stream of torn.iterate()) {
    damage.push({ detail: `the revisions of stream ${JSON.stringify(stream)} have gaps` });
  }
  const count = (source: string) =>
    db.prepare<[], number>(`SELECT count(*) FROM events ${source}`).pluck().get() ?? 0;
  const inTable = count('NOT INDEXED');
  const inIndex = count('INDEXED BY events_by_stream');
  if (inTable !== inIndex) {
    damage.push({ detail: `${inTable} events in the table, ${inIndex} in its index` });
  }
}

function scrubFile(db: Connection, damage: Damage[]): void {
  for (const line of db.prepare<[], string>('PRAGMA integrity_check').pluck().all()) {
    if (line !== 'ok') damage.push({ detail: `the file: ${line}` });
  }
}

/**
 * Checks the last events of the log, those that were being written when the power went.
 * @throws {EventDamaged} the first of them that is damaged or missing
 */
export function checkTail(db: Connection, count: number): void {
  let expected = Math.max(headOf(db) - count, 0) + 1;
  for (const row of rowsAfter(db, expected - 1, count)) {
    const [position] = intactRow(row);
    if (position !== expected) throw new EventDamaged(BigInt(expected), 'it is missing');
    expected += 1;
  }
}

function headOf(db: Connection): number {
  return db.prepare<[], number | null>('SELECT max(position) FROM events').pluck().get() ?? 0;
}

function rowsAfter(db: Connection, after: number, limit: number): readonly (readonly unknown[])[] {
  return db
    .prepare<[number, number], unknown[]>(
      `SELECT ${ROW_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
    )
    .raw()
    .all(after, limit);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { EventDamaged } from '../../ports/event-store.js';
import { asStoreFault, openForReading } from './event-file.js';
import { intactRow, ROW_COLUMNS, type RawRow } from './event-row.js';

const CHUNK_ROWS = 1024;

/**
 * Reads a range of the log as fast as it goes, for folds over all of it: rows as they are stored,
 * checksums and gaps checked, in chunks. Opens a connection of its own and closes it at the end, so
 * several threads may each read their part. No read holds up the writer for longer than a chunk.
 *
 * @param after first position is the one after this
 * @param upTo last position, included; what is beyond the head is not there
 * @throws {EventDamaged} stored bytes are not those that were written, or an event is missing
 * @throws {LogFileRefused} there is no readable log in the folder
 */
export function* readRawRows(
  folder: string,
  after: number,
  upTo: number,
): Generator<readonly RawRow[], void, void> {
  const db = openForReading(folder);
  try {
    const select = db
      .prepare<[number, number], unknown[]>(
        `SELECT ${ROW_COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position`,
      )
      .raw();
    // All up to here must be there; what comes while this reads need not.
    const last = db.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
    const head = last.get() ?? 0;
    for (let from = after; from < upTo; from += CHUNK_ROWS) {
      const end = Math.min(from + CHUNK_ROWS, upTo);
      const rows = select.all(from, end);
      if (rows.length > 0) yield rows.map((row, index) => rowAt(row, from + 1 + index));
      const next = from + 1 + rows.length;
      if (next > end) continue;
      if (next <= head) throw new EventDamaged(BigInt(next), 'it is missing');
      return;
    }
  } catch (error) {
    throw asStoreFault(error, folder);
  } finally {
    db.close();
  }
}

function rowAt(row: readonly unknown[], expected: number): RawRow {
  const intact = intactRow(row);
  if (intact[0] !== expected) throw new EventDamaged(BigInt(expected), 'it is missing');
  return intact;
}

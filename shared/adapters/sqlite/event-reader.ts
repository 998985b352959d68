import {
  EventDamaged,
  StoreUnavailable,
  type ReadStreamOptions,
  type RecordedEvent,
} from '../../ports/event-store.js';
import { asStoreFault, logId, openForReading, type Connection } from './event-file.js';
import { intactRow, recordedEvent, ROW_COLUMNS } from './event-row.js';

/** Reads the log on a connection of its own. Every row's checksum is checked as it is read. */
export class LogReader {
  readonly #folder: string;
  readonly #db: Connection;
  readonly #forwards;
  readonly #backwards;
  readonly #after;
  readonly #at;
  readonly #atOrBefore;
  readonly #head;

  /** @throws {LogFileRefused} there is no log of this version in the folder */
  constructor(folder: string) {
    this.#folder = folder;
    this.#db = openForReading(folder);
    const rows = (where: string) =>
      this.#db.prepare<unknown[], unknown[]>(`SELECT ${ROW_COLUMNS} FROM events ${where}`).raw();
    this.#forwards = rows('WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
    this.#backwards = rows('WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?');
    this.#after = rows('WHERE position > ? ORDER BY position LIMIT ?');
    this.#at = rows('WHERE position = ?');
    this.#atOrBefore = rows('WHERE position <= ? ORDER BY position DESC LIMIT 1');
    this.#head = this.#db.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
  }

  get connection(): Connection {
    return this.#db;
  }

  readStream(stream: string, options: ReadStreamOptions): readonly RecordedEvent[] {
    const limit = checkedLimit(options.limit);
    return this.#guard(() => {
      switch (options.direction) {
        case 'forwards':
          return this.#forwards.all(stream, Number(options.from ?? 0n), limit).map(recordedEvent);
        case 'backwards': {
          const from = options.from === undefined ? Number.MAX_SAFE_INTEGER : Number(options.from);
          return this.#backwards.all(stream, from, limit).map(recordedEvent);
        }
      }
    });
  }

  readAll(after: bigint, limit: number): readonly RecordedEvent[] {
    const first = after > 0n ? Number(after) : 0;
    const rows = this.#guard(() => this.#after.all(first, checkedLimit(limit)));
    return rows.map((row, index) => {
      const event = recordedEvent(row);
      // Positions have no gaps here, so one that is missing was lost from the disk.
      const expected = BigInt(first + 1 + index);
      if (event.position !== expected) throw new EventDamaged(expected, 'it is missing');
      return event;
    });
  }

  readAt(positions: readonly bigint[]): readonly RecordedEvent[] {
    return this.#guard(() =>
      positions.map((position) => {
        const row = this.#at.get(Number(position));
        if (row !== undefined) return recordedEvent(row);
        throw new RangeError(`there is no event at position ${position}`);
      }),
    );
  }

  head(): bigint {
    return BigInt(this.#guard(() => this.#head.get()) ?? 0);
  }

  /** Position of the last event recorded at or before an instant, 0 when there is none. */
  positionAt(instant: number): bigint {
    return this.#guard(() => {
      let low = 0;
      let high = this.#head.get() ?? 0;
      // recordedAt never falls along the log. All up to low are inside, all above high are not.
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        const row = this.#atOrBefore.get(middle);
        if (row === undefined || intactRow(row)[3] <= instant) low = middle;
        else high = middle - 1;
      }
      return BigInt(low);
    });
  }

  /** The random id given to the log when it was made. */
  logId(): string {
    return this.#guard(() => logId(this.#db));
  }

  close(): void {
    this.#db.close();
  }

  #guard<T>(read: () => T): T {
    if (!this.#db.open) throw new StoreUnavailable('the log is closed');
    try {
      return read();
    } catch (error) {
      throw asStoreFault(error, this.#folder);
    }
  }
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new RangeError(`not a limit: ${limit}`);
}

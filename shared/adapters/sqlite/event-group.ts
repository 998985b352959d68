import { statSync } from 'node:fs';
import { StoreUnavailable } from '../../ports/event-store.js';
import { eventFile, isBusy, openForWriting, type Connection } from './event-file.js';
import { ANSWER_LENGTH, APPENDED, CONFLICT, type AppendBatch } from './event-messages.js';
import { eventChecksum, INSERT_EVENT, undashed, type RawRow } from './event-row.js';

const LOCK_PATIENCE_MS = 10_000;
/** How many groups go by between two looks at the size of the write-ahead log. */
const GROUPS_PER_LOOK = 64;
/** Above this, readers have kept the write-ahead log from starting anew for too long. */
const LARGE_WAL_BYTES = 256 * 1024 * 1024;

/** One append of a batch: its events are those from `first` to before `end`. */
type OneAppend = Readonly<{ stream: string; expected: number; first: number; end: number }>;

type Answer = readonly [outcome: number, revision: number, position: number, recordedAt: number];

/** Commits many appends at once: one write, one fsync, and still each append for itself. */
export class GroupCommitter {
  readonly #folder: string;
  readonly #db: Connection;
  readonly #begin;
  readonly #commit;
  readonly #head;
  readonly #insert;
  readonly #lastRevision;
  readonly #from;
  readonly #nap = new Int32Array(new SharedArrayBuffer(4));
  #groups = 0;
  #position = 0;
  #recordedAt = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#db = openForWriting(folder);
    this.#begin = this.#db.prepare<[]>('BEGIN IMMEDIATE');
    this.#commit = this.#db.prepare<[]>('COMMIT');
    this.#head = this.#db
      .prepare<[], [number, number]>(
        'SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1',
      )
      .raw();
    // A revision that is taken is no error here, only no insert: errors are slow to make.
    this.#insert = this.#db.prepare<[...RawRow]>(
      `${INSERT_EVENT} ON CONFLICT (stream, revision) DO NOTHING`,
    );
    this.#lastRevision = this.#db
      .prepare<[string], number>(
        'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
      )
      .pluck();
    this.#from = this.#db
      .prepare<[string, number, number], [string, number, number, number]>(
        `SELECT lower(hex(event_id)), revision, position, recorded_at FROM events
         WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
      )
      .raw();
  }

  /**
   * Appends all batches and makes them durable. Every append gets {@link ANSWER_LENGTH} numbers.
   * When this throws, nothing of the group is stored, or whether it is cannot be known.
   */
  commit(batches: readonly AppendBatch[]): Float64Array {
    try {
      this.#beginGroup(batches);
      const appends = batches.reduce((sum, batch) => sum + batch.streams.length, 0);
      const answers = new Float64Array(appends * ANSWER_LENGTH);
      let at = 0;
      for (const batch of batches) at = this.#appendBatch(batch, answers, at);
      this.#commit.run();
      return answers;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /**
   * Keeps the write-ahead log from growing without end. SQLite copies it into the file by itself,
   * but it starts anew only in a moment without readers; where that never came, ask for one.
   */
  boundWal(): void {
    this.#groups += 1;
    if (this.#groups % GROUPS_PER_LOOK !== 0) return;
    const wal = statSync(`${eventFile(this.#folder)}-wal`, { throwIfNoEntry: false });
    if (wal !== undefined && wal.size > LARGE_WAL_BYTES) this.#db.pragma('wal_checkpoint(RESTART)');
  }

  /** False after an error that left a transaction open: then only a new connection helps. */
  get usable(): boolean {
    return !this.#db.inTransaction;
  }

  /** Lets the file grow to this many pages and no further. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  close(): void {
    this.#db.close();
  }

  #rollBack(): void {
    // SQLite has already done it by itself after some errors.
    if (!this.#db.inTransaction) return;
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // What made the group fail is what has to be told; see `usable`.
    }
  }

  #beginGroup(batches: readonly AppendBatch[]): void {
    this.#lock();
    const [position, recordedAt] = this.#head.get() ?? [0, 0];
    this.#position = position;
    this.#recordedAt = recordedAt;
    for (const { now } of batches) {
      this.#recordedAt = Math.max(this.#recordedAt, Math.trunc(now ?? Date.now()));
    }
  }

  /** Waits in short naps: SQLite's own would grow to 100 ms and starve us beside a busy writer. */
  #lock(): void {
    const deadline = Date.now() + LOCK_PATIENCE_MS;
    for (;;) {
      try {
        this.#begin.run();
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (Date.now() > deadline) {
          throw new StoreUnavailable('another process has held the log for too long', {
            cause: error,
          });
        }
      }
      Atomics.wait(this.#nap, 0, 0, 0.5 + Math.random());
    }
  }

  #appendBatch(batch: AppendBatch, answers: Float64Array, at: number): number {
    let first = 0;
    let next = at;
    batch.streams.forEach((stream, index) => {
      const expected = cell(batch.expected, index);
      const end = first + cell(batch.counts, index);
      const [kind, revision, position, recordedAt] = this.#append(batch, {
        stream,
        expected,
        first,
        end,
      });
      answers[next] = kind;
      answers[next + 1] = revision;
      answers[next + 2] = position;
      answers[next + 3] = recordedAt;
      first = end;
      next += ANSWER_LENGTH;
    });
    return next;
  }

  #append(batch: AppendBatch, one: OneAppend): Answer {
    if (!this.#meets(one) || !this.#store(batch, one)) return this.#repeated(batch, one);
    const revision = one.expected + one.end - one.first;
    return [APPENDED, revision, this.#position, this.#recordedAt];
  }

  /** For a new stream the insert itself finds out. */
  #meets({ stream, expected }: OneAppend): boolean {
    return expected === -1 || this.#lastRevision.get(stream) === expected;
  }

  /** False when the first revision is taken; then no other can be free. */
  #store(batch: AppendBatch, { stream, expected, first, end }: OneAppend): boolean {
    const at = this.#recordedAt;
    for (let i = first, revision = expected + 1; i < end; i += 1, revision += 1) {
      const position = this.#position + 1;
      const type = cell(batch.types, i);
      const data = cell(batch.data, i);
      const metadata = cell(batch.metadata, i);
      const id = undashed(cell(batch.eventIds, i));
      const sum = eventChecksum([position, stream, type, at, data, metadata, revision, id]);
      const { changes } = this.#insert.run(
        position,
        stream,
        type,
        at,
        data,
        metadata,
        revision,
        id,
        sum,
      );
      if (changes === 0) {
        if (i === first) return false;
        throw new StoreUnavailable(`stream ${stream} has revision ${revision} but none before it`);
      }
      this.#position = position;
    }
    return true;
  }

  /** A repeated append answers as the first time: the same ids are where they would have gone. */
  #repeated(batch: AppendBatch, { stream, expected, first, end }: OneAppend): Answer {
    const stored = this.#from.all(stream, expected + 1, end - first);
    const last = stored.at(-1);
    const same = stored.every(([id], i) => id === undashed(cell(batch.eventIds, first + i)));
    if (same && last !== undefined && stored.length === end - first) {
      return [APPENDED, last[1], last[2], last[3]];
    }
    return [CONFLICT, this.#lastRevision.get(stream) ?? -1, 0, 0];
  }
}

function cell<T>(column: readonly T[], index: number): T {
  const value = column[index];
  if (value === undefined) throw new TypeError('the columns of a batch differ in length');
  return value;
}

import type { Clock } from '../../ports/clock.js';
import {
  StoreUnavailable,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type ReadStreamOptions,
  type RecordedEvent,
} from '../../ports/event-store.js';
import { asStoreFault, createEventFile } from './event-file.js';
import { LogReader } from './event-reader.js';
import { checkTail } from './event-scrub.js';
import { follow } from './event-subscription.js';
import { LogWriter } from './event-writer.js';

export type EventStoreOptions = Readonly<{
  /** The data folder; made when it is not there. */
  folder: string;
  /** Default: the system's. */
  clock?: Clock;
  /** Opens a log that exists and starts no writer: appends are refused. */
  readonly?: boolean;
  /** How many of the last events are checked before the store opens. */
  checkTail?: number;
}>;

const TAIL_EVENTS = 10_000;

/**
 * Opens the embedded log of a data folder, and makes it when it is not there. Several threads and
 * processes may have it open at once. SQLite replays its write-ahead log after a crash, so that all
 * that was acknowledged is there; beyond that nothing is repaired.
 *
 * @throws {EventDamaged} one of the last events is not what was written
 * @throws {LogFileRefused} `events.db` is something else, of another version, or broken
 */
export async function openEventStore(options: EventStoreOptions): Promise<SqliteEventStore> {
  const { folder, clock, readonly = false } = options;
  if (!readonly) await createEventFile(folder);
  const reader = new LogReader(folder);
  try {
    checkTail(reader.connection, options.checkTail ?? TAIL_EVENTS);
    const writer = readonly ? undefined : await LogWriter.start(folder, clock);
    return new SqliteEventStore(reader, writer);
  } catch (error) {
    reader.close();
    throw asStoreFault(error, folder);
  }
}

/** The log in one SQLite file: a writer thread for appends, a connection here for reads. */
export class SqliteEventStore implements EventStore {
  readonly #reader: LogReader;
  readonly #writer: LogWriter | undefined;
  readonly #closing = new AbortController();

  /** Use {@link openEventStore}. */
  constructor(reader: LogReader, writer: LogWriter | undefined) {
    this.#reader = reader;
    this.#writer = writer;
  }

  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return this.#writer?.append(stream, expected, events) ?? Promise.reject(readingOnly());
  }

  async readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#reader.readStream(stream, options);
  }

  async readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#reader.readAll(after, limit);
  }

  async readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    return this.#reader.readAt(positions);
  }

  async head(): Promise<bigint> {
    return this.#reader.head();
  }

  subscribe(after: bigint, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    const reader = this.#reader;
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return follow((from, limit) => reader.readAll(from, limit), after, until);
  }

  /**
   * Position of the last event recorded at or before an instant (milliseconds since 1970), 0 when
   * there is none: what was known then is the log up to there.
   */
  async positionAt(instant: number): Promise<bigint> {
    return this.#reader.positionAt(instant);
  }

  /** The random id given to this log when it was made: a view built from another log is no view. */
  async logId(): Promise<string> {
    return this.#reader.logId();
  }

  /** How many groups of appends were committed so far, each with one fsync. */
  get commits(): number {
    return this.#writer?.groups ?? 0;
  }

  /** From now on the file may not grow above so many pages of 8 KiB: a quota. */
  limitPages(pages: number): void {
    this.#writing().limitPages(pages);
  }

  /** Kills the writer thread as a fault would; it comes back by itself. For tests. */
  async killWriter(): Promise<void> {
    await this.#writing().killThread();
  }

  /** Finishes the appends in hand, ends the subscriptions, closes the file. */
  async close(): Promise<void> {
    this.#closing.abort();
    // The writer's connection is to be the last one: it alone can tidy the write-ahead log away.
    this.#reader.close();
    await this.#writer?.close();
  }

  #writing(): LogWriter {
    if (this.#writer !== undefined) return this.#writer;
    throw readingOnly();
  }
}

function readingOnly(): StoreUnavailable {
  return new StoreUnavailable('this log was opened for reading only');
}

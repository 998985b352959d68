import type { RecordedEvent } from '../../ports/event-store.js';
import { asStoreFault, createEventFile, openForWriting, type Connection } from './event-file.js';
import { refusalOf } from './event-outbox.js';
import { LogReader } from './event-reader.js';
import { eventChecksum, INSERT_EVENT, undashed, type RawRow } from './event-row.js';

/** How long a server that has the target open may hold its lock. */
const LOCK_PATIENCE_MS = 10_000;

/** What became of events brought in. A conflict stored nothing. */
export type Extended =
  Readonly<{ kind: 'extended'; head: bigint }> | Readonly<{ kind: 'conflict'; reason: string }>;

/**
 * Opens the log of a folder to bring in the events of another log, and makes it when it is not there.
 * @throws {LogFileRefused} `events.db` is something else, of another version, or broken
 */
export async function openEventImport(folder: string): Promise<EventImport> {
  await createEventFile(folder);
  const reader = new LogReader(folder);
  try {
    return new EventImport(folder, reader, openForWriting(folder));
  } catch (error) {
    reader.close();
    throw asStoreFault(error, folder);
  }
}

/**
 * Brings recorded events into a log, each with the id, the texts, the revision and the time it was
 * recorded with elsewhere. Writes on this thread: for a program that does nothing else.
 */
export class EventImport {
  readonly #folder: string;
  readonly #reader: LogReader;
  readonly #db: Connection;
  readonly #head;
  readonly #lastRevision;
  readonly #insert;

  /** Use {@link openEventImport}. */
  constructor(folder: string, reader: LogReader, db: Connection) {
    db.pragma(`busy_timeout = ${LOCK_PATIENCE_MS}`);
    this.#folder = folder;
    this.#reader = reader;
    this.#db = db;
    this.#head = db
      .prepare<[], [number, number]>(
        'SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1',
      )
      .raw();
    this.#lastRevision = db
      .prepare<[string], number | null>('SELECT max(revision) FROM events WHERE stream = ?')
      .pluck();
    this.#insert = db.prepare<[...RawRow]>(INSERT_EVENT);
  }

  async readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#reader.readAll(after, limit);
  }

  async head(): Promise<bigint> {
    return this.#reader.head();
  }

  /**
   * Appends events, of any streams, in the order given: all or none, and durable when this answers.
   * Their own positions do not count.
   *
   * @param after where the log must end now
   * @throws {StorageFull | StoreUnavailable} nothing is stored, or whether it is cannot be known
   */
  async extend(after: bigint, events: readonly RecordedEvent[]): Promise<Extended> {
    try {
      return this.#db.transaction(() => this.#extend(Number(after), events)).immediate();
    } catch (error) {
      throw asStoreFault(error, this.#folder);
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    // The writing connection goes last: it alone can tidy the write-ahead log away.
    this.#reader.close();
    this.#db.close();
  }

  #extend(after: number, events: readonly RecordedEvent[]): Extended {
    const [head, lastTime] = this.#head.get() ?? [0, 0];
    if (head !== after) {
      return { kind: 'conflict', reason: `it ends at position ${head} and not at ${after}` };
    }
    const reason = this.#refusalOf(events, lastTime);
    if (reason !== undefined) return { kind: 'conflict', reason };
    events.forEach((event, index) => this.#store(head + 1 + index, event));
    return { kind: 'extended', head: BigInt(head + events.length) };
  }

  /** Why these cannot be the next events of a log; undefined: they can. */
  #refusalOf(events: readonly RecordedEvent[], lastTime: number): string | undefined {
    const revisions = new Map<string, number>();
    let time = lastTime;
    for (const event of events) {
      const { stream, revision, recordedAt } = event;
      const last = revisions.get(stream) ?? this.#lastRevision.get(stream) ?? -1;
      if (Number(revision) !== last + 1) {
        return `stream ${stream} ends at revision ${last}, so ${revision} is not its next`;
      }
      if (!Number.isSafeInteger(recordedAt) || recordedAt < time) {
        const name = `revision ${revision} of ${stream}`;
        return `${name} was recorded at ${recordedAt}, the event before it at ${time}`;
      }
      const refusal = refusalOf(stream, 'no-stream', [event]);
      if (refusal !== undefined) return `revision ${revision} of ${stream}: ${refusal.message}`;
      revisions.set(stream, last + 1);
      time = recordedAt;
    }
    return undefined;
  }

  #store(position: number, event: RecordedEvent): void {
    const { stream, type, recordedAt, data, metadata, eventId } = event;
    const revision = Number(event.revision);
    const id = undashed(eventId);
    const cells = [position, stream, type, recordedAt, data, metadata, revision, id] as const;
    this.#insert.run(...cells, eventChecksum(cells));
  }
}

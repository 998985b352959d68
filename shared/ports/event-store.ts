/**
 * The log. It promises no more than EventStoreDB can keep, because that is its production adapter:
 * an append is atomic for one stream and at most {@link MAX_APPEND_BYTES}; positions grow strictly
 * but are sparse; a subscription delivers at least once and starts after a position. Speed comes
 * from many independent appends in flight at once.
 */
export interface EventStore {
  /**
   * Appends events to one stream, all or none. Answers only after the events are durable.
   *
   * Sending the same event ids again with the same expected revision, where they were appended
   * before, answers as the first time and stores nothing. Everything else that does not meet the
   * expected revision is a conflict. There is no "any revision".
   *
   * @throws {AppendTooLarge} above {@link MAX_APPEND_BYTES}
   * @throws {StorageFull} the disk is full: nothing was stored, reads go on
   * @throws {StoreUnavailable} the store cannot be reached, or the outcome is not known
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult>;

  /** Events of one stream in order of revision. An empty answer: no such stream, or none left. */
  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]>;

  /** Events of the whole log with a position above `after`, in order of position. */
  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]>;

  /** The events at exactly these positions, in the order asked. @throws when one does not exist */
  readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]>;

  /** Position of the last event, 0 for an empty log. */
  head(): Promise<bigint>;

  /**
   * Every event after a position in order of position, in batches as they come, first those there
   * are, then those to come, also from other processes. Ends when the signal aborts.
   */
  subscribe(after: bigint, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]>;

  close(): Promise<void>;
}

/** Revision of the last event of the stream, the first being 0. */
export type ExpectedRevision = bigint | 'no-stream';

/** An append's ids, types, data and metadata together: what EventStoreDB takes by default. */
export const MAX_APPEND_BYTES = 1024 * 1024;

export type ReadStreamOptions = Readonly<{
  direction: 'forwards' | 'backwards';
  /** First revision to read; default: the first (forwards) or last (backwards) there is. */
  from?: bigint;
  limit: number;
}>;

/** `data` and `metadata` are JSON texts. They are stored as given, byte for byte. */
export type NewEvent = Readonly<{
  /** UUID in lower case. */
  eventId: string;
  type: string;
  data: string;
  metadata: string;
}>;

export type RecordedEvent = NewEvent &
  Readonly<{
    stream: string;
    revision: bigint;
    position: bigint;
    /** Milliseconds since 1970, by the store's clock; never less than the event before. */
    recordedAt: number;
  }>;

/** Revision and position are those of the last event of the append. */
export type AppendResult =
  | Readonly<{ kind: 'appended'; revision: bigint; position: bigint; recordedAt: number }>
  | Readonly<{ kind: 'conflict'; actual: ExpectedRevision }>;

export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';
}

export class StorageFull extends Error {
  override readonly name = 'StorageFull';
}

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Stored bytes are not those that were written. */
export class EventDamaged extends Error {
  override readonly name = 'EventDamaged';
  constructor(
    readonly position: bigint,
    detail: string,
  ) {
    super(`event at position ${position} is damaged: ${detail}`);
  }
}

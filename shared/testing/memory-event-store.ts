import {
  AppendTooLarge,
  MAX_APPEND_BYTES,
  StoreUnavailable,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type ReadStreamOptions,
  type RecordedEvent,
} from '../ports/event-store.js';
import { MemoryLog, type TestEvent } from './memory-log.js';

/** A log in memory that honours the whole port. Its positions are sparse, and it can be broken. */
export class MemoryEventStore implements EventStore {
  readonly #log = new MemoryLog(7n);
  readonly #waiting = new Set<() => void>();
  readonly #closing = new AbortController();
  #fault: Error | undefined;

  /** Records an event of the ledger and answers with its position. */
  record(event: TestEvent): bigint {
    const position = this.#log.record(event);
    this.#wake();
    return position;
  }

  /** Records an event as it is, decodable or not. */
  recordRaw(stream: string, event: NewEvent, recordedAt = 0): bigint {
    const position = this.#log.append(stream, { ...event, recordedAt });
    this.#wake();
    return position;
  }

  /** From now on every read fails so; undefined: it works again. */
  breakWith(fault: Error | undefined): void {
    this.#fault = fault;
    this.#wake();
  }

  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return this.#answer(() => this.#append(stream, expected, events));
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#answer(() => this.#log.readStream(stream, options));
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#answer(() => this.#log.readAll(after, limit));
  }

  readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    return this.#answer(() => this.#log.readAt(positions));
  }

  head(): Promise<bigint> {
    return this.#answer(() => this.#log.head());
  }

  async *subscribe(
    after: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RecordedEvent[], void, void> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    let position = after;
    while (!until.aborted) {
      const events = await this.readAll(position, 100);
      position = events.at(-1)?.position ?? position;
      if (events.length > 0) yield events;
      else await this.#more(position, until);
    }
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    if (bytes > MAX_APPEND_BYTES) throw new AppendTooLarge(`${bytes} bytes`);
    const recorded = this.#log.recorded.filter((event) => event.stream === stream);
    const from = expected === 'no-stream' ? 0 : Number(expected) + 1;
    const before = recorded.slice(from, from + events.length);
    const isRepeat =
      events.length > 0 &&
      before.length === events.length &&
      before.every(({ eventId }, index) => eventId === events[index]?.eventId);
    const last = before.at(-1);
    if (isRepeat && last !== undefined) return appendedAt(last);
    const actual = recorded.at(-1)?.revision ?? 'no-stream';
    if (actual !== expected) return { kind: 'conflict', actual };
    const recordedAt = Math.max(Date.now(), this.#log.recorded.at(-1)?.recordedAt ?? 0);
    for (const event of events) this.#log.append(stream, { ...event, recordedAt });
    this.#wake();
    const end = this.#log.recorded.at(-1);
    if (end === undefined) throw new Error('nothing to append');
    return appendedAt(end);
  }

  async #answer<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the log is closed');
    if (this.#fault !== undefined) throw this.#fault;
    return work();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #more(after: bigint, signal: AbortSignal): Promise<void> {
    // Since the last read both may have happened.
    const last = this.#log.recorded.at(-1)?.position ?? 0n;
    if (signal.aborted || last > after) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

function appendedAt({ revision, position, recordedAt }: RecordedEvent): AppendResult {
  return { kind: 'appended', revision, position, recordedAt };
}

function sizeOf({ eventId, type, data, metadata }: NewEvent): number {
  return Buffer.byteLength(eventId + type + data + metadata);
}

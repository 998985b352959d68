import { once } from 'node:events';
import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadStreamOptions,
  RecordedEvent,
} from '../ports/event-store.js';

export type RacingEventStoreOptions = Readonly<{
  /** How many turns an answer takes; with a seeded random it shuffles concurrent calls. */
  turns?: () => number;
  /** The same for what a subscription delivers; Infinity: never. Default: as for calls. */
  lag?: () => number;
  clock?: () => number;
}>;

/**
 * An event store in memory whose calls overtake each other as the test says, and which fails where
 * the test says. Positions are sparse, as in every store.
 */
export class RacingEventStore implements EventStore {
  readonly log: RecordedEvent[] = [];
  /** Runs before an append is carried out; what it throws, the append throws. */
  beforeAppend: ((stream: string, events: readonly NewEvent[]) => void) | undefined;
  /** Runs when an append has been carried out, before it is answered. */
  afterAppend: ((stream: string, events: readonly NewEvent[]) => void) | undefined;
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #turns: () => number;
  readonly #lag: () => number;
  readonly #clock: () => number;
  readonly #wake: (() => void)[] = [];
  #last = 0n;

  constructor({ turns = () => 0, lag = turns, clock = () => 0 }: RacingEventStoreOptions = {}) {
    this.#turns = turns;
    this.#lag = lag;
    this.#clock = clock;
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    await this.#pass();
    this.beforeAppend?.(stream, events);
    const result = this.appendNow(stream, expected, events);
    this.afterAppend?.(stream, events);
    await this.#pass();
    return result;
  }

  async readStream(
    stream: string,
    { direction, from, limit }: ReadStreamOptions,
  ): Promise<readonly RecordedEvent[]> {
    await this.#pass();
    const events = this.#streams.get(stream) ?? [];
    if (direction === 'forwards') {
      const start = Number(from ?? 0n);
      return events.slice(start, start + limit);
    }
    const end = from === undefined ? events.length : Number(from) + 1;
    return events.slice(0, end).reverse().slice(0, limit);
  }

  async readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    await this.#pass();
    return this.#after(after, limit);
  }

  async readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    await this.#pass();
    return positions.map((position) => {
      const event = this.log.find((stored) => stored.position === position);
      if (event === undefined) throw new Error(`no event at position ${position}`);
      return event;
    });
  }

  async head(): Promise<bigint> {
    await this.#pass();
    return this.#last;
  }

  async *subscribe(
    after: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RecordedEvent[], void, void> {
    for (let position = after; !signal.aborted;) {
      const lag = this.#lag();
      if (lag === Infinity) await once(signal, 'abort');
      else await this.#pass(lag);
      const events = this.#after(position, 100);
      const last = events.at(-1);
      if (last === undefined) await this.#woken(signal);
      else yield events;
      position = last?.position ?? position;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** {@link append} without delay and hooks: another writer, exactly now. */
  appendNow(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const stored = this.#streams.get(stream) ?? [];
    const actual = stored.at(-1)?.revision ?? 'no-stream';
    if (actual !== expected) {
      const from = expected === 'no-stream' ? 0 : Number(expected) + 1;
      const there = stored.slice(from, from + events.length);
      const last = there.at(-1);
      const same = events.every(({ eventId }, index) => there[index]?.eventId === eventId);
      if (!same || last === undefined) return { kind: 'conflict', actual };
      const { revision, position, recordedAt } = last;
      return { kind: 'appended', revision, position, recordedAt };
    }
    let revision = actual === 'no-stream' ? -1n : actual;
    const recordedAt = this.#clock();
    for (const event of events) {
      revision += 1n;
      this.#last += 10n;
      const recorded = { ...event, stream, revision, position: this.#last, recordedAt };
      stored.push(recorded);
      this.log.push(recorded);
    }
    this.#streams.set(stream, stored);
    for (const wake of this.#wake.splice(0)) wake();
    return { kind: 'appended', revision, position: this.#last, recordedAt };
  }

  #after(position: bigint, limit: number): readonly RecordedEvent[] {
    const start = Number(position / 10n);
    return this.log.slice(start, start + limit);
  }

  async #pass(turns = this.#turns()): Promise<void> {
    for (let left = turns; left >= 0; left--) await Promise.resolve();
  }

  #woken(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake.push(done);
      signal.addEventListener('abort', done);
    });
  }
}

import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadStreamOptions,
  RecordedEvent,
} from '../../shared/ports/event-store.js';

/** The log as one process sees it: once that is dead, no call of its comes back. */
export class MortalEventStore implements EventStore {
  #dead = false;

  constructor(readonly store: EventStore) {}

  kill(): void {
    this.#dead = true;
  }

  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return this.#alive(() => this.store.append(stream, expected, events));
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#alive(() => this.store.readStream(stream, options));
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#alive(() => this.store.readAll(after, limit));
  }

  readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    return this.#alive(() => this.store.readAt(positions));
  }

  head(): Promise<bigint> {
    return this.#alive(() => this.store.head());
  }

  subscribe(after: bigint, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    return this.store.subscribe(after, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #isDead(): boolean {
    return this.#dead;
  }

  async #alive<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#isDead()) return never();
    try {
      const value = await work();
      // What was asked before it died may have been carried out: it does not hear of it.
      return this.#isDead() ? await never() : value;
    } catch (error) {
      if (this.#isDead()) return never();
      throw error;
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

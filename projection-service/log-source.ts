import type { EventStore, RecordedEvent } from '../shared/ports/event-store.js';
import { LogBatch } from './log-batch.js';
import type { Bell } from './bell.js';

/**
 * The log from one position on: read in large batches while far behind, then from a subscription,
 * in batches as they come.
 */
export class LogSource {
  #delivered: bigint;
  #subscription: Subscription | undefined;

  constructor(
    private readonly log: EventStore,
    after: bigint,
    private readonly batchSize: number,
    private readonly bell: Bell,
  ) {
    this.#delivered = after;
  }

  /** Position of the last event handed out. */
  get delivered(): bigint {
    return this.#delivered;
  }

  /**
   * What there is now, or undefined; the bell rings when there is more.
   * @throws what the log throws; then this source is of no more use
   */
  async next(): Promise<LogBatch | undefined> {
    const events = this.#subscription?.take(this.batchSize) ?? (await this.#read());
    const last = events.at(-1);
    if (last === undefined) return undefined;
    const batch = new LogBatch(this.#delivered, events);
    this.#delivered = last.position;
    return batch;
  }

  close(): void {
    this.#subscription?.close();
  }

  async #read(): Promise<readonly RecordedEvent[]> {
    const events = await this.log.readAll(this.#delivered, this.batchSize);
    // Near the end: from here on the log tells when there is more.
    if (events.length < this.batchSize) {
      const from = events.at(-1)?.position ?? this.#delivered;
      this.#subscription = new Subscription(this.log, from, this.batchSize, this.bell);
    }
    return events;
  }
}

/** A subscription whose events wait here until they are taken, but not more than a batch of them. */
class Subscription {
  readonly #closing = new AbortController();
  #waiting: RecordedEvent[] = [];
  #failure: Readonly<{ error: unknown }> | undefined;
  #room: (() => void) | undefined;

  constructor(log: EventStore, after: bigint, size: number, bell: Bell) {
    void this.#pump(log, after, size, bell);
  }

  /** @throws what ended the subscription, once all before it was taken */
  take(limit: number): readonly RecordedEvent[] {
    const taken = this.#waiting.slice(0, limit);
    this.#waiting = this.#waiting.slice(limit);
    if (taken.length === 0 && this.#failure !== undefined) throw this.#failure.error;
    this.#room?.();
    return taken;
  }

  close(): void {
    this.#closing.abort();
    this.#room?.();
  }

  async #pump(log: EventStore, after: bigint, size: number, bell: Bell): Promise<void> {
    let last = after;
    try {
      for await (const events of log.subscribe(after, this.#closing.signal)) {
        for (const event of events) {
          // A subscription may deliver again what it has delivered.
          if (event.position <= last) continue;
          this.#waiting.push(event);
          last = event.position;
        }
        bell.ring();
        if (this.#waiting.length >= size) await this.#roomMade();
        if (this.#closing.signal.aborted) return;
      }
      if (!this.#closing.signal.aborted) throw new Error('the subscription ended');
    } catch (error) {
      this.#failure = { error };
      bell.ring();
    }
  }

  async #roomMade(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
    this.#room = undefined;
  }
}

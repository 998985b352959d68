import { once } from 'node:events';
import {
  BusUnavailable,
  type BusMessage,
  type DeliveredMessage,
  type EventBus,
  type MessageHandler,
  type PublishResult,
  type Subscription,
} from '../ports/event-bus.js';

/** What messages the bus takes. */
export type MemoryEventBusOptions = Readonly<{
  /** Characters of key and value together. */
  maxLength?: number;
  /** Why it does not take a message; undefined: it does. */
  refuse?: (message: BusMessage) => string | undefined;
}>;

/** Most messages handed to a consumer at once: few, so that tests see several calls. */
const HANDED_OUT = 100;

/** A bus in memory that honours the whole port, and can be broken. Each topic is one queue. */
export class MemoryEventBus implements EventBus {
  /** Everything published, in order. */
  readonly published: BusMessage[] = [];
  /** Runs before messages are published; what it throws, the call throws. */
  beforePublish: ((messages: readonly BusMessage[]) => void) | undefined;
  /** The same for when they have been published: the answer is lost. */
  afterPublish: ((messages: readonly BusMessage[]) => void) | undefined;
  readonly #closing = new AbortController();
  /** How many messages of all topics a group has handled or passed over. */
  readonly #handled = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor(private readonly options: MemoryEventBusOptions = {}) {}

  publish(messages: readonly BusMessage[]): Promise<readonly PublishResult[]> {
    return this.#answer(() => {
      this.beforePublish?.(messages);
      const blocked = new Set<string>();
      const results = messages.map((message) => this.#publishOne(message, blocked));
      this.#wake();
      this.afterPublish?.(messages);
      return results;
    });
  }

  async consume(
    { topics, group }: Subscription,
    handle: MessageHandler,
    signal: AbortSignal,
  ): Promise<void> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    const name = JSON.stringify([group, [...topics].sort()]);
    while (!until.aborted) {
      const batch = this.#busy.has(name) ? undefined : this.#next(name, topics);
      if (batch === undefined) {
        await this.#change(until);
        continue;
      }
      this.#busy.add(name);
      try {
        await handle(batch.messages);
        this.#handled.set(name, batch.upTo);
      } finally {
        this.#busy.delete(name);
        this.#wake();
      }
    }
    if (!signal.aborted) throw new BusUnavailable('the bus was closed');
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #publishOne(message: BusMessage, blocked: Set<string>): PublishResult {
    const sequence = JSON.stringify([message.topic, message.key]);
    if (blocked.has(sequence)) return { kind: 'behind' };
    const refusal = this.#refusal(message);
    if (refusal !== undefined) {
      blocked.add(sequence);
      return refusal;
    }
    this.published.push(message);
    return { kind: 'published' };
  }

  #refusal(message: BusMessage): PublishResult | undefined {
    const { maxLength = Infinity, refuse } = this.options;
    const length = message.key.length + message.value.length;
    if (length > maxLength) return { kind: 'too-large', reason: `${length} characters` };
    const reason = refuse?.(message);
    return reason === undefined ? undefined : { kind: 'refused', reason };
  }

  #next(
    name: string,
    topics: readonly string[],
  ): Readonly<{ messages: readonly DeliveredMessage[]; upTo: number }> | undefined {
    const messages: DeliveredMessage[] = [];
    let place = this.#handled.get(name) ?? 0;
    for (; place < this.published.length && messages.length < HANDED_OUT; place++) {
      const message = this.published[place];
      if (message === undefined || !topics.includes(message.topic)) continue;
      messages.push({ ...message, place: `${message.topic}@${place}` });
    }
    return messages.length === 0 ? undefined : { messages, upTo: place };
  }

  #answer<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closing.signal.aborted) throw new BusUnavailable('the bus is closed');
      resolve(work());
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #change(until: AbortSignal): Promise<void> {
    if (until.aborted) return;
    const woken = new AbortController();
    const wake = () => {
      woken.abort();
    };
    this.#waiting.add(wake);
    await once(AbortSignal.any([until, woken.signal]), 'abort');
    this.#waiting.delete(wake);
  }
}

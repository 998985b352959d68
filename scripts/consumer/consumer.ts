import { setTimeout as timeout } from 'node:timers/promises';
import {
  BusUnavailable,
  type DeliveredMessage,
  type EventBus,
} from '../../shared/ports/event-bus.js';
import { StorageFull, StoreUnavailable } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { buryMessage } from './dead-letter.js';
import type { Effect } from './effect.js';
import { envelopeOf } from './envelope.js';
import { Once } from './once.js';

/** How often a message is tried before it goes to the dead letters. */
const TRIES = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const MAX_REASON = 300;

export type ConsumerOptions = Readonly<{
  bus: EventBus;
  topics: readonly string[];
  group: string;
  /** Opened with `onceTables` of the effect. */
  store: ViewStore;
  effect: Effect;
  /** Told of everything that happens. Must not throw. */
  onNotice?: (notice: ConsumerNotice) => void;
  /** Waits; ends early, without an error, when the signal aborts. Default: a timer. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}>;

export type ConsumerNotice =
  /** `repeated`: messages that had come before. */
  | Readonly<{ kind: 'handled'; fresh: number; repeated: number }>
  | Readonly<{ kind: 'failed'; place: string; attempt: number; reason: string }>
  | Readonly<{ kind: 'buried'; place: string; reason: string }>
  /** A fault of the machine: what was at hand comes again. */
  | Readonly<{ kind: 'fault'; reason: string; retryInMs: number }>;

/**
 * Consumes topics of the relay until the signal aborts: each event has its effect once. A message
 * that cannot be handled is tried five times and then goes to the dead letters, from where it can be
 * sent again; those after it do not wait for it.
 */
export async function runConsumer(options: ConsumerOptions, signal: AbortSignal): Promise<void> {
  const consumer = new SampleConsumer(options, signal);
  const { bus, topics, group, onNotice = () => undefined, pause = pauseFor } = options;
  const hasEnded = (): boolean => signal.aborted;
  while (!hasEnded()) {
    try {
      await bus.consume({ topics, group }, (messages) => consumer.handle(messages), signal);
    } catch (error) {
      if (hasEnded()) return;
      if (!isFault(error)) throw error;
      onNotice({ kind: 'fault', reason: error.message, retryInMs: FIRST_PAUSE_MS });
      await pause(FIRST_PAUSE_MS, signal);
    }
  }
}

class SampleConsumer {
  readonly #once: Once;

  constructor(
    private readonly options: ConsumerOptions,
    private readonly signal: AbortSignal,
  ) {
    this.#once = new Once(options.group, options.store, options.effect);
  }

  /** @throws faults, and when it is to end: then the messages count as not handled */
  async handle(messages: readonly DeliveredMessage[]): Promise<void> {
    if ((await this.#tryAll(messages)) === undefined) return;
    // One of them is the reason. The others are not to suffer for it.
    for (const message of messages) await this.#handleOne(message);
  }

  async #handleOne(message: DeliveredMessage): Promise<void> {
    const { group, bus, onNotice = () => undefined, pause = pauseFor } = this.options;
    const { place } = message;
    for (let attempt = 1; ; attempt++) {
      const reason = await this.#tryAll([message]);
      if (reason === undefined) return;
      onNotice({ kind: 'failed', place, attempt, reason });
      if (attempt === TRIES) {
        await buryMessage(bus, message, { group, reason, attempts: attempt });
        onNotice({ kind: 'buried', place, reason });
        return;
      }
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)), this.signal);
      this.signal.throwIfAborted();
    }
  }

  /** Why they cannot be handled; undefined: they were. */
  async #tryAll(messages: readonly DeliveredMessage[]): Promise<string | undefined> {
    try {
      const fresh = await this.#once.handle(messages.map(envelopeOf));
      const repeated = messages.length - fresh;
      this.options.onNotice?.({ kind: 'handled', fresh, repeated });
      return undefined;
    } catch (error) {
      if (isFault(error)) throw error;
      return reasonOf(error);
    }
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, MAX_REASON);
}

type Fault = BusUnavailable | StoreUnavailable | StorageFull;

function isFault(error: unknown): error is Fault {
  return (
    error instanceof BusUnavailable ||
    error instanceof StoreUnavailable ||
    error instanceof StorageFull
  );
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await timeout(ms, undefined, { signal }).catch(() => undefined);
}

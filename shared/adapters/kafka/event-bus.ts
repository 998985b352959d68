import type {
  BusMessage,
  EventBus,
  MessageHandler,
  PublishResult,
  Subscription,
} from '../../ports/event-bus.js';
import { assertOpen, consume } from './consumer.js';
import { Publisher } from './publisher.js';
import { within } from './time-limit.js';
import { settingsOf, type KafkaBusOptions, type KafkaSettings } from './settings.js';

const CLOSING_MS = 3_000;

/**
 * The event bus on Kafka, through kafkajs. It connects when it is first used, and anew after every
 * fault: that the brokers are away now is no reason not to start.
 */
export function openKafkaBus(options: KafkaBusOptions): EventBus {
  return new KafkaEventBus(settingsOf(options));
}

class KafkaEventBus implements EventBus {
  readonly #publisher: Publisher;
  readonly #closing = new AbortController();
  readonly #consuming = new Set<Promise<void>>();

  constructor(private readonly settings: KafkaSettings) {
    this.#publisher = new Publisher(settings);
  }

  publish(messages: readonly BusMessage[]): Promise<readonly PublishResult[]> {
    return this.#publisher.publish(messages);
  }

  async consume(
    subscription: Subscription,
    handle: MessageHandler,
    signal: AbortSignal,
  ): Promise<void> {
    assertOpen(this.#closing.signal);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    const consuming = consume({ settings: this.settings, subscription, handle, until });
    const ended = consuming.catch(() => undefined);
    this.#consuming.add(ended);
    try {
      await consuming;
    } finally {
      this.#consuming.delete(ended);
    }
    if (!signal.aborted) assertOpen(this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const ended = Promise.all([this.#publisher.close(), ...this.#consuming]);
    // A handler may take as long as it likes, but not to hold this up.
    await within(CLOSING_MS, 'closing', ended).catch(() => undefined);
  }
}

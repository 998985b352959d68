import { setTimeout as timeout } from 'node:timers/promises';
import { CompressionTypes, type Message, type Producer, type TopicMessages } from 'kafkajs';
import { BusUnavailable, type BusMessage } from '../../ports/event-bus.js';
import { KafkaClient } from './client.js';
import { faultOf, typeOf } from './faults.js';
import type { KafkaSettings } from './settings.js';
import { within } from './time-limit.js';
import { ensureTopics, findPartitions, type TopicsFound } from './topics.js';

/** The time limit is ours; this is only what the client would do by itself. */
const LONGEST_ANSWER_MS = 60_000;
/** A broker waits so much shorter for its followers than we do for it. */
const MARGIN_MS = 500;
/** For so long the brokers may not have heard yet that they lead a topic that was just made. */
const SETTLING_MS = 5_000;
const SETTLING_PAUSE_MS = 100;
const NOT_SETTLED: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** A message and the partition it goes to. */
export type Placed = Readonly<{ message: BusMessage; partition: number }>;

/** A connection to publish over. After a fault it is of no more use. */
export class ProducerLink {
  readonly #partitions: Map<string, number>;
  /** Until when topics may not be ready, ms since 1970. */
  readonly #settledAt: number;

  private constructor(
    private readonly client: KafkaClient,
    private readonly producer: Producer,
    found: TopicsFound,
    private readonly settings: KafkaSettings,
  ) {
    this.#partitions = new Map(found.partitions);
    this.#settledAt = found.created.length === 0 ? 0 : Date.now() + SETTLING_MS;
  }

  /**
   * Connects, and makes the topics that are not there.
   * @param closing ends the attempt
   * @throws {BusUnavailable} no broker could be reached in time
   */
  static async open(settings: KafkaSettings, closing: AbortSignal): Promise<ProducerLink> {
    const client = new KafkaClient(settings, LONGEST_ANSWER_MS);
    const release = client.dropWith(closing);
    const producer = client.kafka.producer({
      // Never in there: what was not acknowledged is published again by whoever called, in order.
      // For the same reason it is not idempotent: the client's support of that is experimental, and
      // a message may come twice anyway.
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: () => placedBefore,
    });
    try {
      const found = await ensureTopics(settings, closing);
      await within(settings.answerMs, 'connecting', producer.connect());
      const { brokers, created } = found;
      settings.onNotice({ kind: 'connected', brokers, created });
      return new ProducerLink(client, producer, found, settings);
    } catch (error) {
      client.drop();
      void client.end(producer);
      throw unavailable(error);
    } finally {
      release();
    }
  }

  /** How many partitions a topic has. @throws {BusUnavailable} there is no such topic */
  async partitionsOf(topic: string, closing: AbortSignal): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    try {
      const found = await findPartitions(this.settings, closing, [topic]);
      const count = found.get(topic) ?? 0;
      if (count === 0) throw new BusUnavailable(`there is no topic ${topic}`);
      this.#partitions.set(topic, count);
      return count;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * Sends messages and answers when every replica in sync has them. Not more in one partition than
   * one batch may hold.
   * @param answerMs how long that may take
   * @throws {MessageRefused} the brokers do not take at least one of them; which, they do not say
   * @throws {BusUnavailable} it is not known which of them were taken
   */
  async send(messages: readonly Placed[], answerMs: number): Promise<void> {
    for (;;) {
      try {
        checkAcknowledged(messages, await this.#send(messages, answerMs));
        return;
      } catch (error) {
        // Nothing else is sent meanwhile, so that trying again here changes no order.
        if (!NOT_SETTLED.has(typeOf(error)) || Date.now() >= this.#settledAt) throw faultOf(error);
        await timeout(SETTLING_PAUSE_MS);
      }
    }
  }

  /** Parts from the brokers, politely where they answer. */
  async close(): Promise<void> {
    await this.client.end(this.producer);
  }

  #send(messages: readonly Placed[], answerMs: number): Promise<readonly Acknowledged[]> {
    const sending = this.producer.sendBatch({
      acks: -1,
      timeout: answerMs - MARGIN_MS,
      compression: CompressionTypes.None,
      topicMessages: byTopic(messages),
    });
    return within(answerMs, 'publishing', sending);
  }

  /** Gives the connection up. */
  drop(): void {
    this.client.drop();
    void this.client.end(this.producer);
  }
}

function unavailable(error: unknown): BusUnavailable {
  const fault = faultOf(error);
  if (fault instanceof BusUnavailable) return fault;
  return new BusUnavailable(fault.message, { cause: error });
}

type PlacedMessage = Message & Readonly<{ partition: number }>;

/** The partition was computed before, to know what fits into a batch. */
function placedBefore({ message }: Readonly<{ message: Message }>): number {
  if (message.partition === undefined) throw new Error('a message without a partition');
  return message.partition;
}

function byTopic(messages: readonly Placed[]): TopicMessages[] {
  const topics = new Map<string, PlacedMessage[]>();
  for (const { message, partition } of messages) {
    const { topic, key, value, headers } = message;
    const placed = { key, value, headers: { ...headers }, partition };
    const others = topics.get(topic);
    if (others === undefined) topics.set(topic, [placed]);
    else others.push(placed);
  }
  return [...topics].map(([topic, placed]) => ({ topic, messages: placed }));
}

type Acknowledged = Readonly<{ topicName: string; partition: number; errorCode: number }>;

/** The client leaves out, without a word, what goes to a partition it does not know of. */
function checkAcknowledged(
  messages: readonly Placed[],
  acknowledged: readonly Acknowledged[],
): void {
  const taken = new Set(
    acknowledged
      .filter(({ errorCode }) => errorCode === 0)
      .map(({ topicName, partition }) => `${topicName}/${partition}`),
  );
  for (const { message, partition } of messages) {
    if (taken.has(`${message.topic}/${partition}`)) continue;
    throw new BusUnavailable(`${message.topic}/${partition} acknowledged nothing`);
  }
}

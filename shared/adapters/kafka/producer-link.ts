import { CompressionTypes, type Message, type Producer, type TopicMessages } from 'kafkajs';
import { BusUnavailable, type BusMessage } from '../../ports/event-bus.js';
import { KafkaClient } from './client.js';
import { faultOf } from './faults.js';
import type { KafkaSettings } from './settings.js';
import { within } from './time-limit.js';
import { ensureTopics, partitionsOf } from './topics.js';

/** Connecting is several requests, some of them tried again. */
const CONNECT_ANSWERS = 3;
/** A broker waits so much shorter for its followers than we do for it. */
const MARGIN_MS = 500;

/** A message and the partition it goes to. */
export type Placed = Readonly<{ message: BusMessage; partition: number }>;

/** A connection to publish over. After a fault it is of no more use. */
export class ProducerLink {
  private constructor(
    private readonly client: KafkaClient,
    private readonly producer: Producer,
    private readonly partitions: Map<string, number>,
    private readonly settings: KafkaSettings,
  ) {}

  /**
   * Connects, and makes the topics that are not there.
   * @param closing ends the attempt
   * @throws {BusUnavailable} no broker could be reached in time
   */
  static async open(settings: KafkaSettings, closing: AbortSignal): Promise<ProducerLink> {
    const client = new KafkaClient(settings);
    const drop = () => {
      client.drop();
    };
    closing.addEventListener('abort', drop);
    const admin = client.kafka.admin();
    const producer = client.kafka.producer({
      // Never in there: what was not acknowledged is published again by whoever called, in order.
      // For the same reason it is not idempotent: the client's support of that is experimental, and
      // a message may come twice anyway.
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: () => placedBefore,
    });
    const connecting = async (): Promise<ProducerLink> => {
      await admin.connect();
      const found = await ensureTopics(admin, settings);
      await producer.connect();
      settings.onNotice({ kind: 'connected', brokers: found.brokers, created: found.created });
      return new ProducerLink(client, producer, new Map(found.partitions), settings);
    };
    try {
      const link = await within(CONNECT_ANSWERS * settings.answerMs, 'connecting', connecting());
      await admin.disconnect().catch(() => undefined);
      return link;
    } catch (error) {
      client.drop();
      void client.end(producer, admin);
      throw unavailable(error);
    } finally {
      closing.removeEventListener('abort', drop);
    }
  }

  /** How many partitions a topic has. @throws {BusUnavailable} there is no such topic */
  async partitionsOf(topic: string): Promise<number> {
    const known = this.partitions.get(topic);
    if (known !== undefined) return known;
    const admin = this.client.kafka.admin();
    try {
      const asking = admin.connect().then(() => partitionsOf(admin, [topic]));
      const found = await within(this.settings.answerMs, `asking for ${topic}`, asking);
      for (const [name, count] of found) this.partitions.set(name, count);
    } catch (error) {
      throw unavailable(error);
    } finally {
      void admin.disconnect().catch(() => undefined);
    }
    const count = this.partitions.get(topic);
    if (count === undefined || count === 0) throw new BusUnavailable(`there is no topic ${topic}`);
    return count;
  }

  /**
   * Sends messages and answers when every replica in sync has them. Not more in one partition than
   * one batch may hold.
   * @throws {MessageRefused} the brokers do not take at least one of them; which, they do not say
   * @throws {BusUnavailable} it is not known which of them were taken
   */
  async send(messages: readonly Placed[]): Promise<void> {
    const { answerMs } = this.settings;
    const sending = this.producer.sendBatch({
      acks: -1,
      timeout: answerMs - MARGIN_MS,
      compression: CompressionTypes.None,
      topicMessages: byTopic(messages),
    });
    try {
      checkAcknowledged(messages, await within(answerMs + MARGIN_MS, 'publishing', sending));
    } catch (error) {
      throw faultOf(error);
    }
  }

  /** Parts from the brokers, politely where they answer. */
  async close(): Promise<void> {
    await this.client.end(this.producer);
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

import type { Admin } from 'kafkajs';
import { KafkaClient } from './client.js';
import type { KafkaSettings } from './settings.js';
import { within } from './time-limit.js';

const MOST_COPIES = 3;

/** What was found at the brokers: how many there are, and the partitions of each topic. */
export type TopicsFound = Readonly<{
  brokers: number;
  partitions: ReadonlyMap<string, number>;
  created: readonly string[];
}>;

/**
 * Makes the topics that are not there; those that are stay as they are.
 * @param closing ends the attempt
 * @throws {NoAnswer} and what the client throws
 */
export function ensureTopics(settings: KafkaSettings, closing: AbortSignal): Promise<TopicsFound> {
  return asking(settings, closing, (admin) => ensure(admin, settings));
}

/**
 * How many partitions each of these topics has.
 * @param closing ends the attempt
 * @throws {NoAnswer} and what the client throws, also for an unknown topic
 */
export function findPartitions(
  settings: KafkaSettings,
  closing: AbortSignal,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  return asking(settings, closing, (admin) => partitionsOf(admin, topics));
}

async function asking<T>(
  settings: KafkaSettings,
  closing: AbortSignal,
  ask: (admin: Admin) => Promise<T>,
): Promise<T> {
  const client = new KafkaClient(settings);
  const release = client.dropWith(closing);
  const admin = client.kafka.admin();
  try {
    const asked = admin.connect().then(() => ask(admin));
    return await within(settings.answerMs, 'asking for topics', asked);
  } finally {
    release();
    // Nobody has to wait for that.
    void client.end(admin);
  }
}

async function ensure(admin: Admin, settings: KafkaSettings): Promise<TopicsFound> {
  const brokers = (await admin.describeCluster()).brokers.length;
  const there = new Set(await admin.listTopics());
  const missing = settings.topics.filter((topic) => !there.has(topic));
  let created: readonly string[] = [];
  if (missing.length > 0) {
    const copies = settings.replication ?? Math.min(MOST_COPIES, brokers);
    // False: somebody else made one of them just now, and the others were made.
    await admin.createTopics({
      topics: missing.map((topic) => topicConfig(topic, settings.partitions, copies)),
      waitForLeaders: true,
    });
    created = missing;
  }
  return { brokers, partitions: await partitionsOf(admin, settings.topics), created };
}

async function partitionsOf(
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}

type TopicConfig = Readonly<{
  topic: string;
  numPartitions: number;
  replicationFactor: number;
  configEntries: { name: string; value: string }[];
}>;

function topicConfig(topic: string, numPartitions: number, copies: number): TopicConfig {
  // With three copies, an acknowledged message survives the loss of any one broker.
  const inSync = copies >= MOST_COPIES ? '2' : '1';
  const configEntries = [{ name: 'min.insync.replicas', value: inSync }];
  return { topic, numPartitions, replicationFactor: copies, configEntries };
}

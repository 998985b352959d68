import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import {
  BusUnavailable,
  type DeliveredMessage,
  type MessageHandler,
  type Subscription,
} from '../../ports/event-bus.js';
import { KafkaClient } from './client.js';
import { reasonOf } from './faults.js';
import { pause } from './pause.js';
import type { KafkaSettings } from './settings.js';
import { within } from './time-limit.js';
import { ensureTopics } from './topics.js';

/** Without a sign of life for so long, its share goes to the others of its group. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** How long a broker keeps a question open while there is nothing new. */
const LONG_POLL_MS = 500;
const JOIN_MS = 20_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
/** Most messages handed over at once. */
const HANDED_OVER = 500;

type Job = Readonly<{
  settings: KafkaSettings;
  subscription: Subscription;
  handle: MessageHandler;
  /** When to end. */
  until: AbortSignal;
}>;

/** How a session of a consumer ended. `handler`: with what the handler threw. */
type Ended =
  | Readonly<{ kind: 'told' }>
  | Readonly<{ kind: 'handler'; error: unknown }>
  | Readonly<{ kind: 'lost'; error: unknown; joined: boolean }>;

/**
 * Consumes until the signal aborts. The client restarts itself for ever and tells nobody, or not at
 * all; so it never does here: whatever breaks off is begun again with a new client.
 * @throws what the handler throws
 */
export async function consume(job: Job): Promise<void> {
  const { settings, subscription, until } = job;
  for (let attempt = 0; !until.aborted; attempt++) {
    const ended = await new Session(job).run();
    if (ended.kind === 'told') return;
    if (ended.kind === 'handler') throw ended.error;
    if (ended.joined) attempt = 0;
    const retryInMs = retryDelay(attempt);
    const { group } = subscription;
    const reason = reasonOf(ended.error);
    settings.onNotice({ kind: 'consumer-lost', group, reason, retryInMs });
    await pause(retryInMs, until);
  }
}

/** One client, from connecting to whatever ends it. */
class Session {
  readonly #client: KafkaClient;
  readonly #ended: Promise<Ended>;
  #end: (ended: Ended) => void = () => undefined;
  #isOver = false;
  #joined = false;
  #inHand: Promise<void> = Promise.resolve();

  constructor(private readonly job: Job) {
    this.#client = new KafkaClient(job.settings);
    this.#ended = new Promise((resolve) => {
      this.#end = (ended) => {
        this.#isOver = true;
        resolve(ended);
      };
    });
  }

  async run(): Promise<Ended> {
    const { until, subscription, settings } = this.job;
    const told = () => {
      this.#end({ kind: 'told' });
    };
    until.addEventListener('abort', told);
    if (until.aborted) told();
    const consumer = this.#client.kafka.consumer({
      groupId: subscription.group,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: LONG_POLL_MS,
      allowAutoTopicCreation: false,
      retry: { retries: 2, restartOnFailure: () => Promise.resolve(false) },
    });
    consumer.on('consumer.crash', ({ payload }) => {
      this.#lost(payload.error);
    });
    consumer.on('consumer.group_join', () => {
      this.#joined = true;
      settings.onNotice({ kind: 'consumer-joined', group: subscription.group });
    });
    // Not awaited: it can hang, and while it does the end may come.
    void this.#join(consumer);
    const ended = await this.#ended;
    until.removeEventListener('abort', told);
    // What is being handled is marked as handled before parting, and never handled beside its like.
    await this.#inHand.catch(() => undefined);
    await this.#client.end(consumer);
    return ended;
  }

  async #join(consumer: Consumer): Promise<void> {
    const { subscription, settings } = this.job;
    const joining = async (): Promise<void> => {
      await ensureTopics(settings, this.job.until);
      await consumer.connect();
      await consumer.subscribe({ topics: [...subscription.topics], fromBeginning: true });
      if (this.#isOver) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => (this.#inHand = this.#batch(consumer, payload)),
      });
    };
    try {
      await within(JOIN_MS, 'joining the group', joining());
    } catch (error) {
      this.#lost(error);
    }
  }

  async #batch(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    for (let from = 0; from < messages.length; from += HANDED_OVER) {
      // After a rebalance the rest is somebody else's.
      if (this.#isOver || !payload.isRunning() || payload.isStale()) return;
      const part = messages.slice(from, from + HANDED_OVER);
      const last = part.at(-1);
      if (last === undefined) return;
      if (!(await this.#handled(payload, part))) return;
      payload.resolveOffset(last.offset);
      const next = (BigInt(last.offset) + 1n).toString();
      await consumer.commitOffsets([{ topic, partition, offset: next }]);
      await payload.heartbeat();
    }
  }

  /** False: the handler failed, which ends the session; nothing of this is marked as handled. */
  async #handled(payload: EachBatchPayload, messages: readonly KafkaMessage[]): Promise<boolean> {
    const { topic, partition } = payload.batch;
    const beating = setInterval(() => {
      // A group that was lost is found out by the next request.
      payload.heartbeat().catch(() => undefined);
    }, HEARTBEAT_MS);
    try {
      await this.job.handle(messages.map((message) => delivered(topic, partition, message)));
      return true;
    } catch (error) {
      this.#end({ kind: 'handler', error });
      return false;
    } finally {
      clearInterval(beating);
    }
  }

  #lost(error: unknown): void {
    this.#end({ kind: 'lost', error, joined: this.#joined });
  }
}

function delivered(topic: string, partition: number, message: KafkaMessage): DeliveredMessage {
  const { key, value, headers = {}, offset } = message;
  return {
    topic,
    key: key?.toString() ?? '',
    value: value?.toString() ?? '',
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, headerText(text)]),
    ),
    place: `${topic}/${partition}@${offset}`,
  };
}

type Header = Buffer | string | (Buffer | string)[] | undefined;

/** Of a header that is there several times, the last. */
function headerText(header: Header): string {
  const one = Array.isArray(header) ? header.at(-1) : header;
  return one?.toString() ?? '';
}

/** Milliseconds before the next attempt, the first being 0: doubling, with jitter. */
function retryDelay(attempt: number): number {
  const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return Math.ceil(longest * (0.5 + Math.random() / 2));
}

/** That the bus is closed is not the caller's wish. */
export function assertOpen(closed: AbortSignal): void {
  if (closed.aborted) throw new BusUnavailable('the bus was closed');
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messagesOf } from '../../projection-service/relay/envelope.js';
import { relayTables, startRelay } from '../../projection-service/relay/relay.js';
import { TOPIC_NAMES } from '../../projection-service/relay/topics.js';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import { decodeEvent } from '../../shared/events/codec.js';
import type { BusMessage, EventBus, PublishResult } from '../../shared/ports/event-bus.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { KafkaBareProducer } from '../servers/kafka-bare-producer.js';
import { KafkaUnderTest } from '../servers/kafka-under-test.js';
import { sized } from './benchmark.js';
import { postBook } from './book.js';
import { historyOf } from './commands.js';
import { compared, Contender, inTurns, type Round } from './contender.js';
import { ProcessorTime } from './processor-time.js';
import type { Part, PartContext } from './production-part.js';
import { same, type Check } from './report.js';
import { now } from './statistics.js';

const ACCOUNTS = 1_000;
const TOPIC = 'ledger.entry.v1';
const BATCH = 5_000;
const PAGE = 10_000;
/** Rounds of publishing alone. */
const PUBLISHINGS = 5;
const AIM = { atLeast: 20_000 };
/** Of the bare client: at most a fifth more work. */
const SHARE_AIM = { atLeast: 100 / 1.2 };

/** Two logs of the same book, and what their messages go to. */
type Opened = Readonly<{
  kafka: KafkaUnderTest;
  embedded: EventStore;
  server: EventStore;
  bus: EventBus;
  bare: KafkaBareProducer;
}>;

/** A log, and where its messages go. */
type Way = Readonly<{ log: EventStore; bus: EventBus; contender: Contender }>;

const PUBLISHED: PublishResult = { kind: 'published' };
/** Takes every message and keeps none: what is left is reading, decoding and making them. */
const NOWHERE: EventBus = {
  publish: (messages) => Promise.resolve(messages.map(() => PUBLISHED)),
  consume: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Publishing a whole log, to nowhere and to Kafka, and the adapter beside the bare client. */
export const productionRelay: Part = async (context) => {
  const { folder, servers, run } = context;
  const kafka = await KafkaUnderTest.start();
  const embedded = await openEventStore({ folder });
  const server = await openEventStoreDb({ url: servers.esdbUrl });
  const bus = openKafkaBus({ brokers: kafka.brokers, clientId: 'bench', topics: TOPIC_NAMES });
  const bare = await KafkaBareProducer.connect(kafka.brokers);
  try {
    const entries = entriesOf(context);
    const make = historyOf({ tag: `${run}-relay`, accounts: ACCOUNTS }, entries, false);
    await postBook(embedded, make, entries);
    await postBook(server, make, entries);
    // Connects and makes the topics, while no clock runs.
    await bus.publish([{ topic: TOPIC, key: 'first', value: '', headers: {} }]);
    return await measure(context, { kafka, embedded, server, bus, bare });
  } finally {
    await bare.close();
    await bus.close();
    await server.close();
    await embedded.close();
    await kafka.stop();
  }
};

function entriesOf(context: PartContext): number {
  return sized(context, 3_000, 50_000);
}

async function measure(context: PartContext, opened: Opened): ReturnType<Part> {
  const { servers } = context;
  const { kafka, embedded, server, bus } = opened;
  const rounds = sized(context, 2, 3);
  const contender = (by: string): Contender =>
    new Contender(
      by,
      new ProcessorTime(
        new Map([
          ['this process', process.pid],
          ['log server', servers.esdbPid],
          ['broker', kafka.server?.pid],
        ]),
      ),
    );
  const inProcess = contender('SQLite to nowhere');
  const toKafka = contender('SQLite to Kafka');
  const whole = contender(`${servers.esdbName} to Kafka`);
  const ways: readonly Way[] = [
    { log: embedded, bus: NOWHERE, contender: inProcess },
    { log: embedded, bus, contender: toKafka },
    { log: server, bus, contender: whole },
  ];
  const counts = new Map<string, number>();
  await inTurns(rounds, ways, async (way, round) => {
    const { by } = way.contender;
    context.say(`relay: round ${round + 1}, ${by}`);
    const own = join(context.folder, `${ways.indexOf(way)}-${round}`);
    await way.contender.round(() => relayAll(way, own, (messages) => counts.set(by, messages)));
  });
  const adapter = contender('adapter');
  const client = contender('bare client');
  const messages = await messagesIn(embedded);
  await publishInTurns(context, opened, messages, [client, adapter]);
  const times = { embedded: rounds + 2 * PUBLISHINGS, server: rounds };
  return {
    workload:
      `Relay: logs published from their beginning, the embedded one of ${messages.length} entries of ` +
      `two legs, the other of all that was posted before too, a ` +
      `message of about ${meanBytes(messages)} B for each, ${rounds} rounds; publishing alone in ` +
      `calls of ${BATCH}, ${PUBLISHINGS} rounds.`,
    comparisons: [
      compared('relay, messages', inProcess, toKafka, { aim: AIM }),
      compared('relay, messages', inProcess, whole, { aim: AIM }),
      compared('messages published', client, adapter, { shareAim: SHARE_AIM }),
    ],
    checks: [
      same('messages of the embedded log', messages.length, entriesOf(context)),
      ...(await Promise.all(
        ways.map(async ({ log, contender: { by } }) =>
          same(`${by}: messages of a round`, counts.get(by) ?? 0, (await messagesIn(log)).length),
        ),
      )),
      await publishedOften(bus, embedded, times.embedded),
      await publishedOften(bus, server, times.server),
    ],
  };
}

async function publishInTurns(
  { say }: PartContext,
  { bus, bare }: Opened,
  messages: readonly BusMessage[],
  [client, adapter]: readonly [Contender, Contender],
): Promise<void> {
  const ways = [
    { contender: client, send: (some: readonly BusMessage[]) => bare.send(TOPIC, some) },
    { contender: adapter, send: (some: readonly BusMessage[]) => bus.publish(some) },
  ];
  await inTurns(PUBLISHINGS, ways, async ({ contender, send }, round) => {
    say(`relay: publishing, round ${round + 1}, ${contender.by}`);
    await contender.round(() => publishAll(messages, send));
  });
}

async function relayAll(
  { log, bus }: Way,
  folder: string,
  count: (messages: number) => void,
): Promise<Round> {
  mkdirSync(folder);
  const store = openViewStore({ folder, tables: relayTables });
  const head = await log.head();
  let messages = 0;
  const start = now();
  await new Promise<void>((resolve, reject) => {
    const relay = startRelay({
      log,
      store,
      bus,
      onPublished: (_topic, published) => (messages += published),
      onNotice: (notice) => {
        if (notice.kind === 'fault' || notice.kind === 'stopped') {
          relay.stop().then(() => reject(new Error(`the relay met: ${notice.kind}`)), reject);
        }
        if (notice.kind === 'committed' && notice.position >= head) resolve(relay.stop());
      },
    });
  });
  const seconds = (now() - start) / 1000;
  await store.close();
  count(messages);
  return { perSecond: messages / seconds };
}

async function publishAll(
  messages: readonly BusMessage[],
  send: (some: readonly BusMessage[]) => Promise<unknown>,
): Promise<Round> {
  const start = now();
  for (let from = 0; from < messages.length; from += BATCH) {
    await send(messages.slice(from, from + BATCH));
  }
  return { perSecond: (messages.length * 1000) / (now() - start) };
}

async function messagesIn(log: EventStore): Promise<readonly BusMessage[]> {
  const messages: BusMessage[] = [];
  for (let after = 0n; ;) {
    const events = await log.readAll(after, PAGE);
    messages.push(...events.map(decodeEvent).flatMap(messagesOf));
    after = events.at(-1)?.position ?? after;
    if (events.length < PAGE) return messages;
  }
}

function meanBytes(messages: readonly BusMessage[]): number {
  const bytes = messages.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
  return Math.round(bytes / Math.max(1, messages.length));
}

/** Whether the topic holds every message of a log, each as often as it was published. */
async function publishedOften(bus: EventBus, log: EventStore, times: number): Promise<Check> {
  const due = new Map((await messagesIn(log)).map(({ headers }) => [headers['eventId'] ?? '', 0]));
  const wanted = due.size * times;
  const enough = new AbortController();
  let seen = 0;
  await bus.consume(
    { topics: [TOPIC], group: KafkaUnderTest.newName('bench') },
    (messages) => {
      for (const { headers } of messages) {
        const count = due.get(headers['eventId'] ?? '');
        if (count === undefined) continue;
        due.set(headers['eventId'] ?? '', count + 1);
        seen += 1;
      }
      if (seen >= wanted) enough.abort();
      return Promise.resolve();
    },
    enough.signal,
  );
  const right = [...due.values()].filter((count) => count === times).length;
  return same(`messages that the topic holds ${times} times, as published`, right, due.size);
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { ParkedEvent } from '../../projection-service/parked.js';
import { relayParked, relayTables, retryRelay } from '../../projection-service/relay/relay.js';
import { TOPIC_NAMES } from '../../projection-service/relay/topics.js';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import { logLineOf, type KafkaNotice } from '../../shared/adapters/kafka/notice.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventBus } from '../../shared/ports/event-bus.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { runConsumer, type ConsumerNotice } from '../consumer/consumer.js';
import { onceTables } from '../consumer/once.js';
import { Quiet } from '../consumer/quiet.js';
import { requeue } from '../consumer/requeue.js';
import { allTakings, takings, TAKINGS_TOPICS } from '../consumer/takings.js';
import { Failed, WrongUse } from './faults.js';
import { existingStores, formatOption, settings } from './options.js';
import { json, note, print, type Format } from './output.js';

type Printed = Readonly<{ format: Format }>;

const SAMPLE_GROUP = 'sagae-takings';

/** `sagae relay`. */
export function addRelay(sagae: Command): void {
  const relay = sagae.command('relay').description('what goes to Kafka (KAFKA_BROKERS)');
  relay
    .command('parked')
    .description('the events that could not be published')
    .addOption(formatOption('text', 'json'))
    .action(listRelayParked);
  relay
    .command('retry')
    .description('publish them again, each stream in its order; exit 1 when some still fail')
    .addOption(formatOption('text', 'json'))
    .action(retryAll);
  relay
    .command('requeue')
    .description(
      'send messages that a consumer could not handle to their topics again; exit 1 when some cannot be',
    )
    .addOption(new Option('--group <group>', 'whose messages').default(SAMPLE_GROUP))
    .action(requeueAll);
  relay
    .command('takings')
    .description('a sample consumer: adds up what is captured and refunded, each event once')
    .action(consumeTakings);
}

async function withRelayStore<Result>(work: (store: ViewStore) => Promise<Result>) {
  const stores = await existingStores();
  const store = await stores.relay(relayTables);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function withBus<Result>(
  work: (bus: EventBus) => Promise<Result>,
  onNotice: (notice: KafkaNotice) => void = noted,
): Promise<Result> {
  const { kafka } = settings();
  if (kafka === undefined) throw new WrongUse('KAFKA_BROKERS names no brokers');
  const bus = openKafkaBus({ ...kafka, clientId: 'sagae-cli', topics: TOPIC_NAMES, onNotice });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
}

/** That nothing comes because no broker is there must not look like there being nothing. */
function noted(notice: KafkaNotice): void {
  const { level, about, message } = logLineOf(notice);
  if (level !== 'debug') note(`${message} ${JSON.stringify(about)}`);
}

async function listRelayParked({ format }: Printed): Promise<void> {
  const parked = await withRelayStore(relayParked);
  await print(format === 'json' ? json({ parked }) : parkedText(parked));
}

async function retryAll({ format }: Printed): Promise<void> {
  const { resolved, still } = await withBus((bus) =>
    withRelayStore(async (store) => {
      const stores = await existingStores();
      const log = await stores.log('read');
      try {
        return await retryRelay({ bus, log, store });
      } finally {
        await log.close();
      }
    }),
  );
  const text = `${resolved} published, ${still.length} still parked\n`;
  await print(format === 'json' ? json({ resolved, still }) : `${text}${parkedText(still)}`);
  if (still.length > 0) throw new Failed(`${still.length} events are still parked`);
}

function parkedText(parked: readonly ParkedEvent[]): string {
  return parked
    .map(({ position, stream, revision, reason }) => {
      return `position ${position}, ${stream} revision ${revision}: ${reason}\n`;
    })
    .join('');
}

async function requeueAll({ group }: Readonly<{ group: string }>): Promise<void> {
  const enough = new AbortController();
  const quiet = new Quiet();
  const onNotice = (notice: KafkaNotice): void => {
    noted(notice);
    if (notice.kind === 'consumer-joined') quiet.joined(true);
    if (notice.kind === 'consumer-lost') quiet.joined(false);
  };
  const onLetter = (): void => {
    quiet.stir();
  };
  const ended = quiet.reached().finally(() => {
    enough.abort();
  });
  const requeueing = withBus((bus) => requeue(bus, group, enough.signal, onLetter), onNotice);
  const [{ sent, lost }] = await Promise.all([requeueing, ended]);
  await print(`${sent} sent again\n`);
  for (const place of lost) await print(`cannot be sent again: ${place}\n`);
  if (lost.length > 0) throw new Failed(`${lost.length} messages were not sent again`);
}

async function consumeTakings(): Promise<void> {
  const folder = join(settings().dataFolder, 'takings');
  mkdirSync(folder, { recursive: true });
  const store = openViewStore({ folder, tables: onceTables(takings) });
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending.abort();
    });
  }
  const options = { topics: TAKINGS_TOPICS, group: SAMPLE_GROUP, store, effect: takings };
  try {
    await withBus((bus) => runConsumer({ bus, ...options, onNotice: told }, ending.signal));
    await print(json({ takings: await allTakings(store) }));
  } finally {
    await store.close();
  }
}

function told(notice: ConsumerNotice): void {
  switch (notice.kind) {
    case 'handled':
      note(`${notice.fresh} handled, ${notice.repeated} had come before`);
      return;
    case 'failed':
      note(`${notice.place}: attempt ${notice.attempt} failed: ${notice.reason}`);
      return;
    case 'buried':
      note(`${notice.place}: is a dead letter now`);
      return;
    case 'fault':
      note(`${notice.reason}; trying again`);
  }
}

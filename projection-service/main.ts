import { openKafkaBus } from '../shared/adapters/kafka/event-bus.js';
import { logLineOf, type KafkaNotice } from '../shared/adapters/kafka/notice.js';
import type { Log } from '../shared/logging.js';
import type { EventStore } from '../shared/ports/event-store.js';
import type { KafkaConfig } from '../shared/store-config.js';
import type { Stores } from '../shared/stores/stores.js';
import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import { serviceStores } from '../shared/stores/open.js';
import { healthStates, lagGauges, noticeLog, readyStates, viewStates } from './http.js';
import { endRelay, relayTables, startRelay, type Relay } from './relay/relay.js';
import { TOPIC_NAMES } from './relay/topics.js';
import { projectionTables, startProjection } from './service.js';
import { allViews } from './views/all.js';

/**
 * Starts projecting: reads the log, writes the views, and publishes to Kafka where that is set.
 * @throws what opening them throws
 */
export async function openProjectionService({ config, log, metrics }: Basics): Promise<Service> {
  const stores = await serviceStores(config, log);
  const views = allViews(config.timeZone);
  const events = await stores.log('read');
  await stores.cleanRebuildLeftovers();
  const store = await stores.views(projectionTables(views), 'write');
  const projection = startProjection({ log: events, store, views, onNotice: noticeLog(log) });
  const published = metrics.counter('sagae_relay_messages_total', 'Messages that were published.');
  const relay =
    config.kafka === undefined
      ? undefined
      : await openRelay({ kafka: config.kafka, stores, events, log, published });
  const measure = lagGauges(metrics);
  const health = () => [
    ...healthStates(projection.health()),
    ...(relay === undefined ? [] : viewStates(relay.health())),
  ];
  return {
    routes: [],
    health: () => Promise.resolve(health()),
    // Views are current or not whether or not anything can be published.
    ready: () => readyStates(projection),
    metrics: async () => {
      await measure(async () => [...(await projection.lag()), ...((await relay?.lag()) ?? [])]);
      return [await metrics.snapshot()];
    },
    close: async () => {
      await relay?.stop();
      await projection.stop();
      await store.close();
      await events.close();
    },
  };
}

type RelayParts = Readonly<{
  kafka: KafkaConfig;
  stores: Stores;
  events: EventStore;
  log: Log;
  published: (messages: number) => void;
}>;

/** The relay with what it alone uses, which ends with it. */
async function openRelay({ kafka, stores, events, log, published }: RelayParts): Promise<Relay> {
  const store = await stores.relay(relayTables);
  const onNotice = (notice: KafkaNotice): void => {
    const { level, about, message } = logLineOf(notice);
    log[level](about, message);
  };
  const bus = openKafkaBus({ ...kafka, clientId: 'sagae-relay', topics: TOPIC_NAMES, onNotice });
  const relay = startRelay({
    log: events,
    store,
    bus,
    onNotice: noticeLog(log),
    onPublished: (_topic, messages) => {
      published(messages);
    },
  });
  return {
    health: () => relay.health(),
    lag: () => relay.lag(),
    stop: async () => {
      await endRelay(relay, bus);
      await store.close();
    },
  };
}

if (isProgram(import.meta.url)) {
  await runProcess({
    service: 'projection',
    title: 'Sagae projection',
    defaultPort: 8083,
    start: async (basics) => serveService(await openProjectionService(basics), basics),
  });
}

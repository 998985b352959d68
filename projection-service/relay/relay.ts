import { setTimeout as timeout } from 'node:timers/promises';
import type { EventBus } from '../../shared/ports/event-bus.js';
import type { Table } from '../../shared/ports/view-store.js';
import type { ProjectionOptions } from '../config.js';
import { listParked, type ParkedEvent } from '../parked.js';
import { retryParked, type Retried } from '../retry-parked.js';
import { projectionTables, startProjection, type Projection } from '../service.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { TellingViewStore } from './dead-letters.js';
import { RELAY, relayView, type OnPublished } from './relay-view.js';

/** The tables its store is to be opened with. */
export const relayTables: readonly Table[] = projectionTables([]);

export type RelayOptions = Omit<ProjectionOptions, 'views'> &
  Readonly<{
    bus: EventBus;
    onPublished?: OnPublished;
  }>;

/** A relay at work; its only view is called {@link RELAY}. */
export type Relay = Projection;

/** Events published together: enough that the way to the brokers and back does not count. */
const BATCH_SIZE = 5_000;
/** How long the brokers may take for what is being published when a relay is ended. */
const GRACE_MS = 3_000;

/**
 * Starts publishing the log, from where the relay was: at least once, in order of every aggregate.
 * Its store must be used by nobody else and must outlive the views: without it everything is
 * published again. Faults of bus and stores are waited out, for ever.
 */
export function startRelay({ bus, onPublished, ...options }: RelayOptions): Relay {
  const store = new TellingViewStore(options.store, options.log, bus);
  return startProjection({
    batchSize: BATCH_SIZE,
    laggardBatchSize: options.batchSize ?? BATCH_SIZE,
    ...options,
    store,
    views: [relayView(bus, onPublished, () => store.tellOwed())],
  });
}

/**
 * Ends a relay and closes its bus. What is being published is noted, so that it need not be published
 * again, unless the brokers take too long.
 * @param graceMs how long they may take
 */
export async function endRelay(relay: Relay, bus: EventBus, graceMs = GRACE_MS): Promise<void> {
  const waiting = new AbortController();
  const stopped = relay.stop();
  const late = timeout(graceMs, undefined, waiting).catch(() => undefined);
  await Promise.race([stopped, late]);
  waiting.abort();
  await bus.close();
  await stopped;
}

/** The events that were not published, in log order. */
export function relayParked(store: ViewStore): Promise<readonly ParkedEvent[]> {
  return listParked(store, RELAY);
}

/**
 * Publishes what was parked, each stream in its order, as far as it goes. A relay may be at work.
 * @param store opened for this, not the one of a relay
 * @throws {BusUnavailable | StorageFull | StoreUnavailable} what was published so far is noted
 */
export function retryRelay({
  bus,
  log,
  store,
}: Pick<RelayOptions, 'bus' | 'log' | 'store'>): Promise<Retried> {
  return retryParked({ log, store, view: relayView(bus) });
}

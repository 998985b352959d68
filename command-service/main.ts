import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openEventStore } from '../shared/adapters/sqlite/event-store.js';
import { diskState } from '../shared/http/disk.js';
import type { PartState } from '../shared/http/operations.js';
import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import type { EventStore } from '../shared/ports/event-store.js';
import { findEntry } from './application/claims.js';
import { openLedger, type OpenLedger } from './application/open-ledger.js';
import { commandRoutes } from './http/routes.js';

const EXPIRE_EVERY_MS = 1_000;

/**
 * Opens the command side on a data folder: the log for writing, and the ledger on it.
 * @throws what opening the log or reading it throws
 */
export async function openCommandService({ config, log, metrics }: Basics): Promise<Service> {
  const folder = config.dataFolder;
  const store = await openEventStore({ folder });
  const appended = metrics.counter('sagae_events_appended_total', 'Events this service appended.');
  const ledger = await openLedger({
    store: counting(store, appended),
    clock: Date.now,
    ids: randomUUID,
    zone: config.timeZone,
    snapshotFile: join(folder, 'command.snapshot'),
  });
  metrics.gauge('sagae_ledger', 'What the command side holds in memory.', 'of', () =>
    figuresOf(ledger),
  );
  const janitor = expireHolds(ledger, (error) => {
    log.error({ err: error }, 'holds could not be expired; trying again');
  });
  const health = async (): Promise<readonly PartState[]> => [await logState(store)];
  return {
    routes: commandRoutes(ledger, async (id) => (await findEntry(store, id))?.revision),
    health,
    ready: async () => [...(await health()), await diskState(folder)],
    metrics: async () => [await metrics.snapshot()],
    close: async () => {
      clearInterval(janitor);
      await ledger.close();
      await store.close();
    },
  };
}

function expireHolds(ledger: OpenLedger, failed: (error: unknown) => void): NodeJS.Timeout {
  let running = false;
  return setInterval(() => {
    if (running) return;
    running = true;
    ledger
      .expireHolds()
      .catch(failed)
      .finally(() => {
        running = false;
      });
  }, EXPIRE_EVERY_MS);
}

async function logState(store: EventStore): Promise<PartState> {
  try {
    await store.head();
    return { part: 'log' };
  } catch (error) {
    return { part: 'log', problem: error instanceof Error ? error.message : 'cannot be read' };
  }
}

/** The same store, telling how many events it took. */
function counting(store: EventStore, appended: (events: number) => void): EventStore {
  return {
    append: async (stream, expected, events) => {
      const result = await store.append(stream, expected, events);
      if (result.kind === 'appended') appended(events.length);
      return result;
    },
    readStream: (stream, options) => store.readStream(stream, options),
    readAll: (after, limit) => store.readAll(after, limit),
    readAt: (positions) => store.readAt(positions),
    head: () => store.head(),
    subscribe: (after, signal) => store.subscribe(after, signal),
    close: () => store.close(),
  };
}

function figuresOf(ledger: OpenLedger): ReadonlyMap<string, number> {
  const { position, ...figures } = ledger.metrics();
  return new Map([['position', Number(position)], ...Object.entries(figures)]);
}

if (isProgram(import.meta.url)) {
  await runProcess({
    service: 'command',
    title: 'Sagae command',
    defaultPort: 8081,
    start: async (basics) => serveService(await openCommandService(basics), basics),
  });
}

import type { PartState } from '../shared/http/operations.js';
import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import type { EventStore } from '../shared/ports/event-store.js';
import { serviceStores } from '../shared/stores/open.js';
import { queryRoutes } from './http/routes.js';
import { openQueries, type Queries } from './queries/open.js';
import { QUERY_TABLES } from './tables.js';

/** Views that have left an event unhandled for so long are no basis for answers. */
const MAX_LAG_MS = 30_000;

/**
 * Opens the query side: log and views, both for reading.
 * @throws what opening them throws
 */
export async function openQueryService({ config, log: notes, metrics }: Basics): Promise<Service> {
  const stores = await serviceStores(config, notes);
  const log = await stores.log('read');
  const views = await stores.views(QUERY_TABLES, 'read');
  const queries = openQueries({ views, log, clock: Date.now });
  const health = () => storesState(queries, log);
  return {
    routes: queryRoutes(queries),
    health,
    ready: async () => [...(await health()), await viewsState(queries, log)],
    metrics: async () => [await metrics.snapshot()],
    close: async () => {
      await views.close();
      await log.close();
    },
  };
}

async function storesState(queries: Queries, log: EventStore): Promise<readonly PartState[]> {
  return [await stateOf('log', () => log.head()), await stateOf('views', () => queries.position())];
}

/** How old the oldest event is that the views have not handled. */
async function viewsState(queries: Queries, log: EventStore): Promise<PartState> {
  const part = 'views are current';
  try {
    const [next] = await log.readAll(await queries.position(), 1);
    const lag = next === undefined ? 0 : Date.now() - next.recordedAt;
    if (lag <= MAX_LAG_MS) return { part };
    return { part, problem: `they are ${Math.round(lag / 1_000)} s behind the log` };
  } catch (error) {
    return { part, problem: reasonOf(error) };
  }
}

async function stateOf(part: string, read: () => Promise<bigint>): Promise<PartState> {
  try {
    await read();
    return { part };
  } catch (error) {
    return { part, problem: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'cannot be read';
}

if (isProgram(import.meta.url)) {
  await runProcess({
    service: 'query',
    title: 'Sagae query',
    defaultPort: 8082,
    start: async (basics) => serveService(await openQueryService(basics), basics),
  });
}

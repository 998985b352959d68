import { createEventFile } from '../shared/adapters/sqlite/event-file.js';
import { openEventStore } from '../shared/adapters/sqlite/event-store.js';
import { cleanRebuildLeftovers } from '../shared/adapters/sqlite/view-rebuild.js';
import { openViewStore } from '../shared/adapters/sqlite/view-store.js';
import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import { healthStates, lagGauges, noticeLog, readyStates } from './http.js';
import { projectionTables, startProjection } from './service.js';
import { allViews } from './views/all.js';

/**
 * Starts projecting on a data folder: reads the log, writes the views.
 * @throws what opening them throws
 */
export async function openProjectionService({ config, log, metrics }: Basics): Promise<Service> {
  const folder = config.dataFolder;
  const views = allViews(config.timeZone);
  await createEventFile(folder);
  const events = await openEventStore({ folder, readonly: true, checkTail: 0 });
  cleanRebuildLeftovers(folder);
  const store = openViewStore({ folder, tables: projectionTables(views) });
  const projection = startProjection({ log: events, store, views, onNotice: noticeLog(log) });
  const measure = lagGauges(metrics);
  return {
    routes: [],
    health: () => Promise.resolve(healthStates(projection.health())),
    ready: () => readyStates(projection),
    metrics: async () => {
      measure(await projection.lag());
      return [await metrics.snapshot()];
    },
    close: async () => {
      await projection.stop();
      await store.close();
      await events.close();
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

import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import { serviceStores } from '../shared/stores/open.js';
import { healthStates, lagGauges, noticeLog, readyStates } from './http.js';
import { projectionTables, startProjection } from './service.js';
import { allViews } from './views/all.js';

/**
 * Starts projecting: reads the log, writes the views.
 * @throws what opening them throws
 */
export async function openProjectionService({ config, log, metrics }: Basics): Promise<Service> {
  const stores = await serviceStores(config, log);
  const views = allViews(config.timeZone);
  const events = await stores.log('read');
  await stores.cleanRebuildLeftovers();
  const store = await stores.views(projectionTables(views), 'write');
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

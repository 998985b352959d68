import { readFileSync } from 'node:fs';
import type { Config } from '../config.js';
import type { Log } from '../logging.js';
import { createListener } from './app.js';
import { metricsText, type Metrics, type MetricsSnapshot } from './metrics.js';
import { openApi } from './openapi.js';
import { OPERATIONAL_SPECS, operationalRoutes, type PartState } from './operations.js';
import type { Route } from './route.js';
import { listen } from './server.js';

/** A service without a server: what it serves and how it is. */
export type Service = Readonly<{
  /** The busiest first. */
  routes: readonly Route[];
  health(): Promise<readonly PartState[]>;
  ready(): Promise<readonly PartState[]>;
  /** The figures of everything this service speaks for. */
  metrics(): Promise<readonly MetricsSnapshot[]>;
  /** Ends its work. Called when the last request is answered. */
  close(): Promise<void>;
}>;

/** What every service is started with. */
export type Basics = Readonly<{ config: Config; log: Log; metrics: Metrics }>;

/** A service that takes requests. */
export type RunningService = Readonly<{
  url: string;
  port: number;
  /** Takes no more requests, answers those in hand, and closes the service. */
  stop(): Promise<void>;
}>;

/**
 * Serves a service over HTTP, with the routes every service has.
 * @throws Error when the address cannot be listened on; then the service is closed
 */
export async function serveService(
  service: Service,
  { config, log, metrics }: Basics,
): Promise<RunningService> {
  let stopping = false;
  const document = openApi(
    [...service.routes.map((route) => route.spec), ...OPERATIONAL_SPECS],
    versionOfPackage(),
  );
  const operations = operationalRoutes({
    health: () => service.health(),
    ready: async () => [
      ...(await service.ready()),
      ...(stopping ? [{ part: 'server', problem: 'is stopping' }] : []),
    ],
    metrics: async () => metricsText(await service.metrics()),
    document: () => document,
  });
  const listener = createListener({
    routes: [...service.routes, ...operations],
    surroundings: { log, metrics, stopping: () => stopping },
    apiKeys: config.apiKeys,
  });
  try {
    const listening = await listen(listener, config.host, config.port);
    return {
      url: listening.url,
      port: listening.port,
      stop: async () => {
        stopping = true;
        await listening.stop();
        await service.close();
      },
    };
  } catch (error) {
    await service.close();
    throw error;
  }
}

function versionOfPackage(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : 'unknown';
}

import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { httpSimulator } from '../shared/adapters/simulator/client.js';
import { openSimulator } from '../shared/adapters/simulator/simulator.js';
import { openToss } from '../shared/adapters/toss/toss.js';
import { diskState } from '../shared/http/disk.js';
import type { PartState } from '../shared/http/operations.js';
import { isProgram, runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type Service } from '../shared/http/service.js';
import type { EventStore } from '../shared/ports/event-store.js';
import type { PaymentGateway } from '../shared/ports/payment-gateway.js';
import { serviceStores } from '../shared/stores/open.js';
import { CircuitBreaker } from './application/circuit-breaker.js';
import { ConfiguredGateways, type Gateways } from './application/gateways.js';
import { openPayments } from './application/open-payments.js';
import { readGatewaysConfig, type GatewayConfig, type GatewaysConfig } from './gateways-config.js';
import { paymentRoutes } from './http/payment-routes.js';
import { readInquirySchedule } from './inquiry-schedule.js';
import { findEntry } from './application/claims.js';
import { openLedger, type OpenLedger } from './application/open-ledger.js';
import { commandRoutes } from './http/routes.js';

const EXPIRE_EVERY_MS = 1_000;
const LOOK_AFTER_EVERY_MS = 500;

/** A gateway counts as gone when of its last 40 calls within half a minute 32 had no answer. */
const CIRCUIT = { window: 40, minimumCalls: 40, threshold: 0.8 };

/**
 * Opens the command side: the log for writing, and ledger and payments on it.
 * @throws what opening the log or reading it throws
 */
export async function openCommandService({ config, log, metrics }: Basics): Promise<Service> {
  const folder = config.dataFolder;
  const gatewaysConfig = readGatewaysConfig(process.env);
  const schedule = readInquirySchedule(process.env);
  // Snapshots and the simulator's memory are here, wherever the log is.
  mkdirSync(folder, { recursive: true });
  const store = await (await serviceStores(config, log)).log('write');
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
  const gateways = openGateways(gatewaysConfig, folder);
  const payments = openPayments({
    store: counting(store, appended),
    clock: Date.now,
    ids: randomUUID,
    zone: config.timeZone,
    gateways,
    watched: ledger.payments,
    repetitionConflicts: gatewaysConfig.conflictsOnRepeat,
    failed: (error) => log.error({ err: error }, 'a payment was left as it is for now'),
    ...(schedule === undefined ? {} : { schedule }),
  });
  metrics.gauge('sagae_payments', 'Payments that have to be looked after.', 'of', () =>
    countsOf(ledger.payments.sizes()),
  );
  metrics.gauge('sagae_gateway_circuit', '1 while the circuit is not closed.', 'gateway', () =>
    circuitsOf(gateways),
  );
  const janitors = [
    every(
      EXPIRE_EVERY_MS,
      () => ledger.expireHolds(),
      (error) => {
        log.error({ err: error }, 'holds could not be expired; trying again');
      },
    ),
    every(
      LOOK_AFTER_EVERY_MS,
      () => payments.lookAfter(),
      (error) => {
        log.error({ err: error }, 'payments could not be looked after; trying again');
      },
    ),
  ];
  const health = async (): Promise<readonly PartState[]> => [await logState(store)];
  return {
    routes: [
      ...commandRoutes(ledger, async (id) => (await findEntry(store, id))?.revision),
      ...paymentRoutes(payments, randomUUID),
    ],
    health,
    ready: async () => [...(await health()), await diskState(folder)],
    metrics: async () => [await metrics.snapshot()],
    close: async () => {
      for (const janitor of janitors) clearInterval(janitor);
      await payments.close();
      await Promise.all(gateways.all().map(({ gateway }) => gateway.close()));
      await ledger.close();
      await store.close();
    },
  };
}

/** Opens the configured gateways. The simulator's memory is in the data folder. */
function openGateways(config: GatewaysConfig, folder: string): Gateways {
  const entries = config.gateways.map((gateway) => {
    const { name, timeoutMs, settlesAfterMs } = gateway;
    const breaker = new CircuitBreaker(CIRCUIT);
    return { name, gateway: openGateway(gateway, folder), timeoutMs, settlesAfterMs, breaker };
  });
  return new ConfiguredGateways(entries, config.routes, config.default);
}

function openGateway(config: GatewayConfig, folder: string): PaymentGateway {
  switch (config.kind) {
    case 'simulator': {
      const { name, settlesAfterMs } = config;
      const file = join(folder, `gateway-${name}.db`);
      return openSimulator({ file, clock: Date.now, settlesAfterMs });
    }
    case 'simulator-http':
      return httpSimulator({ url: config.url });
    case 'toss':
      return openToss({ url: config.url, secretKey: config.secretKey() });
  }
}

/** Does something now and then, once at a time. */
function every(
  milliseconds: number,
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): NodeJS.Timeout {
  let running = false;
  return setInterval(() => {
    if (running) return;
    running = true;
    work()
      .catch(failed)
      .finally(() => {
        running = false;
      });
  }, milliseconds);
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

function countsOf(sizes: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(sizes));
}

function circuitsOf(gateways: Gateways): ReadonlyMap<string, number> {
  return new Map(
    gateways.all().map(({ name, breaker }) => [name, breaker.state === 'closed' ? 0 : 1]),
  );
}

if (isProgram(import.meta.url)) {
  await runProcess({
    service: 'command',
    title: 'Sagae command',
    defaultPort: 8081,
    start: async (basics) => serveService(await openCommandService(basics), basics),
  });
}

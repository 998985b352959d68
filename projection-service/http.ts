import type { Metrics } from '../shared/http/metrics.js';
import type { PartState } from '../shared/http/operations.js';
import type { Log } from '../shared/logging.js';
import { StoreUnavailable } from '../shared/ports/event-store.js';
import type { Notice } from './config.js';
import type { Standing } from './member.js';
import type { ProjectionHealth, ViewLag } from './runner.js';
import type { Projection } from './service.js';

/** Views that have left an event unhandled for so long are no basis for answers. */
const MAX_LAG_MS = 30_000;

/** Whether the log can be read, and no view has given up. */
export function healthStates(health: ProjectionHealth): readonly PartState[] {
  const { log } = health;
  return [log === null ? { part: 'log' } : { part: 'log', problem: log }, ...viewStates(health)];
}

/** The same without the log. */
export function viewStates({ views }: ProjectionHealth): readonly PartState[] {
  return views.map(({ view, standing }) => stateOf(`view ${view}`, standing));
}

/** Whether the views are also near the end of the log. */
export async function readyStates(projection: Projection): Promise<readonly PartState[]> {
  return [...healthStates(projection.health()), ...(await lagStates(projection))];
}

/**
 * Gauges of lag and parked events; what is answered looks at them, before the figures are read.
 * Nobody knows how far behind views are while the log cannot be read: then there are no such figures.
 */
export function lagGauges(
  metrics: Metrics,
): (lag: () => Promise<readonly ViewLag[]>) => Promise<void> {
  let current: readonly ViewLag[] = [];
  const by = (value: (lag: ViewLag) => number) => () =>
    new Map(current.map((lag) => [lag.view, value(lag)]));
  metrics.gauge(
    'sagae_projection_lag_seconds',
    'How long the oldest event that a view has not handled has been there.',
    'view',
    by(({ ms }) => ms / 1_000),
  );
  metrics.gauge(
    'sagae_projection_lag_positions',
    'Head of the log less checkpoint of the view.',
    'view',
    by(({ behind }) => Number(behind)),
  );
  metrics.gauge(
    'sagae_projection_parked_events',
    'Events that a view could not handle, and those that wait behind them.',
    'view',
    by(({ parked }) => parked),
  );
  return async (lag) => {
    current = [];
    current = await lag().catch(nothingWhileAway);
  };
}

/** @throws any fault but that the log cannot be read */
function nothingWhileAway(error: unknown): readonly ViewLag[] {
  if (error instanceof StoreUnavailable) return [];
  throw error;
}

/** Writes what happens in the projection to the log of the service. */
export function noticeLog(log: Log): (notice: Notice) => void {
  return (notice) => {
    switch (notice.kind) {
      case 'committed': {
        const { view, events, parked, delayMs } = notice;
        const line = { view, events, parked, position: notice.position.toString(), delayMs };
        if (parked > 0) log.error(line, 'events were parked');
        else log.debug(line, 'committed');
        return;
      }
      case 'fenced':
        log.warn({ view: notice.view }, 'another projection is at work on this view');
        return;
      case 'stopped': {
        const { view, reason, position } = notice;
        log.error({ view, reason, position: position.toString() }, 'the view has stopped');
        return;
      }
      case 'fault': {
        const { view, error, retryInMs } = notice;
        log.warn({ view, err: error, retryInMs }, 'a store failed; trying again');
        return;
      }
    }
  };
}

async function lagStates(projection: Projection): Promise<readonly PartState[]> {
  try {
    const lags = await projection.lag();
    return lags.map(({ view, ms }) => {
      const part = `view ${view} is current`;
      if (ms <= MAX_LAG_MS) return { part };
      return { part, problem: `it is ${Math.round(ms / 1_000)} s behind the log` };
    });
  } catch (error) {
    return [{ part: 'lag', problem: error instanceof Error ? error.message : 'is not known' }];
  }
}

function stateOf(part: string, standing: Standing): PartState {
  switch (standing.kind) {
    case 'running':
    case 'standby':
      return { part };
    case 'waiting':
      return { part, problem: standing.reason };
    case 'stopped':
      return { part, problem: `stopped at position ${standing.position}: ${standing.reason}` };
  }
}

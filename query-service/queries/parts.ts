import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { QueryRefused } from './answers.js';

/** What queries read of the log: they never append. */
export type LogReader = Pick<EventStore, 'head' | 'readAll' | 'readAt' | 'readStream'>;

/** What the queries stand on. */
export type QueryParts = Readonly<{
  views: ViewReader;
  log: LogReader;
  clock: Clock;
  /** How long a question waits for the views to come to what it asks about. Default: 2 s. */
  patienceMs?: number;
}>;

/** As many rows as there are. */
export const ALL_ROWS = 2 ** 31 - 1;

const MAX_LIMIT = 500;

/** @throws {QueryRefused} the limit is not one of 1 to {@link MAX_LIMIT} */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return;
  throw new QueryRefused(
    'VALIDATION_FAILED',
    'limit',
    String(limit),
    `a limit is between 1 and ${MAX_LIMIT}`,
  );
}

import { setTimeout as timeout } from 'node:timers/promises';
import type { Clock } from '../shared/ports/clock.js';
import type { EventStore } from '../shared/ports/event-store.js';
import type { ViewStore } from '../shared/ports/view-store.js';
import type { View } from './view.js';

/** What the runner needs, and what may be set for it. */
export type ProjectionOptions = Readonly<{
  log: EventStore;
  /** Opened with {@link projectionTables} of the same views, and used by nobody else. */
  store: ViewStore;
  views: readonly View[];
  /** Default: the system's. */
  clock?: Clock;
  /** Told of everything that happens, for metrics and logs. Must not throw. */
  onNotice?: (notice: Notice) => void;
  /**
   * Events folded and committed together while catching up. Default 20,000: rows of one account are
   * neighbours, and the more of them are written together, the fewer pages are.
   */
  batchSize?: number;
  /** The same for a view that catches up while others are live, which wait so long. Default 2,000. */
  laggardBatchSize?: number;
  /** Longest wait before what failed is tried again, ms. Default 2,000: at work soon after the store is. */
  longestRetryMs?: number;
  /** How long a fenced runner watches the checkpoint stand still before it takes over, ms. */
  standbyMs?: number;
  /** Waits; ends early, without an error, when the signal aborts. Default: a timer. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to below 1. Default: Math.random. */
  random?: () => number;
}>;

export type ProjectionSettings = Required<ProjectionOptions>;

/** What happens in the projection. */
export type Notice =
  /** `delayMs`: from recording the last event to its being visible. */
  | Readonly<{
      kind: 'committed';
      view: string;
      events: number;
      parked: number;
      position: bigint;
      delayMs: number;
    }>
  | Readonly<{ kind: 'fenced'; view: string }>
  | Readonly<{ kind: 'stopped'; view: string; position: bigint; reason: string }>
  /** A fault of a store; what met it tries again after `retryInMs`. No view: reading the log. */
  | Readonly<{ kind: 'fault'; view?: string; error: unknown; retryInMs: number }>;

/** Fills in the defaults. */
export function settingsOf(options: ProjectionOptions): ProjectionSettings {
  return {
    clock: Date.now,
    onNotice: () => undefined,
    batchSize: 20_000,
    laggardBatchSize: 2_000,
    longestRetryMs: 2_000,
    standbyMs: 1_000,
    pause: pauseFor,
    random: Math.random,
    ...options,
  };
}

const FIRST_RETRY_MS = 50;

/** Milliseconds to wait before a further attempt, the first being 0: doubling, with jitter. */
export function retryDelay(
  attempt: number,
  { random, longestRetryMs }: Pick<ProjectionSettings, 'random' | 'longestRetryMs'>,
): number {
  const longest = Math.min(longestRetryMs, FIRST_RETRY_MS * 2 ** Math.min(attempt, 16));
  return Math.ceil(longest * (0.5 + random() / 2));
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

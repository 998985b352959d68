import { StoreUnavailable, type RecordedEvent } from '../../ports/event-store.js';
import type { Feed } from './feed.js';
import { pause } from './pause.js';
import type { Reads } from './reads.js';

/** Events a subscription hands over at once, at most. */
const BATCH = 1000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/**
 * Everything after a position: page by page until the feed holds what comes next, then from there.
 * Nothing is read ahead of the consumer; one that falls so far behind that the feed has forgotten
 * reads pages again. A server that is away is waited for.
 */
export async function* subscribe(
  feed: Feed,
  reads: Reads,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  feed.start();
  let position = after;
  let wait = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const isLive = feed.holds(position);
    const events = isLive ? feed.after(position, BATCH) : await page(reads, position, signal);
    if (events === 'unavailable') {
      await pause(wait, signal);
      wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      continue;
    }
    wait = FIRST_PAUSE_MS;
    const last = events.at(-1);
    if (last === undefined) {
      await feed.more(position, signal);
      continue;
    }
    yield events;
    position = last.position;
  }
}

async function page(
  reads: Reads,
  after: bigint,
  signal: AbortSignal,
): Promise<readonly RecordedEvent[] | 'unavailable'> {
  try {
    return await reads.all(after, BATCH);
  } catch (error) {
    if (signal.aborted) return [];
    if (error instanceof StoreUnavailable) return 'unavailable';
    throw error;
  }
}

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
 * One page is read ahead of the consumer; one that falls so far behind that the feed has forgotten
 * reads pages again. A server that is away is waited for.
 */
export async function* subscribe(
  feed: Feed,
  reads: Reads,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  feed.start();
  const pages = new Pages(reads, signal);
  let position = after;
  let wait = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const isLive = feed.holds(position);
    const events = isLive ? feed.after(position, BATCH) : await pages.after(position);
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
    position = last.position;
    if (!isLive && events.length === BATCH && !feed.holds(position)) pages.prepare(position);
    yield events;
  }
}

type Page = readonly RecordedEvent[] | 'unavailable';

/** Pages of the log, of which the next one may be on its way. */
class Pages {
  readonly #reads: Reads;
  readonly #signal: AbortSignal;
  #next: Readonly<{ position: bigint; page: Promise<Page> }> | undefined;

  constructor(reads: Reads, signal: AbortSignal) {
    this.#reads = reads;
    this.#signal = signal;
  }

  /** @throws what is not for the store to wait for */
  after(position: bigint): Promise<Page> {
    const next = this.#next;
    this.#next = undefined;
    return next?.position === position ? next.page : this.#read(position);
  }

  /** The page after this position is asked for next. */
  prepare(position: bigint): void {
    const page = this.#read(position);
    // Heard by who asks for it, if anybody still does.
    page.catch(() => undefined);
    this.#next = { position, page };
  }

  async #read(after: bigint): Promise<Page> {
    try {
      return await this.#reads.all(after, BATCH);
    } catch (error) {
      if (this.#signal.aborted) return [];
      if (error instanceof StoreUnavailable) return 'unavailable';
      throw error;
    }
  }
}

import type { RecordedEvent } from '../../ports/event-store.js';
import type { Connection } from './connection.js';
import { failureOf } from './faults.js';
import type { OnNotice } from './notice.js';
import { pause } from './pause.js';
import { followEvents } from './read-calls.js';
import type { Reads } from './reads.js';
import { RecentEvents } from './recent-events.js';
import type { RecordedTimes } from './recorded-times.js';
import { truncationOf } from './retention.js';
import { followRequest, isOurs, recorded, type WireEvent } from './wire.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

export type FeedParts = Readonly<{
  connection: Connection;
  reads: Reads;
  times: RecordedTimes;
  onNotice: OnNotice;
  /** How long the feed may be silent until it is asked whether it is still one. */
  probeMs: number;
}>;

/**
 * The one live subscription of a process: every event of the log in order, from when it began. The
 * server drops subscriptions and the client does not take them up again; this does, from the last
 * event it had. It feeds all subscriptions of ours, and tells appends when they were recorded.
 */
export class Feed {
  readonly #parts: FeedParts;
  readonly #closing = new AbortController();
  readonly #recent = new RecentEvents();
  readonly #arrivals = new Map<bigint, () => void>();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  #hasBegun = false;
  #isHeard = false;
  #isLost = false;
  /** Position of the last event of any kind. */
  #position = 0n;
  #wakeIsDue = false;
  /** Ends the call under way. */
  #call = new AbortController();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** From now on it runs. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Starts it when it is known from where.
   * @throws {StoreUnavailable}
   */
  async begin(): Promise<void> {
    await this.#begin();
    this.start();
  }

  /** Whether everything after a position, as far as it has come, is held here. */
  holds(position: bigint): boolean {
    return this.#hasBegun && position >= this.#recent.from;
  }

  after(position: bigint, limit: number): readonly RecordedEvent[] {
    return this.#recent.after(position, limit);
  }

  upTo(position: bigint, count: number): readonly RecordedEvent[] | undefined {
    return this.#recent.upTo(position, count);
  }

  /** Resolves with true when it has come to the event at a position, with false after a while. */
  reached(position: bigint, patienceMs: number): Promise<boolean> {
    if (!this.#hasBegun) return Promise.resolve(false);
    if (position <= this.#position) return Promise.resolve(true);
    const before = this.#position;
    const call = this.#call;
    return new Promise((resolve) => {
      // The same append may be sent many times at once.
      const others = this.#arrivals.get(position);
      const settle = (isThere: boolean) => {
        clearTimeout(late);
        if (this.#arrivals.get(position) === arrived) this.#arrivals.delete(position);
        resolve(isThere);
      };
      const arrived = () => {
        settle(true);
        others?.();
      };
      const late = setTimeout(() => {
        settle(false);
        // Not only behind but stuck, or the server is: a new call tells. That one is for those to end
        // who have waited for it: others might never let it come to its first event.
        if (this.#position === before) call.abort();
      }, patienceMs);
      this.#arrivals.set(position, arrived);
    });
  }

  /** Resolves when there may be more than up to a position, or the signal aborts. */
  more(position: bigint, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#hasBegun && this.#recent.last > position)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#call.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let wait = FIRST_PAUSE_MS; !signal.aborted;) {
      const before = this.#position;
      const reason = await this.#follow();
      if (this.#closing.signal.aborted) return;
      this.#isLost = true;
      this.#parts.onNotice({ kind: 'feed-lost', reason });
      if (this.#position > before) wait = FIRST_PAUSE_MS;
      await pause(wait, signal);
      wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
    }
  }

  /** @returns why it ended */
  async #follow(): Promise<string> {
    this.#call = new AbortController();
    const { signal } = this.#call;
    const { connection } = this.#parts;
    try {
      if (!this.#hasBegun) await this.#begin();
      const watch = this.#watch(this.#call);
      try {
        const request = followRequest(this.#position);
        await followEvents(connection, request, (event) => this.#hear(event), signal);
      } finally {
        clearInterval(watch);
      }
      return signal.aborted ? 'it was silent' : 'the server ended it';
    } catch (error) {
      return failureOf(error).text;
    }
  }

  async #begin(): Promise<void> {
    const { position, recordedAt } = await this.#parts.reads.headAndTime();
    this.#parts.times.begin(position, recordedAt);
    this.#position = position;
    this.#recent.begin(position);
    this.#hasBegun = true;
    this.#wake();
  }

  /** A dead connection is as silent as a log where nothing happens. */
  #watch(call: AbortController): NodeJS.Timeout {
    let missed: bigint | undefined;
    const look = async () => {
      if (missed !== undefined && this.#position < missed) {
        call.abort();
        return;
      }
      missed = undefined;
      if (!this.#isHeard) {
        const head = await this.#parts.reads.head();
        if (head > this.#position) missed = head;
      }
      this.#isHeard = false;
    };
    const timer = setInterval(() => {
      look().catch(() => call.abort());
    }, this.#parts.probeMs);
    return timer.unref();
  }

  #hear(event: WireEvent | undefined): void {
    this.#isHeard = true;
    if (this.#isLost) {
      this.#isLost = false;
      this.#parts.onNotice({ kind: 'feed-back', position: this.#position });
    }
    if (event !== undefined) this.#take(event);
  }

  #take(event: WireEvent): void {
    const { times, onNotice } = this.#parts;
    // At least once: a new call may begin with what was seen.
    if (event.position <= this.#position) return;
    this.#position = event.position;
    if (isOurs(event)) {
      this.#recent.push(recorded(event, times.next(event)));
      this.#wake();
    } else {
      const truncated = truncationOf(event);
      if (truncated?.setting !== undefined) {
        onNotice({
          kind: 'stream-truncated',
          stream: truncated.stream,
          setting: truncated.setting,
        });
      }
    }
    this.#arrivals.get(event.position)?.();
  }

  /** Once for all events that come in one turn. */
  #wake(): void {
    if (this.#wakeIsDue) return;
    this.#wakeIsDue = true;
    setImmediate(() => {
      this.#wakeIsDue = false;
      for (const wake of [...this.#waiting]) wake();
    });
  }
}

import type { RecordedEvent } from '../../shared/ports/event-store.js';
import type { LogSource } from './log-target.js';

const PAGE_EVENTS = 1000;

/** Reads a log in order, from its first event, as far as somebody takes from it. */
export class PagedLog {
  #page: readonly RecordedEvent[] = [];
  #read: bigint;
  readonly #upTo: bigint | undefined;

  /** @param part the positions to read: those above `after` up to `upTo`; default: all */
  constructor(
    private readonly log: LogSource,
    part: Readonly<{ after?: bigint; upTo?: bigint }> = {},
  ) {
    this.#read = part.after ?? 0n;
    this.#upTo = part.upTo;
  }

  /** The next events, not taken yet. None: it is at its end. */
  async next(): Promise<readonly RecordedEvent[]> {
    if (this.#page.length > 0 || this.#read === this.#upTo) return this.#page;
    const page = await this.log.readAll(this.#read, PAGE_EVENTS);
    this.#read = page.at(-1)?.position ?? this.#read;
    this.#page = page.filter(({ position }) => this.#upTo === undefined || position <= this.#upTo);
    return this.#page;
  }

  /** So many of the next events are done with. */
  take(count: number): void {
    this.#page = this.#page.slice(count);
  }
}

/** The events of two logs that stand at the same place; beyond the end of one there are none. */
export type Pages = Readonly<{
  /** How many events of each came before these. */
  before: number;
  source: readonly RecordedEvent[];
  target: readonly RecordedEvent[];
}>;

/** Reads two logs in step: as many events of each, until one ends; then the rest of the other. */
export async function* inStep(
  source: PagedLog,
  target: PagedLog,
): AsyncGenerator<Pages, void, void> {
  for (let before = 0; ;) {
    const [from, to] = await Promise.all([source.next(), target.next()]);
    const both = Math.min(from.length, to.length);
    const count = both > 0 ? both : Math.max(from.length, to.length);
    if (count === 0) return;
    yield { before, source: from.slice(0, count), target: to.slice(0, count) };
    source.take(count);
    target.take(count);
    before += count;
  }
}

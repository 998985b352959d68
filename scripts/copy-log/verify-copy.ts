import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { AuditFailed } from '../audit/fold.js';
import { firstDifference, type Difference } from './difference.js';
import { LogDigest } from './event-digest.js';
import type { LogSource } from './log-target.js';
import { MonthBooks } from './month-books.js';
import { monthEnds, type MonthEnd } from './month-ends.js';
import { inStep, PagedLog } from './paged-log.js';

/** What was found in one log, read from its first event on. */
export type LogFacts = Readonly<{
  events: number;
  entries: number;
  /** SHA-256 over the checksums of its events in order, in hexadecimal. */
  digest: string;
  /** Milliseconds since 1970; undefined: it is empty. */
  lastRecordedAt: number | undefined;
  lastPosition: bigint;
  /** Why its books cannot be folded; undefined: they can. */
  unfoldable: string | undefined;
}>;

export type CopyVerification = Readonly<{
  ok: boolean;
  source: LogFacts;
  target: LogFacts;
  /** Undefined: every event is the same in both. */
  difference: Difference | undefined;
  monthEnds: readonly MonthEnd[];
}>;

/**
 * Reads both logs from the first event to the last, the source only up to a position, and compares
 * event by event; computes a checksum of each, and folds the books of each by itself.
 *
 * @param onProgress called with the position in the source up to which they were compared
 */
export async function verifyCopy(
  source: LogSource,
  target: LogSource,
  upTo: bigint,
  onProgress: (position: bigint) => void = () => undefined,
): Promise<CopyVerification> {
  const [from, to] = [new OneLog(), new OneLog()];
  let difference: Difference | undefined;
  for await (const pages of inStep(new PagedLog(source, { upTo }), new PagedLog(target))) {
    difference ??= firstDifference(pages);
    for (const event of pages.source) from.add(event);
    for (const event of pages.target) to.add(event);
    onProgress(from.position);
  }
  const ends = monthEnds(from.books, to.books);
  const facts = { source: from.facts(), target: to.facts() };
  const ok =
    difference === undefined &&
    facts.source.events === facts.target.events &&
    facts.source.digest === facts.target.digest &&
    facts.source.unfoldable === undefined &&
    facts.target.unfoldable === undefined &&
    ends.every(({ same }) => same);
  return { ok, ...facts, difference, monthEnds: ends };
}

class OneLog {
  readonly books = new MonthBooks();
  events = 0;
  readonly #digest = new LogDigest();
  #last: RecordedEvent | undefined;
  #unfoldable: string | undefined;

  get position(): bigint {
    return this.#last?.position ?? 0n;
  }

  add(event: RecordedEvent): void {
    this.events += 1;
    this.#digest.add(event);
    this.#last = event;
    if (this.#unfoldable !== undefined) return;
    try {
      this.books.add(event);
    } catch (error) {
      if (!(error instanceof AuditFailed)) throw error;
      this.#unfoldable = error.message;
    }
  }

  facts(): LogFacts {
    return {
      events: this.events,
      entries: this.books.entries,
      digest: this.#digest.result(),
      lastRecordedAt: this.#last?.recordedAt,
      lastPosition: this.position,
      unfoldable: this.#unfoldable,
    };
  }
}

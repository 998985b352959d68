import {
  AppendTooLarge,
  type AppendResult,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
} from '../../ports/event-store.js';
import type { AppendCalls } from './append-calls.js';
import { asStoreFault, unavailable } from './faults.js';
import type { Feed } from './feed.js';
import type { OnNotice } from './notice.js';
import type { Reads } from './reads.js';
import { Turns } from './turns.js';
import type { AppendAnswer, SentEvent } from './wire.js';

/**
 * Appends under way at once. More make the server no faster, and would only wait there until their
 * time is up, be looked up and sent again: the more there is to do, the more of it twice.
 */
const AT_ONCE = 128;
/** How long an append waits for its turn. */
const TURN_PATIENCE_MS = 10_000;
/** How often an append is sent before it is given up with its outcome unknown. */
const ATTEMPTS = 3;
/** How long the feed may take to bring what was appended before it is read instead. */
const FEED_PATIENCE_MS = 500;

export type AppendsParts = Readonly<{
  calls: Pick<AppendCalls, 'append'>;
  reads: Reads;
  feed: Feed;
  server: string;
  onNotice: OnNotice;
}>;

type Append = Readonly<{
  stream: string;
  expected: ExpectedRevision;
  events: readonly SentEvent[];
  /** Revision that its first event gets. */
  first: bigint;
}>;

type Appended = Extract<AppendResult, { kind: 'appended' }>;

/** Appends as the port promises them. */
export class Appends {
  readonly #parts: AppendsParts;
  readonly #inHand = new Set<Promise<AppendResult>>();
  #isFinishing = false;
  readonly #turns: Turns;

  constructor(parts: AppendsParts) {
    this.#parts = parts;
    this.#turns = new Turns(AT_ONCE, TURN_PATIENCE_MS, () =>
      unavailable(`EventStoreDB at ${parts.server} does not keep up: nothing of this was sent`),
    );
  }

  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly SentEvent[],
  ): Promise<AppendResult> {
    const result = this.#append({ stream, expected, events, first: firstOf(expected) });
    this.#inHand.add(result);
    const done = () => this.#inHand.delete(result);
    result.then(done, done);
    return result;
  }

  /** What an append would be answered that is there already; undefined: nothing is in its place. */
  find(
    stream: string,
    expected: ExpectedRevision,
    events: readonly SentEvent[],
  ): Promise<AppendResult | undefined> {
    return this.#lookUp({ stream, expected, events, first: firstOf(expected) });
  }

  /** Resolves when every append in hand is answered; none is sent again. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    await Promise.allSettled(this.#inHand);
  }

  /**
   * An append whose outcome is unknown is looked up before it is sent again, and it is sent again
   * with the same ids and revision only: should the first one arrive late, one of them is stored.
   */
  async #append(append: Append): Promise<AppendResult> {
    const { stream } = append;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(append, attempt);
      switch (answer.kind) {
        case 'appended':
          return this.#confirm(append, answer);
        case 'conflict':
          return (await this.#lookUp(append)) ?? answer;
        case 'too-large':
          throw new AppendTooLarge(`the server takes ${answer.limit} bytes in one append`);
        case 'deleted':
          throw new Error(`stream ${stream} was deleted: a ledger never deletes a stream`);
        case 'denied':
          throw unavailable(`EventStoreDB at ${this.#parts.server} denies appending to ${stream}`);
        case 'unknown': {
          const { reason } = answer;
          this.#parts.onNotice({ kind: 'outcome-unknown', stream, attempt, reason });
          const found = await this.#lookUpAfter(append, reason);
          if (found !== undefined) return found;
          if (attempt === ATTEMPTS || this.#isFinishing) throw this.#unknown(stream, reason);
        }
      }
    }
  }

  async #send({ stream, expected, events }: Append, attempt: number): Promise<AppendAnswer> {
    try {
      return await this.#turns.take(() => this.#parts.calls.append(stream, expected, events));
    } catch (error) {
      const fault = asStoreFault(error, this.#parts.server);
      // Not sent this time; what was sent before may still arrive.
      throw attempt === 1 ? fault : this.#unknown(stream, fault.message, fault);
    }
  }

  async #lookUpAfter(append: Append, reason: string): Promise<AppendResult | undefined> {
    try {
      return await this.#lookUp(append);
    } catch (error) {
      throw this.#unknown(append.stream, reason, error);
    }
  }

  /** Whether it is stored, by ids and revisions; undefined: nothing is where it would go. */
  async #lookUp(append: Append): Promise<AppendResult | undefined> {
    const { stream, events, first } = append;
    const stored = await this.#parts.reads.stream(stream, {
      direction: 'forwards',
      from: first,
      limit: events.length,
    });
    const last = stored.at(-1);
    if (last === undefined) return undefined;
    if (areThere(events, stored)) return this.#known(append, stored, last);
    const [end] = await this.#parts.reads.stream(stream, { direction: 'backwards', limit: 1 });
    return { kind: 'conflict', actual: (end ?? last).revision };
  }

  /** What the server says it stored, as it is stored. */
  async #confirm(
    append: Append,
    { revision, position }: Extract<AppendAnswer, { kind: 'appended' }>,
  ): Promise<Appended> {
    const { stream, events, first } = append;
    if (revision !== first + BigInt(events.length) - 1n) {
      throw new Error(
        `stream ${stream} goes on at revision ${revision} and not at ${first}: it was deleted before`,
      );
    }
    const stored = await this.#stored(append, position);
    const last = stored.at(-1);
    if (last === undefined || !areThere(events, stored)) {
      throw unavailable(
        `EventStoreDB at ${this.#parts.server} says it stored events in ${stream} that are not there`,
      );
    }
    return this.#known(append, stored, last);
  }

  async #stored(append: Append, position: bigint): Promise<readonly RecordedEvent[]> {
    const { feed, reads } = this.#parts;
    const { stream, events, first } = append;
    if (await feed.reached(position, FEED_PATIENCE_MS)) {
      const recent = feed.upTo(position, events.length) ?? [];
      // One that the server knows from before may be there in pieces, with others between them.
      if (areThere(events, recent)) return recent;
    }
    return reads.stream(stream, { direction: 'forwards', from: first, limit: events.length });
  }

  /** The ids decide; that the rest may differ is what the server does not look at. */
  async #known(
    append: Append,
    stored: readonly RecordedEvent[],
    last: RecordedEvent,
  ): Promise<Appended> {
    const { stream, events } = append;
    for (const [index, event] of events.entries()) {
      const there = stored[index];
      if (there === undefined || hasSameContent(there, event)) continue;
      const { revision } = there;
      this.#parts.onNotice({ kind: 'other-content-under-known-id', stream, revision });
    }
    const { revision, position } = last;
    const recordedAt = await this.#parts.reads.recordedAt(last);
    return { kind: 'appended', revision, position, recordedAt };
  }

  #unknown(stream: string, reason: string, cause?: unknown): Error {
    return unavailable(
      `EventStoreDB at ${this.#parts.server}: whether it stored events in ${stream} is not known ` +
        `(${reason}); the same append may be sent again`,
      cause,
    );
  }
}

function firstOf(expected: ExpectedRevision): bigint {
  return expected === 'no-stream' ? 0n : expected + 1n;
}

/** Whether what is stored begins with these, by their ids. */
function areThere(events: readonly NewEvent[], stored: readonly RecordedEvent[]): boolean {
  return events.every(({ eventId }, index) => stored[index]?.eventId === eventId);
}

function hasSameContent(one: NewEvent, other: NewEvent): boolean {
  return (
    one.eventId === other.eventId &&
    one.type === other.type &&
    one.data === other.data &&
    one.metadata === other.metadata
  );
}

import { decodeEvent, encodeData, encodeMetadata, type DecodedEvent } from '../events/codec.js';
import type { EventMetadata, LedgerEvent } from '../events/event.js';
import { isDay, type Day } from '../ledger/day.js';
import { isEntry, journalEntry, type JournalEntry, type LegInput } from '../ledger/entry.js';
import type { EventStore, ReadStreamOptions, RecordedEvent } from '../ports/event-store.js';

/** What a test says about an event; the rest is made up. */
export type TestEvent = Readonly<{
  event: LedgerEvent;
  effective: string;
  /** RFC 3339, or milliseconds since 1970. */
  recordedAt: string | number;
  stream?: string;
  metadata?: Partial<EventMetadata>;
}>;

/** A log in memory for tests of views and queries: what is recorded can be read. */
export class MemoryLog implements Pick<EventStore, 'head' | 'readAll' | 'readAt' | 'readStream'> {
  readonly recorded: RecordedEvent[] = [];
  private readonly revisions = new Map<string, bigint>();
  private last = 0n;

  /** @param gap distance between positions, which are sparse in every store */
  constructor(private readonly gap = 1n) {}

  /** Records an event and answers with its position. */
  record({ event, effective, recordedAt, stream, metadata }: TestEvent): bigint {
    const number = this.recorded.length;
    return this.append(stream ?? `test-${number}`, {
      eventId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      type: event.type,
      data: encodeData(event),
      metadata: encodeMetadata({
        schemaVersion: 1,
        commandId: `command-${number}`,
        correlationId: `correlation-${number}`,
        causationId: metadata?.commandId ?? `command-${number}`,
        actor: 'test',
        effectiveDate: day(effective),
        ...metadata,
      }),
      recordedAt: typeof recordedAt === 'number' ? recordedAt : Date.parse(recordedAt),
    });
  }

  /** Records an event as it is, decodable or not. */
  append(stream: string, event: Omit<RecordedEvent, 'stream' | 'revision' | 'position'>): bigint {
    const revision = (this.revisions.get(stream) ?? -1n) + 1n;
    this.revisions.set(stream, revision);
    this.last += this.gap;
    this.recorded.push({ ...event, stream, revision, position: this.last });
    return this.last;
  }

  decoded(): readonly DecodedEvent[] {
    return this.recorded.map(decodeEvent);
  }

  head(): Promise<bigint> {
    return Promise.resolve(this.last);
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return Promise.resolve(
      this.recorded.filter(({ position }) => position > after).slice(0, limit),
    );
  }

  readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    const byPosition = new Map(this.recorded.map((event) => [event.position, event]));
    return Promise.resolve(
      positions.map((position) => {
        const event = byPosition.get(position);
        if (event === undefined) throw new Error(`no event at position ${position}`);
        return event;
      }),
    );
  }

  readStream(
    stream: string,
    { direction, from, limit }: ReadStreamOptions,
  ): Promise<readonly RecordedEvent[]> {
    const events = this.recorded.filter((event) => event.stream === stream);
    if (direction === 'backwards') events.reverse();
    const wanted = events.filter(
      ({ revision }) =>
        from === undefined || (direction === 'forwards' ? revision >= from : revision <= from),
    );
    return Promise.resolve(wanted.slice(0, limit));
  }
}

/** A day of the calendar. @throws Error when it is none */
export function day(text: string): Day {
  if (!isDay(text)) throw new Error(`${text} is no day`);
  return text;
}

/** A balanced entry. @throws Error when the legs are none */
export function balanced(legs: readonly LegInput[]): JournalEntry {
  const entry = journalEntry(legs);
  if (!isEntry(entry)) throw new Error(entry.reason);
  return entry;
}

/** An entry of two legs: `amount` from the credited to the debited account. */
export function moved(
  debit: string,
  credit: string,
  amount: bigint,
  currency = 'KRW',
): JournalEntry {
  return balanced([
    { account: debit, side: 'debit', amount, currency },
    { account: credit, side: 'credit', amount, currency },
  ]);
}

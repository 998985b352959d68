import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import { describe, entryIdOf } from '../../shared/events/describe.js';
import { entryOf } from '../../shared/events/event.js';
import {
  codeOf,
  type AccountDefinition,
  type AccountId,
  type AccountType,
} from '../../shared/ledger/account.js';
import type { Currency } from '../../shared/ledger/currency.js';
import { formatDay, knownDayNumber, type Day } from '../../shared/ledger/day.js';
import type { Leg } from '../../shared/ledger/entry.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Known } from '../cli/known.js';

/** What of the log goes into a book. Both days are included. */
export type BookRange = Readonly<{ from?: Day; to?: Day; known?: Known }>;

/** The entries of a range of days, what was there before them, and what is there after them. */
export type Book = Readonly<{
  /** Days of the first line and of the closing assertions; undefined for a book without entries. */
  days: Readonly<{ first: Day; last: Day }> | undefined;
  definitions: ReadonlyMap<string, AccountDefinition>;
  /** In order of account, then currency. */
  sums: readonly AccountSum[];
  entries: number;
  /** In order of effective day, then position. Can be read again. */
  read(): AsyncGenerator<readonly BookEntry[]>;
}>;

/** Minor units, debits positive. `closing` counts the opening. */
export type AccountSum = Readonly<{
  account: AccountId;
  currency: Currency;
  opening: bigint;
  closing: bigint;
}>;

export type BookEntry = Readonly<{
  id: string;
  eventId: string;
  position: bigint;
  recordedAt: number;
  effectiveDate: Day;
  description: string;
  legs: readonly Leg[];
}>;

const READ_SIZE = 1000;

/**
 * Reads the log once for the sums and the order of the entries; the entries themselves are read
 * again when they are written, so that memory holds a number for each and no more.
 * @throws {EventUndecodable | EventDamaged} a book with a hole in it is not written
 */
export async function openBook(
  store: EventStore,
  range: BookRange,
  onProgress?: (position: bigint) => void,
): Promise<Book> {
  const outline = new Outline(range);
  let after = 0n;
  for (;;) {
    const events = await store.readAll(after, READ_SIZE);
    const last = events.at(-1);
    if (last === undefined) break;
    for (const recorded of events) {
      if (isLater(recorded, range.known)) return outline.book(store);
      outline.add(decodeEvent(recorded));
    }
    after = last.position;
    onProgress?.(after);
  }
  return outline.book(store);
}

function isLater(
  event: Readonly<{ position: bigint; recordedAt: number }>,
  known: Known | undefined,
): boolean {
  if (known === undefined) return false;
  if ('position' in known) return event.position > known.position;
  return event.recordedAt > known.instant;
}

type MutableSum = { account: AccountId; currency: Currency; opening: bigint; closing: bigint };

/**
 * Where the entries of a day are, and when each was recorded: as it was read in order, since a
 * server's clock may have been set back, and who reads one event alone does not see that.
 */
type DayEntries = Readonly<{ positions: number[]; times: number[] }>;

class Outline {
  private readonly definitions = new Map<string, AccountDefinition>();
  private readonly sums = new Map<string, MutableSum>();
  private readonly entriesOfDay = new Map<Day, DayEntries>();
  private entries = 0;

  constructor(private readonly range: BookRange) {}

  add(decoded: DecodedEvent): void {
    const { event, metadata } = decoded;
    if (event.type === 'AccountDeclared') this.definitions.set(event.data.code, event.data);
    const entry = entryOf(event);
    if (entry === undefined) return;
    const day = metadata.effectiveDate;
    const { from, to } = this.range;
    if (to !== undefined && day > to) return;
    const isOpening = from !== undefined && day < from;
    for (const leg of entry.legs) this.sum(leg, isOpening);
    if (!isOpening) this.place(day, decoded);
  }

  book(store: EventStore): Book {
    const days = [...this.entriesOfDay.keys()].sort();
    const { from, to } = this.range;
    const first = from ?? days[0];
    const last = to ?? days.at(-1) ?? from;
    const sums = [...this.sums.values()].sort(byAccountAndCurrency);
    const { definitions, entriesOfDay, entries } = this;
    return {
      days:
        first === undefined || last === undefined || sums.length === 0
          ? undefined
          : { first: first < last ? first : last, last },
      definitions,
      sums,
      entries,
      read: () => readEntries(store, days, entriesOfDay),
    };
  }

  private sum(leg: Leg, isOpening: boolean): void {
    const key = `${leg.account} ${leg.currency}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { account: leg.account, currency: leg.currency, opening: 0n, closing: 0n };
      this.sums.set(key, sum);
    }
    const amount = signedAmount(leg);
    sum.closing += amount;
    if (isOpening) sum.opening += amount;
  }

  private place(day: Day, { position, recordedAt }: DecodedEvent): void {
    if (position > Number.MAX_SAFE_INTEGER) throw new Error(`position ${position} is beyond 2^53`);
    this.entries++;
    let entries = this.entriesOfDay.get(day);
    if (entries === undefined) {
      entries = { positions: [], times: [] };
      this.entriesOfDay.set(day, entries);
    }
    entries.positions.push(Number(position));
    entries.times.push(recordedAt);
  }
}

async function* readEntries(
  store: EventStore,
  days: readonly Day[],
  entriesOfDay: ReadonlyMap<Day, DayEntries>,
): AsyncGenerator<readonly BookEntry[]> {
  for (const day of days) {
    const { positions, times } = entriesOfDay.get(day) ?? { positions: [], times: [] };
    for (let at = 0; at < positions.length; at += READ_SIZE) {
      const events = await store.readAt(positions.slice(at, at + READ_SIZE).map(BigInt));
      yield events.map((recorded, index) => {
        const recordedAt = times[at + index] ?? recorded.recordedAt;
        return bookEntry(decodeEvent({ ...recorded, recordedAt }));
      });
    }
  }
}

function bookEntry(decoded: DecodedEvent): BookEntry {
  const { event, metadata, eventId, position, recordedAt } = decoded;
  const entry = entryOf(event);
  if (entry === undefined) throw new Error(`the event at position ${position} has no entry`);
  return {
    id: entryIdOf(decoded),
    eventId,
    position,
    recordedAt,
    effectiveDate: metadata.effectiveDate,
    description: describe(event),
    legs: entry.legs,
  };
}

/** The leg's amount in minor units, debits positive. */
export function signedAmount(leg: Leg): bigint {
  return leg.side === 'debit' ? leg.amount : -leg.amount;
}

/** Name and type of an account's code. A code the log never declared stands beside the books. */
export function definitionOf(
  book: Book,
  account: AccountId,
): Pick<AccountDefinition, 'name' | 'type'> {
  return book.definitions.get(codeOf(account)) ?? { name: '', type: 'memo' };
}

/** The opening balances that are not zero, per currency: each of these balances by itself. */
export function openingSums(book: Book): ReadonlyMap<Currency, readonly AccountSum[]> {
  const groups = new Map<Currency, AccountSum[]>();
  for (const sum of book.sums) {
    if (sum.opening === 0n) continue;
    const group = groups.get(sum.currency);
    if (group === undefined) groups.set(sum.currency, [sum]);
    else group.push(sum);
  }
  return groups;
}

/** The day after a day. */
export function dayAfter(day: Day): Day {
  return formatDay(knownDayNumber(day) + 1);
}

function byAccountAndCurrency(a: AccountSum, b: AccountSum): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : 0;
}

/** Names accounts as some program wants them. */
export type Namer = (of: Pick<AccountSum, 'account'>) => string;

/** Names every account of the book by `nameOf`, working each name out once. */
export function namer(
  book: Book,
  nameOf: (account: AccountId, type: AccountType) => string,
): Namer {
  const known = new Map<string, string>();
  return ({ account }) => {
    let name = known.get(account);
    if (name === undefined) {
      name = nameOf(account, definitionOf(book, account).type);
      known.set(account, name);
    }
    return name;
  };
}

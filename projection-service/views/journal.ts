import type { DecodedEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import { knownDayNumber, type Day } from '../../shared/ledger/day.js';
import type { Leg } from '../../shared/ledger/entry.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import type { Row, Value, ViewBatch, ViewReader } from '../../shared/ports/view-store.js';
import {
  chainsTable,
  daysTable,
  entriesTable,
  instantsTable,
  JOURNAL_VIEW,
  legsTable,
  sideBlocksTable,
  sideLegsTable,
} from '../../shared/views/journal.js';
import type { View, ViewFold } from '../view.js';
import { chainRow, ChainTails, type ChainTail } from './chain-tails.js';
import { SideWriter } from './side-writer.js';

/**
 * All legs of all entries, ready for balances on any day as known at any position. Its one rule:
 * an event that carries an entry posts its legs, whatever else the event means.
 * @param zone IANA name of the zone in which accounting days begin and end
 */
export function journalView(zone: string): View {
  return {
    name: JOURNAL_VIEW,
    tables: [
      chainsTable,
      legsTable,
      daysTable,
      sideLegsTable,
      sideBlocksTable,
      entriesTable,
      instantsTable,
    ],
    undecodable: 'stop',
    open: (reader) => new JournalFold(reader, zone),
  };
}

class JournalFold implements ViewFold {
  private readonly tails: ChainTails;

  constructor(
    private readonly reader: ViewReader,
    private readonly zone: string,
  ) {
    this.tails = new ChainTails(reader);
  }

  async fold(events: readonly DecodedEvent[]): Promise<ViewBatch['puts']> {
    await this.tails.load(events);
    const batch = new JournalBatch(new SideWriter(this.reader), this.zone);
    for (const event of events) {
      batch.record(event);
      const entry = entryOf(event.event);
      if (entry === undefined) continue;
      for (let index = 0; index < entry.legs.length; index++) {
        const leg = entry.legs[index];
        if (leg === undefined) throw new Error('a leg is missing');
        const sideLeg = batch.post(this.tails.of(leg), leg, index);
        // Side legs are rare, and an await for every leg would cost more than the leg.
        if (sideLeg !== undefined) await sideLeg;
      }
    }
    return batch.puts();
  }
}

/** Collects the rows that one batch of events changes; what changes twice is put once. */
class JournalBatch {
  private readonly touched = new Set<ChainTail>();
  private readonly legs: Row[] = [];
  private readonly days: Row[] = [];
  private readonly entries: Row[] = [];
  private readonly instants: Value[][] = [];
  private lastInstant = -1;
  private position = 0n;
  private day = 0;
  private dayInteger = 0n;
  private recordedDay = 0;

  constructor(
    private readonly side: SideWriter,
    private readonly zone: string,
  ) {}

  /** Takes note of the event whose legs follow. */
  record(event: DecodedEvent): void {
    this.position = event.position;
    this.day = numberOf(event.metadata.effectiveDate);
    this.dayInteger = BigInt(this.day);
    this.recordedDay = ledgerDay(event.recordedAt, this.zone);
    if (event.event.type === 'EntryPosted') {
      this.entries.push([event.event.data.id, event.position]);
    }
    const last = this.instants.at(-1);
    if (last !== undefined && this.lastInstant === event.recordedAt) last[1] = event.position;
    else this.instants.push([BigInt(event.recordedAt), event.position]);
    this.lastInstant = event.recordedAt;
  }

  /** Posts one leg of the event noted last. A side leg has to be waited for. */
  post(tail: ChainTail, leg: Leg, index: number): Promise<void> | undefined {
    const amount = leg.side === 'debit' ? leg.amount : -leg.amount;
    const number = BigInt(index);
    this.touched.add(tail);
    const inOrder = tail.mainCount === 0n || this.dayInteger >= tail.mainDay;
    if (!inOrder || this.day > this.recordedDay) {
      const { position, day } = this;
      return this.side.add(tail, { position, leg: number, day, amount });
    }
    if (amount > 0n) tail.mainDebits += amount;
    else tail.mainCredits -= amount;
    tail.mainCount += 1n;
    tail.mainPosition = this.position;
    const { chain, mainDebits, mainCredits } = tail;
    this.legs.push([
      chain,
      this.position,
      number,
      this.dayInteger,
      amount,
      mainDebits,
      mainCredits,
    ]);
    this.endOfDay(tail);
    return undefined;
  }

  puts(): ViewBatch['puts'] {
    const chains: Row[] = [];
    for (const tail of this.touched) {
      chains.push(chainRow(tail));
      tail.dayRow = undefined;
    }
    return [
      { table: chainsTable, rows: chains },
      { table: legsTable, rows: this.legs },
      { table: daysTable, rows: this.days },
      ...this.side.puts(),
      { table: entriesTable, rows: this.entries },
      { table: instantsTable, rows: this.instants },
    ];
  }

  private endOfDay(tail: ChainTail): void {
    const row = tail.dayRow;
    if (row !== undefined && tail.mainDay === this.dayInteger) {
      row[2] = this.position;
      row[3] = tail.mainDebits;
      row[4] = tail.mainCredits;
      return;
    }
    tail.mainDay = this.dayInteger;
    tail.dayRow = [tail.chain, this.dayInteger, this.position, tail.mainDebits, tail.mainCredits];
    this.days.push(tail.dayRow);
  }
}

const MAX_REMEMBERED_DAYS = 50_000;
const dayNumbers = new Map<Day, number>();

function numberOf(day: Day): number {
  const known = dayNumbers.get(day);
  if (known !== undefined) return known;
  const number = knownDayNumber(day);
  if (dayNumbers.size >= MAX_REMEMBERED_DAYS) dayNumbers.clear();
  dayNumbers.set(day, number);
  return number;
}

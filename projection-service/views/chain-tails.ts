import type { DecodedEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import type { Leg } from '../../shared/ledger/entry.js';
import type { Row, Value, ViewReader } from '../../shared/ports/view-store.js';
import { chainsTable, readChain, type ChainRow } from '../../shared/views/journal.js';
import type { OpenBlock } from '../../shared/views/side-blocks.js';
import { Generations } from './generations.js';

/** Where a chain ends: all that the next leg needs to know about those before it. */
export type ChainTail = {
  readonly chain: bigint;
  readonly account: string;
  readonly currency: string;
  mainPosition: bigint;
  mainDay: bigint;
  mainDebits: bigint;
  mainCredits: bigint;
  mainCount: bigint;
  sidePosition: bigint;
  sideDebits: bigint;
  sideCredits: bigint;
  sideCount: bigint;
  /** The last block of side legs, unless full; undefined until a side leg asks for it. */
  block: OpenBlock | undefined;
  /** The row of the last day with main legs, where this batch has put it. */
  dayRow: Value[] | undefined;
};

/** Chains remembered between batches, by last use. */
const REMEMBERED = 100_000;

/** The ends of all chains: those used lately in memory, the others read when a leg comes. */
export class ChainTails {
  private readonly tails = new Generations<ChainTail>(REMEMBERED);
  private count: bigint | undefined;
  /** Every chain there is was opened here and is remembered still: none has to be looked for. */
  private isComplete = false;

  constructor(private readonly reader: ViewReader) {}

  /** Reads every stored chain that these events name and that is not in memory. */
  async load(events: readonly DecodedEvent[]): Promise<void> {
    if (this.tails.beginBatch()) this.isComplete = false;
    if (this.count === undefined) {
      this.count = await this.storedCount();
      this.isComplete = this.count === 0n;
    }
    if (this.isComplete) return;
    for (const [currency, accounts] of this.missing(events)) {
      const prefixes = [...accounts].map((account) => [account]);
      const rows = await this.reader.lastOfEach(chainsTable, 'account', prefixes, currency);
      for (const row of rows) {
        if (row === undefined) continue;
        const chain = readChain(row);
        // The last one not above the currency need not be the currency itself.
        if (chain.currency === currency) this.tails.set(keyOf(chain), tailOf(chain));
      }
    }
  }

  /** The chain of a leg, opened with the next number when the log has never named it. */
  of(leg: Leg): ChainTail {
    const key = keyOf(leg);
    const known = this.tails.get(key);
    if (known !== undefined) return known;
    if (this.count === undefined) throw new Error('chains are used before they were loaded');
    const opened = newTail(this.count, leg);
    this.count += 1n;
    this.tails.set(key, opened);
    return opened;
  }

  private missing(events: readonly DecodedEvent[]): Map<string, Set<string>> {
    const missing = new Map<string, Set<string>>();
    for (const { event } of events) {
      for (const leg of entryOf(event)?.legs ?? []) {
        if (this.tails.get(keyOf(leg)) !== undefined) continue;
        const accounts = missing.get(leg.currency);
        if (accounts === undefined) missing.set(leg.currency, new Set([leg.account]));
        else accounts.add(leg.account);
      }
    }
    return missing;
  }

  private async storedCount(): Promise<bigint> {
    const last = await this.reader.scan(chainsTable, {
      index: 'key',
      prefix: [],
      reverse: true,
      limit: 1,
    });
    return last[0] === undefined ? 0n : readChain(last[0]).chain + 1n;
  }
}

/** The row of a chain that ends so. */
export function chainRow(tail: ChainTail): Row {
  return [
    tail.chain,
    tail.account,
    tail.currency,
    tail.mainPosition,
    tail.mainDay,
    tail.mainDebits,
    tail.mainCredits,
    tail.mainCount,
    tail.sidePosition,
    tail.sideDebits,
    tail.sideCredits,
    tail.sideCount,
  ];
}

function keyOf(chain: Readonly<{ account: string; currency: string }>): string {
  return `${chain.currency}${chain.account}`;
}

function newTail(chain: bigint, leg: Leg): ChainTail {
  return {
    chain,
    account: leg.account,
    currency: leg.currency,
    mainPosition: 0n,
    mainDay: 0n,
    mainDebits: 0n,
    mainCredits: 0n,
    mainCount: 0n,
    sidePosition: 0n,
    sideDebits: 0n,
    sideCredits: 0n,
    sideCount: 0n,
    block: undefined,
    dayRow: undefined,
  };
}

function tailOf(row: ChainRow): ChainTail {
  return {
    chain: row.chain,
    account: row.account,
    currency: row.currency,
    mainPosition: row.mainPosition,
    mainDay: row.mainDay,
    mainDebits: row.main.debits,
    mainCredits: row.main.credits,
    mainCount: row.mainCount,
    sidePosition: row.sidePosition,
    sideDebits: row.side.debits,
    sideCredits: row.side.credits,
    sideCount: row.sideCount,
    block: undefined,
    dayRow: undefined,
  };
}

import { decodeEvent } from '../../shared/events/codec.js';
import { entryOf, type LedgerEvent } from '../../shared/events/event.js';
import { codeOf } from '../../shared/ledger/account.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { netChanges } from '../domain/placement.js';

/** What the raw log says about accounts, in KRW, of a guarded code that grow on the credit side. */
export class Audit {
  /** Lowest balance of each account at any point of the log. */
  readonly lowest = new Map<string, bigint>();
  /** How often each entry, and each hold placed or closed, is in the log. */
  readonly times = new Map<string, number>();
  /** Per account: balance from a position on, in log order. */
  readonly #history = new Map<string, { position: bigint; balance: bigint }[]>();

  constructor(log: readonly RecordedEvent[], guarded: string) {
    for (const recorded of log) this.#take(recorded, guarded);
  }

  /** Entry and hold events that are there more than once: none, or the log is wrong. */
  twice(): string[] {
    return [...this.times].filter(([, times]) => times > 1).map(([what]) => what);
  }

  /** The lowest balance an account had from one position to another, both included. */
  lowestBetween(account: string, from: bigint, to: bigint): bigint {
    let lowest: bigint | undefined;
    let balance = 0n;
    for (const point of this.#history.get(account) ?? []) {
      if (point.position > to) break;
      if (point.position > from) lowest = min(lowest ?? balance, point.balance);
      balance = point.balance;
    }
    return lowest ?? balance;
  }

  #take(recorded: RecordedEvent, guarded: string): void {
    const { event, position } = decodeEvent(recorded);
    this.#countOf(recorded.stream, event);
    const entry = entryOf(event);
    if (entry === undefined) return;
    for (const account of new Set(entry.legs.map((leg) => leg.account))) {
      if (codeOf(account) !== guarded) continue;
      // Only what stands after the whole entry counts: it is one fact.
      const history = this.#history.get(account) ?? [];
      const change = -(netChanges(entry, account).get('KRW') ?? 0n);
      const balance = (history.at(-1)?.balance ?? 0n) + change;
      this.#history.set(account, history);
      history.push({ position, balance });
      this.lowest.set(account, min(this.lowest.get(account) ?? 0n, balance));
    }
  }

  #countOf(stream: string, event: LedgerEvent): void {
    if (event.type === 'EntryPosted') this.#count(`entry ${event.data.id}`);
    if (event.type === 'HoldPlaced') this.#count(`hold ${stream} ${event.data.id}`);
    if (event.type === 'HoldSettled' || event.type === 'HoldReleased') {
      this.#count(`closing ${stream} ${event.data.id}`);
    }
  }

  #count(what: string): void {
    this.times.set(what, (this.times.get(what) ?? 0) + 1);
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

import type { AccountDefinition, AccountId } from '../../shared/ledger/account.js';
import { isAccountId } from '../../shared/ledger/account.js';
import { isDay, type Day } from '../../shared/ledger/day.js';
import type { LegInput } from '../../shared/ledger/entry.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { openLedger, type LedgerOptions, type OpenLedger } from '../application/open-ledger.js';
import type { Answer, PostEntry } from '../application/ledger.js';
import type { RefusalCode } from '../domain/refusal.js';

/** 2026-11-20, 12:00 in Seoul. */
export const NOON = Date.parse('2026-11-20T03:00:00.000Z');

export const BY_TEST = { actor: 'test', correlationId: 'corr-1' };

/** A guarded code, as tests declare it: points that members own. */
export const POINTS: AccountDefinition = {
  code: 'points',
  name: 'Points of members',
  type: 'liability',
  guarded: true,
  floor: 0n,
  currencies: [],
};

/** Ledgers on one log, as if each were a process of its own; they share nothing but the log. */
export class Processes {
  now = NOON;
  #made = 0;
  readonly #open: OpenLedger[] = [];

  constructor(
    readonly store: EventStore,
    readonly options: Partial<LedgerOptions> = {},
  ) {}

  async open(options: Partial<LedgerOptions> = {}): Promise<OpenLedger> {
    const ledger = await openLedger({
      store: this.store,
      clock: () => this.now,
      ids: () => this.#id(),
      zone: 'Asia/Seoul',
      random: () => 0.5,
      pause: () => Promise.resolve(),
      ...this.options,
      ...options,
    });
    this.#open.push(ledger);
    return ledger;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((ledger) => ledger.close()));
  }

  #id(): string {
    this.#made += 1;
    return `00000000-0000-7000-8000-${String(this.#made).padStart(12, '0')}`;
  }
}

/** The legs of an entry that debits one account and credits another. */
export function legs(
  debit: string,
  credit: string,
  amount: bigint,
  currency = 'KRW',
): readonly LegInput[] {
  return [
    { account: debit, side: 'debit', amount, currency },
    { account: credit, side: 'credit', amount, currency },
  ];
}

/** An entry without a guarded account. */
export function plain(id: string, fields: Partial<PostEntry> = {}): PostEntry {
  return { id, description: 'a sale', legs: legs('1010', '4010', 500n), ...fields };
}

/** Gives an account points. */
export function grant(id: string, account: string, amount: bigint): PostEntry {
  return { id, description: 'points bought', legs: legs('1010', account, amount) };
}

/** Takes points from an account. */
export function spend(id: string, account: string, amount: bigint): PostEntry {
  return { id, description: 'points spent', legs: legs(account, '4010', amount) };
}

/** The value of an answer. @throws Error when the command was refused */
export function done<Value>(answer: Answer<Value>): Value {
  if (answer.kind === 'done') return answer.value;
  throw new Error(`refused: ${answer.refusal.code}, ${answer.refusal.message}`);
}

/** The code of a refusal, or how else the command ended. */
export function outcome(answer: Answer<unknown>): RefusalCode | 'done' | 'replayed' {
  if (answer.kind === 'refused') return answer.refusal.code;
  return answer.replayed ? 'replayed' : 'done';
}

export function account(text: string): AccountId {
  if (isAccountId(text)) return text;
  throw new Error(`${text} is no account`);
}

export function day(text: string): Day {
  if (isDay(text)) return text;
  throw new Error(`${text} is no day`);
}

import { isAccountId, type AccountId, type Side } from './account.js';
import { isCurrency, type Currency } from './currency.js';
import { MAX_AMOUNT } from './money.js';

/** One line of an entry. `amount` is in minor units and above zero; the side carries the sign. */
export type Leg = Readonly<{
  account: AccountId;
  side: Side;
  amount: bigint;
  currency: Currency;
}>;

declare const balanced: unique symbol;

/** A balanced set of legs. {@link journalEntry} is the only way to make one. */
export type JournalEntry = Readonly<{ legs: readonly Leg[]; [balanced]: true }>;

/** A leg as it comes from outside, before anything about it has been checked. */
export type LegInput = Readonly<{
  account: string;
  side: Side;
  amount: bigint;
  currency: string;
}>;

export type EntryRefusal =
  | Readonly<{ code: 'TOO_FEW_LEGS' | 'TOO_MANY_LEGS'; field: 'legs'; reason: string }>
  | Readonly<{
      code:
        'ZERO_AMOUNT' | 'AMOUNT_OVERFLOW' | 'ACCOUNT_MALFORMED' | 'CURRENCY_UNKNOWN' | 'UNBALANCED';
      field: string;
      value: string;
      reason: string;
    }>;

const SIDES: ReadonlySet<string> = new Set<Side>(['debit', 'credit']);

/** Most legs an entry may have, so that its event stays far below 1 MiB in any store. */
export const MAX_LEGS = 500;

/**
 * Makes an entry, or says why the legs are none: at least two legs, every amount above zero and
 * within int64, and debits equal to credits in every currency.
 * @throws Error when something is not a leg at all: a hole, a number for an amount, a third side
 */
export function journalEntry(legs: readonly LegInput[]): JournalEntry | EntryRefusal {
  if (legs.length < 2) {
    return { code: 'TOO_FEW_LEGS', field: 'legs', reason: 'an entry has at least two legs' };
  }
  if (legs.length > MAX_LEGS) {
    return {
      code: 'TOO_MANY_LEGS',
      field: 'legs',
      reason: `an entry has at most ${MAX_LEGS} legs`,
    };
  }
  for (let index = 0; index < legs.length; index++) {
    const refusal = checkLeg(legs[index], index);
    if (refusal !== undefined) return refusal;
  }
  const refusal = checkBalance(legs);
  if (refusal !== undefined) return refusal;
  // A frozen copy: an entry stays balanced whatever its maker does with the legs afterwards. The
  // one cast makes the brand: everything has been checked.
  return Object.freeze({ legs: Object.freeze(legs.map(frozenLeg)) }) as JournalEntry;
}

/** Whether {@link journalEntry} answered with an entry. */
export function isEntry(result: JournalEntry | EntryRefusal): result is JournalEntry {
  return 'legs' in result;
}

/** The entry that undoes this one: the same legs with the sides exchanged. */
export function reverseEntry(entry: JournalEntry): JournalEntry {
  const reversed = journalEntry(
    entry.legs.map((leg) => ({ ...leg, side: leg.side === 'debit' ? 'credit' : 'debit' })),
  );
  if (!isEntry(reversed)) throw new Error(`the reverse of an entry is refused: ${reversed.reason}`);
  return reversed;
}

function frozenLeg({ account, side, amount, currency }: LegInput): LegInput {
  return Object.freeze({ account, side, amount, currency });
}

function checkLeg(leg: LegInput | undefined, index: number): EntryRefusal | undefined {
  if (leg === undefined) throw new Error('a leg is missing');
  // The types say so already, but a leg that slipped past them must not pass for a balanced one.
  if (typeof leg.amount !== 'bigint' || !SIDES.has(leg.side)) {
    throw new Error(`leg ${index} is not a leg`);
  }
  const refuse = (
    code: 'ZERO_AMOUNT' | 'AMOUNT_OVERFLOW' | 'ACCOUNT_MALFORMED' | 'CURRENCY_UNKNOWN',
    part: 'amount' | 'account' | 'currency',
    reason: string,
  ): EntryRefusal => ({
    code,
    field: `legs[${index}].${part}`,
    value: String(leg[part]),
    reason,
  });
  if (leg.amount <= 0n) return refuse('ZERO_AMOUNT', 'amount', 'an amount is above zero');
  if (leg.amount > MAX_AMOUNT) {
    return refuse('AMOUNT_OVERFLOW', 'amount', `an amount is at most ${MAX_AMOUNT}`);
  }
  if (!isAccountId(leg.account)) {
    return refuse('ACCOUNT_MALFORMED', 'account', 'not an account id: code or code:owner');
  }
  if (!isCurrency(leg.currency)) {
    return refuse('CURRENCY_UNKNOWN', 'currency', 'not an ISO 4217 currency');
  }
  return undefined;
}

function checkBalance(legs: readonly LegInput[]): EntryRefusal | undefined {
  const [first, second] = legs;
  if (legs.length === 2 && first !== undefined && second !== undefined) {
    // By far the most common entry: no map, no second pass.
    const even =
      first.amount === second.amount &&
      first.currency === second.currency &&
      first.side !== second.side;
    if (even) return undefined;
  }
  const totals = new Map<string, { debits: bigint; credits: bigint }>();
  for (const leg of legs) {
    const total = totals.get(leg.currency) ?? { debits: 0n, credits: 0n };
    if (leg.side === 'debit') total.debits += leg.amount;
    else total.credits += leg.amount;
    totals.set(leg.currency, total);
  }
  for (const [currency, { debits, credits }] of totals) {
    if (debits > MAX_AMOUNT || credits > MAX_AMOUNT) {
      return {
        code: 'AMOUNT_OVERFLOW',
        field: 'legs',
        value: currency,
        reason: `the legs in ${currency} sum to more than ${MAX_AMOUNT}`,
      };
    }
    if (debits !== credits) {
      return {
        code: 'UNBALANCED',
        field: 'legs',
        value: currency,
        reason: `debits ${debits} and credits ${credits} differ in ${currency}`,
      };
    }
  }
  return undefined;
}

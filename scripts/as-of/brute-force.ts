import type { AccountType } from '../../shared/ledger/account.js';

/*
 * The meaning of balances and statements, written down as plainly as possible and without any of
 * the code that is tested with it: look at every leg, every time.
 */

export type PlainLeg = Readonly<{
  account: string;
  currency: string;
  /** Debit positive. */
  amount: bigint;
  day: string;
  position: bigint;
  index: number;
  entryId: string;
}>;

export type PlainCut = Readonly<{ effective?: string; position: bigint }>;

type PlainSums = Readonly<{ currency: string; debits: bigint; credits: bigint }>;

export function within(leg: PlainLeg, { effective, position }: PlainCut): boolean {
  return leg.position <= position && (effective === undefined || leg.day <= effective);
}

export function plainBalances(
  legs: readonly PlainLeg[],
  account: string,
  type: AccountType,
  cut: PlainCut,
): readonly (PlainSums & Readonly<{ balance: bigint }>)[] {
  const mine = legs.filter((leg) => leg.account === account && within(leg, cut));
  const currencies = [...new Set(mine.map((leg) => leg.currency))].sort();
  return currencies.map((currency) => {
    const amounts = mine.filter((leg) => leg.currency === currency).map((leg) => leg.amount);
    const debits = sum(amounts.filter((amount) => amount > 0n));
    const credits = -sum(amounts.filter((amount) => amount < 0n));
    return { currency, debits, credits, balance: onNormalSide(type, debits - credits) };
  });
}

export function plainStatement(
  legs: readonly PlainLeg[],
  {
    account,
    type,
    currency,
    from,
  }: Readonly<{
    account: string;
    type: AccountType;
    currency?: string;
    from?: string;
  }>,
  cut: PlainCut,
): readonly Readonly<{
  effectiveDate: string;
  position: bigint;
  entryId: string;
  signed: bigint;
  currency: string;
  balance: bigint;
}>[] {
  const mine = legs
    .filter((leg) => leg.account === account && within(leg, cut))
    .filter((leg) => currency === undefined || leg.currency === currency)
    .sort((one, other) => {
      if (one.day !== other.day) return one.day < other.day ? -1 : 1;
      if (one.position !== other.position) return one.position < other.position ? -1 : 1;
      return one.index - other.index;
    });
  const balances = new Map<string, bigint>();
  const items = mine.map((leg) => {
    const balance = (balances.get(leg.currency) ?? 0n) + leg.amount;
    balances.set(leg.currency, balance);
    return {
      effectiveDate: leg.day,
      position: leg.position,
      entryId: leg.entryId,
      signed: leg.amount,
      currency: leg.currency,
      balance: onNormalSide(type, balance),
    };
  });
  return items.filter((item) => from === undefined || item.effectiveDate >= from);
}

function onNormalSide(type: AccountType, debitBalance: bigint): bigint {
  return ['asset', 'expense', 'memo'].includes(type) ? debitBalance : -debitBalance;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

import type { AccountKind, FoldResult } from './fold.js';

/** Amounts in minor units; `balance` on the normal side of the account's type. */
export type TrialRow = Readonly<{
  account: string;
  name: string;
  type: AccountKind;
  currency: string;
  debits: bigint;
  credits: bigint;
  balance: bigint;
}>;

export type TrialTotal = Readonly<{ currency: string; debits: bigint; credits: bigint }>;

/** The rows of a trial balance in order of account, then currency, and the totals per currency. */
export function trialBalance(
  fold: FoldResult,
): Readonly<{ rows: readonly TrialRow[]; totals: readonly TrialTotal[] }> {
  const rows: TrialRow[] = [];
  const totals = new Map<string, { currency: string; debits: bigint; credits: bigint }>();
  for (const account of [...fold.sums.keys()].sort()) {
    const code = account.split(':', 1)[0] ?? '';
    // A code the log never declared: its money is shown all the same.
    const declared = fold.declared.get(code) ?? { name: '', type: 'memo' as const };
    const currencies = [...(fold.sums.get(account) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [currency, { debits, credits }] of currencies) {
      const balance = growsByDebit(declared.type) ? debits - credits : credits - debits;
      rows.push({ account, ...declared, currency, debits, credits, balance });
      const total = totals.get(currency) ?? { currency, debits: 0n, credits: 0n };
      total.debits += debits;
      total.credits += credits;
      totals.set(currency, total);
    }
  }
  return {
    rows,
    totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)),
  };
}

function growsByDebit(type: AccountKind): boolean {
  return type === 'asset' || type === 'expense' || type === 'memo';
}

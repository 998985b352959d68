import { z } from 'zod';
import { major } from '../cli/money.js';
import { table } from '../cli/output.js';
import { BANK_ACCOUNTS, CURRENCY } from './bank.js';

const amount = z.string().transform((text) => BigInt(text));

/** Of a trial balance what the demonstration shows. */
export const trialBalanceShape = z.object({
  rows: z.array(
    z.object({
      account: z.string(),
      name: z.string(),
      type: z.string(),
      debits: amount,
      credits: amount,
      balance: amount,
    }),
  ),
  totals: z.array(z.object({ currency: z.string(), debits: amount, credits: amount })),
});
export type ShownTrialBalance = z.infer<typeof trialBalanceShape>;

const sums = z.array(z.object({ balance: amount }));

/** Of a statement what the demonstration shows. */
export const statementShape = z.object({
  opening: sums,
  items: z.array(
    z.object({
      effectiveDate: z.string(),
      recordedAt: z.string(),
      description: z.string(),
      side: z.enum(['debit', 'credit']),
      amount,
      balance: amount,
    }),
  ),
  closing: sums,
});
export type ShownStatement = z.infer<typeof statementShape>;

/** A trial balance with one line for each code: thousands of customers are one line. */
export function trialBalanceText({ rows, totals }: ShownTrialBalance): string {
  const codes = new Map<string, { debits: bigint; credits: bigint; balance: bigint; n: number }>();
  for (const row of rows) {
    const code = row.account.split(':', 1)[0] ?? '';
    const sum = codes.get(code) ?? { debits: 0n, credits: 0n, balance: 0n, n: 0 };
    sum.debits += row.debits;
    sum.credits += row.credits;
    sum.balance += row.balance;
    sum.n++;
    codes.set(code, sum);
  }
  const lines = [...codes].sort().map(([code, { debits, credits, balance, n }]) => {
    const account = BANK_ACCOUNTS.find((one) => one.code === code);
    const name = `${account?.name ?? ''}${n > 1 ? ` (${n} accounts)` : ''}`;
    return [code, name, account?.type ?? '', ...[debits, credits, balance].map(money)];
  });
  const total = totals.map(({ debits, credits }) => [
    '',
    'Total',
    '',
    money(debits),
    money(credits),
  ]);
  const columns = [
    { title: 'code' },
    { title: 'name' },
    { title: 'type' },
    { title: `debits ${CURRENCY}`, right: true },
    { title: `credits ${CURRENCY}`, right: true },
    { title: 'balance', right: true },
  ];
  return table(columns, [...lines, ...total]);
}

/** A customer's statement, money in and money out, as the customer sees it. */
export function statementText({ opening, items, closing }: ShownStatement): string {
  const columns = [
    { title: 'day' },
    { title: 'text' },
    { title: 'out', right: true },
    { title: 'in', right: true },
    { title: `balance ${CURRENCY}`, right: true },
  ];
  return table(columns, [
    ['', 'opening balance', '', '', money(opening[0]?.balance ?? 0n)],
    ...items.map(({ effectiveDate, description, side, amount: moved, balance }) => {
      const [out, into] = side === 'debit' ? [money(moved), ''] : ['', money(moved)];
      return [effectiveDate, description, out, into, money(balance)];
    }),
    ['', 'closing balance', '', '', money(closing[0]?.balance ?? 0n)],
  ]);
}

function money(minor: bigint): string {
  return major(minor, CURRENCY);
}

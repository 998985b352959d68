import { z } from 'zod';
import type { Payment } from '../../shared/payments/payment.js';
import { PAYMENT_STATUSES, statusOf } from '../../shared/payments/amounts.js';
import { major } from '../cli/money.js';
import { table } from '../cli/output.js';
import type { ShownTrialBalance } from './print.js';
import type { Finding } from './shop-check.js';
import type { Sample } from './shop-day.js';
import { CURRENCY } from './shop-plan.js';

const amount = z.string().transform((text) => BigInt(text));

/** Of a payment's history what its story tells. */
export const historyShape = z.object({
  items: z.array(
    z.object({
      revision: z.string(),
      recordedAt: z.string(),
      type: z.string(),
      by: z.string(),
      why: z.string(),
      after: z.object({ status: z.string(), amounts: z.object({ inDoubt: amount }) }),
    }),
  ),
});

/** Of its journal entries. */
export const entriesShape = z.object({
  items: z.array(
    z.object({
      revision: z.string(),
      legs: z.array(z.object({ account: z.string(), side: z.enum(['debit', 'credit']), amount })),
    }),
  ),
});

const BAR = 40;
const LINES = 24;

/** How many payments ended how. */
export function fatesText(payments: readonly Payment[]): string {
  const statuses = payments.map(statusOf);
  const rows = PAYMENT_STATUSES.map((status) => {
    const of = payments.filter((_payment, index) => statuses[index] === status);
    const sum = (pick: (payment: Payment) => bigint): string =>
      money(of.reduce((total, payment) => total + pick(payment), 0n));
    return [
      status,
      of.length.toString(),
      sum(({ requested }) => requested),
      sum(({ captured }) => captured),
      sum(({ refunded }) => refunded),
    ];
  }).filter(([, count]) => count !== '0');
  const columns = [
    { title: 'status' },
    { title: 'payments', right: true },
    { title: `requested ${CURRENCY}`, right: true },
    { title: 'captured', right: true },
    { title: 'refunded', right: true },
  ];
  return table(columns, rows);
}

/** The money in doubt over the day: the most there was in each stretch of time. */
export function doubtText(samples: readonly Sample[]): string {
  const end = samples.at(-1)?.ms ?? 0;
  const width = Math.max(1_000, Math.ceil(end / LINES / 1_000) * 1_000);
  const stretches: Sample[] = [];
  for (const sample of samples) {
    const index = Math.floor(sample.ms / width);
    const most = stretches[index];
    if (most === undefined || sample.amount > most.amount) stretches[index] = sample;
  }
  const last = samples.at(-1);
  const highest = samples.reduce((most, each) => (each.amount > most ? each.amount : most), 1n);
  const row = (when: string, { amount: sum, count }: Sample): string[] => [
    when,
    count.toString(),
    money(sum),
    '#'.repeat(Number((sum * BigInt(BAR) + highest - 1n) / highest)),
  ];
  const columns = [
    { title: 'second', right: true },
    { title: 'operations', right: true },
    { title: `in doubt ${CURRENCY}`, right: true },
    { title: '' },
  ];
  return table(columns, [
    ...stretches.flatMap((most, index) => [row(((index * width) / 1_000).toString(), most)]),
    ...(last === undefined ? [] : [row('end', last)]),
  ]);
}

/** A trial balance with one line for each code: all sellers are one line. */
export function shopTrialBalanceText({ rows, totals }: ShownTrialBalance): string {
  const codes = new Map<string, { name: string; owners: number; sums: bigint[] }>();
  for (const { account, name, debits, credits, balance } of rows) {
    const code = account.split(':', 1)[0] ?? '';
    const { owners, sums } = codes.get(code) ?? { owners: 0, sums: [0n, 0n, 0n] };
    const added = [debits, credits, balance].map((sum, index) => sum + (sums[index] ?? 0n));
    codes.set(code, { name, owners: owners + 1, sums: added });
  }
  const lines = [...codes].sort().map(([code, { name, owners, sums }]) => {
    const many = owners > 1 ? ` (${owners} accounts)` : '';
    return [code, `${name}${many}`, ...sums.map(money)];
  });
  const sums = totals.map(({ debits, credits }) => ['', 'Total', money(debits), money(credits)]);
  const columns = [
    { title: 'code' },
    { title: 'name' },
    { title: `debits ${CURRENCY}`, right: true },
    { title: `credits ${CURRENCY}`, right: true },
    { title: 'balance', right: true },
  ];
  return table(columns, [...lines, ...sums]);
}

/** What happened to a payment, event by event, with the entries that came with them. */
export function storyText(
  history: z.output<typeof historyShape>,
  entries: z.output<typeof entriesShape>,
): string {
  const legsOf = new Map(entries.items.map(({ revision, legs }) => [revision, legs]));
  const columns = [
    { title: 'time' },
    { title: 'event' },
    { title: 'by' },
    { title: 'status' },
    { title: 'why, or what was posted' },
    { title: CURRENCY, right: true },
  ];
  return table(
    columns,
    history.items.flatMap(({ revision, recordedAt, type, by, why, after }) => {
      const { inDoubt } = after.amounts;
      const doubt = inDoubt > 0n ? `; in doubt: ${money(inDoubt)}` : '';
      const legs = (legsOf.get(revision) ?? []).map((leg) => {
        const posted = `${leg.side === 'debit' ? 'debit ' : '  credit'} ${leg.account}`;
        return ['', '', '', '', `  ${posted}`, money(leg.amount)];
      });
      return [[recordedAt.slice(11, 23), type, by, after.status, `${why}${doubt}`, ''], ...legs];
    }),
  );
}

/** What was checked, and what differed. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .map(({ what, differences }) => {
      const some = differences.slice(0, 5).map((difference) => `      ${difference}\n`);
      return `${differences.length === 0 ? 'yes' : ' NO'}  ${what}\n${some.join('')}`;
    })
    .join('');
}

function money(minor: bigint): string {
  return major(minor, CURRENCY);
}

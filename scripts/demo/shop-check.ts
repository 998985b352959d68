import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { openSimulator } from '../../shared/adapters/simulator/simulator.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { decodeEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import { isPaymentEvent } from '../../shared/events/payment.js';
import { wirePayment } from '../../shared/http/payment.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import type { Client } from './client.js';
import { trialBalanceShape, type ShownTrialBalance } from './print.js';

/** What was compared with what, and where it differed. */
export type Finding = Readonly<{ what: string; differences: readonly string[] }>;

export type Checked = Readonly<{
  findings: readonly Finding[];
  events: number;
  payments: readonly Payment[];
  trialBalance: ShownTrialBalance;
}>;

const pageShape = z.object({
  items: z.array(z.looseObject({ id: z.string() })),
  nextCursor: z.string().nullable(),
});

const PAGE = 500;

/**
 * Recomputes the day from nothing but the events, and compares with it what the server shows and
 * what the gateway has in its own book.
 */
export async function checkDay(reader: Client, folder: string): Promise<Checked> {
  const log = await readLog(folder);
  const trialBalance = await reader.get(
    '/v1/ledger/trial-balance',
    trialBalanceShape,
    log.position,
  );
  const payments = [...log.payments.values()];
  return {
    events: log.events,
    payments,
    trialBalance,
    findings: [
      {
        what: 'debits equal credits, in every currency',
        differences: trialBalance.totals
          .filter(({ debits, credits }) => debits !== credits)
          .map(({ currency, debits, credits }) => `${currency}: ${debits} and ${credits}`),
      },
      {
        what: 'every balance is what the entries in the log sum to',
        differences: balanceDifferences(trialBalance, log.balances),
      },
      {
        what: `each of ${payments.length} payments is shown as its events say`,
        differences: await viewDifferences(reader, log),
      },
      {
        what: "the gateway's own book has the same amounts for each, to the unit",
        differences: await bookDifferences(folder, log.payments),
      },
      {
        what: 'nothing is in doubt or under way',
        differences: payments
          .filter(({ operations }) => operations.some(({ outcome }) => outcome === undefined))
          .map(({ id }) => id),
      },
    ],
  };
}

type Log = Readonly<{
  position: bigint;
  events: number;
  payments: ReadonlyMap<string, Payment>;
  /** Debits less credits of every account. */
  balances: ReadonlyMap<string, bigint>;
}>;

async function readLog(folder: string): Promise<Log> {
  const store = await openEventStore({ folder, readonly: true, checkTail: 0 });
  try {
    const streams = new Map<string, PaymentStream>();
    const balances = new Map<string, bigint>();
    let [position, events] = [0n, 0];
    for (;;) {
      const page = await store.readAll(position, PAGE);
      for (const decoded of page.map(decodeEvent)) {
        const { event, stream } = decoded;
        for (const { account, side, amount } of entryOf(event)?.legs ?? []) {
          const signed = side === 'debit' ? amount : -amount;
          balances.set(account, (balances.get(account) ?? 0n) + signed);
        }
        if (!isPaymentEvent(event)) continue;
        const before = streams.get(stream) ?? NO_PAYMENT;
        streams.set(stream, evolvePayment(before, paymentEventOf(decoded)));
      }
      const last = page.at(-1);
      if (last === undefined) break;
      [position, events] = [last.position, events + page.length];
    }
    const folded = [...streams.values()].filter((state) => state.kind === 'payment');
    return { position, events, balances, payments: new Map(folded.map((one) => [one.id, one])) };
  } finally {
    await store.close();
  }
}

function balanceDifferences(
  { rows }: ShownTrialBalance,
  balances: ReadonlyMap<string, bigint>,
): readonly string[] {
  const shown = new Map(rows.map(({ account, debits, credits }) => [account, debits - credits]));
  const accounts = new Set([...shown.keys(), ...balances.keys()]);
  return [...accounts]
    .map((account) => ({
      account,
      is: shown.get(account) ?? 0n,
      sum: balances.get(account) ?? 0n,
    }))
    .filter(({ is, sum }) => is !== sum)
    .map(({ account, is, sum }) => `${account}: shown ${is}, its entries sum to ${sum}`);
}

async function viewDifferences(reader: Client, log: Log): Promise<readonly string[]> {
  const differences: string[] = [];
  const seen = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const path = `/v1/payments?limit=${PAGE}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const page: z.output<typeof pageShape> = await reader.get(path, pageShape, log.position);
    for (const shown of page.items) {
      seen.add(shown.id);
      const folded = log.payments.get(shown.id);
      const expected = folded === undefined ? undefined : wirePayment(folded);
      if (!isDeepStrictEqual(shown, expected)) differences.push(shown.id);
    }
    cursor = page.nextCursor;
  }
  const missing = [...log.payments.keys()].filter((id) => !seen.has(id));
  return [...differences, ...missing.map((id) => `${id} is not shown`)];
}

async function bookDifferences(
  folder: string,
  payments: ReadonlyMap<string, Payment>,
): Promise<readonly string[]> {
  const simulator = openSimulator({ file: join(folder, 'gateway-simulator.db'), clock: Date.now });
  try {
    const differences: string[] = [];
    const authorised = new Set<string>();
    for (const record of simulator.records()) {
      if (record.kind !== 'authorize' || record.decline !== undefined) continue;
      const { paymentId, amount, captured, voided, refunded } = record;
      if (authorised.has(paymentId)) differences.push(`${paymentId} was authorised twice`);
      authorised.add(paymentId);
      const ours = payments.get(paymentId);
      const same =
        ours?.authorized === amount &&
        ours.captured === captured &&
        ours.voided === voided &&
        ours.refunded === refunded;
      if (!same) differences.push(`${paymentId}: ${amount}, ${captured}, ${voided}, ${refunded}`);
    }
    for (const { id, authorized } of payments.values()) {
      if (authorized > 0n && !authorised.has(id)) differences.push(`${id} is not in the book`);
    }
    return differences;
  } finally {
    await simulator.close();
  }
}

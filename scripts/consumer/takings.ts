import { z } from 'zod';
import type { Row, Table, ViewReader } from '../../shared/ports/view-store.js';
import type { Effect } from './effect.js';
import type { Envelope } from './envelope.js';

/** What was captured and refunded, per currency, in minor units. */
const takingsTable: Table = {
  name: 'takings_v1',
  columns: [
    ['currency', 'text'],
    ['captured', 'sum'],
    ['captures', 'int'],
    ['refunded', 'sum'],
    ['refunds', 'int'],
  ],
  key: ['currency'],
  indexes: {},
};

export const TAKINGS_TOPICS = ['payment.captured', 'payment.refunded'];

export type Takings = Readonly<{
  currency: string;
  captured: bigint;
  captures: bigint;
  refunded: bigint;
  refunds: bigint;
}>;

const moved = z.object({
  amount: z.string().regex(/^\d{1,40}$/),
  entry: z.object({ legs: z.array(z.object({ currency: z.string() })).min(1) }),
});

/** A sample of what a consumer may do: adding up, which a message that comes twice would spoil. */
export const takings: Effect = {
  tables: [takingsTable],
  apply: async (events, rows) => {
    const changed = new Map<string, Takings>();
    for (const event of events) {
      const { amount, currency } = movedBy(event);
      const before = changed.get(currency) ?? (await read(rows, currency));
      changed.set(currency, after(before, event.type, amount));
    }
    return [{ table: takingsTable, rows: [...changed.values()].map(rowOf) }];
  },
};

/** The takings of every currency. */
export async function allTakings(rows: ViewReader): Promise<readonly Takings[]> {
  const found = await rows.scan(takingsTable, { index: 'key', prefix: [], limit: 1_000 });
  return found.map(takingsOf);
}

function movedBy({ data }: Envelope): Readonly<{ amount: bigint; currency: string }> {
  const { amount, entry } = moved.parse(data);
  return { amount: BigInt(amount), currency: entry.legs[0]?.currency ?? '' };
}

function after(before: Takings, type: string, amount: bigint): Takings {
  switch (type) {
    case 'PaymentCaptured':
      return {
        ...before,
        captured: before.captured + amount,
        captures: before.captures + 1n,
      };
    case 'RefundSucceeded':
      return { ...before, refunded: before.refunded + amount, refunds: before.refunds + 1n };
    default:
      throw new Error(`no takings from ${type}`);
  }
}

async function read(rows: ViewReader, currency: string): Promise<Takings> {
  const row = await rows.get(takingsTable, [currency]);
  if (row !== undefined) return takingsOf(row);
  return { currency, captured: 0n, captures: 0n, refunded: 0n, refunds: 0n };
}

function rowOf({ currency, captured, captures, refunded, refunds }: Takings): Row {
  return [currency, captured, captures, refunded, refunds];
}

function takingsOf([currency, captured, captures, refunded, refunds]: Row): Takings {
  if (
    typeof currency !== 'string' ||
    typeof captured !== 'bigint' ||
    typeof captures !== 'bigint' ||
    typeof refunded !== 'bigint' ||
    typeof refunds !== 'bigint'
  ) {
    throw new Error(`a row of ${takingsTable.name} has another shape`);
  }
  return { currency, captured, captures, refunded, refunds };
}

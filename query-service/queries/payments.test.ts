import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { formatDay } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import { PAYMENT_STATUSES, statusOf } from '../../shared/payments/amounts.js';
import type { Row } from '../../shared/ports/view-store.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { MemoryLog } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import {
  doubtRow,
  doubtsTable,
  doubtTotalRow,
  doubtTotalsTable,
  paymentRow,
  PAYMENTS_VIEW,
  paymentsTable,
  type PaymentRow,
} from '../../shared/views/payments.js';
import type { Page } from './answers.js';
import { openQueries, type Queries } from './open.js';
import type { PaymentsQuery } from './payments.js';

const ZONE = 'Asia/Seoul';
const FIRST = Date.parse('2026-03-01T00:00:00Z');
const HALF_A_DAY = 43_200_000;
const NOW = FIRST + 100 * HALF_A_DAY;

/** What a payment of the test is about; `fate` decides its status. */
type Made = Readonly<{ order: number; seller: number; fate: number }>;

const fates: readonly ((history: PaymentHistory) => PaymentHistory)[] = [
  (history) => history,
  (history) => history.done(),
  (history) => history.failed(),
  (history) => history.done().start('capture', 10_000n).done(),
  (history) => history.done().start('capture').done().start('refund', 1n).unknown(),
];

function rowsOf(all: readonly Made[]): readonly PaymentRow[] {
  return all.map(({ order, seller, fate }, place) => {
    const at = FIRST + place * HALF_A_DAY;
    const orderId = `o-${order}`;
    const sellerId = `s-${seller}`;
    const history = new PaymentHistory({ number: place + 1, orderId, sellerId, at });
    history.start('attempt');
    fates[fate]?.(history);
    const createdDay = BigInt(ledgerDay(at, ZONE));
    return { createdPosition: BigInt(place * 5 + 1), createdDay, payment: history.payment };
  });
}

async function queriesOn(rows: readonly PaymentRow[]): Promise<Queries> {
  const store = new MemoryViewStore();
  const doubts: Row[] = rows.flatMap((row) =>
    row.payment.operations
      .filter(({ status }) => status === 'unknown')
      .map((operation) => doubtRow(row, operation, true)),
  );
  const total = { currency: 'KRW', amount: BigInt(doubts.length), count: BigInt(doubts.length) };
  await store.commit(PAYMENTS_VIEW, {
    after: 0n,
    upTo: 1_000n,
    puts: [
      { table: paymentsTable, rows: rows.map(paymentRow) },
      { table: doubtsTable, rows: doubts },
      {
        table: doubtTotalsTable,
        rows: [doubtTotalRow(total), doubtTotalRow({ currency: 'USD', amount: 0n, count: 0n })],
      },
    ],
  });
  return openQueries({ views: store, log: new MemoryLog(), clock: () => NOW, patienceMs: 0 });
}

/** All items of a list, page by page. Every page but the last is full. */
async function pages<Item>(
  limit: number,
  ask: (page: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page<Item> = await ask(cursor === '' ? { limit } : { limit, cursor });
    items.push(...page.items);
    if (page.nextCursor !== null) expect(page.items).to.have.length(limit);
    cursor = page.nextCursor;
  }
  return items;
}

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyDay = fc
  .integer({ min: -1, max: 12 })
  .map((days) => formatDay(ledgerDay(FIRST, ZONE) + days));

const anyFilter = fc.record({
  orderId: some(fc.constantFrom('o-0', 'o-1', 'o-9')),
  sellerId: some(fc.constantFrom('s-0', 's-1', 's-9')),
  status: some(fc.constantFrom(...PAYMENT_STATUSES)),
  from: some(anyDay),
  to: some(anyDay),
});

type Filter = Omit<PaymentsQuery, 'limit' | 'cursor'>;

/** Without the fields that are not asked for. */
function given(filter: { [K in keyof Filter]: Filter[K] | undefined }): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function matches({ payment, createdDay }: PaymentRow, filter: Filter): boolean {
  const day = formatDay(Number(createdDay));
  return (
    payment.orderId === (filter.orderId ?? payment.orderId) &&
    payment.sellerId === (filter.sellerId ?? payment.sellerId) &&
    statusOf(payment) === (filter.status ?? statusOf(payment)) &&
    day >= (filter.from ?? day) &&
    day <= (filter.to ?? day)
  );
}

const MANY: readonly Made[] = Array.from({ length: 12 }, (_, place) => ({
  order: place % 2,
  seller: place % 3,
  fate: place % 5,
}));

describe('lists of payments', () => {
  it('have what every filter and pair of filters asks for, the oldest first', async () => {
    const rows = rowsOf(
      Array.from({ length: 24 }, (_, place) => ({
        order: place % 2,
        seller: (place >> 1) % 2,
        fate: (place * 7) % 5,
      })),
    );
    const queries = await queriesOn(rows);
    await fc.assert(
      fc.asyncProperty(anyFilter, fc.integer({ min: 1, max: 5 }), async (options, limit) => {
        const filter = given(options);
        const listed = await pages(limit, (page) => queries.payments({ ...filter, ...page }));
        const expected = rows.filter((row) => matches(row, filter));
        expect(listed).to.deep.equal(expected.map(({ payment }) => payment));
      }),
    );
  });

  it('go on from a cursor where payments were added meanwhile', async () => {
    const rows = rowsOf(MANY);
    const first = await (await queriesOn(rows.slice(0, 9))).payments({ limit: 8 });
    if (first.nextCursor === null) throw new Error('there is another page');
    const later = await queriesOn(rows);
    const second = await later.payments({ limit: 8, cursor: first.nextCursor });
    expect([...first.items, ...second.items]).to.deep.equal(rows.map(({ payment }) => payment));
    expect(second.nextCursor).to.equal(null);
  });

  it('refuse a cursor of another question', async () => {
    const queries = await queriesOn(rowsOf(MANY));
    const { nextCursor } = await queries.payments({ limit: 1 });
    const cursor = nextCursor ?? '';
    const error = await rejection(queries.payments({ limit: 1, sellerId: 's-0', cursor }));
    expect(error).to.include({ code: 'VALIDATION_FAILED', field: 'cursor' });
  });
});

describe('what is in doubt', () => {
  it('is listed by operation, the longest first, with age and totals over all pages', async () => {
    const rows = rowsOf(MANY);
    const queries = await queriesOn(rows);
    const expected = rows.filter(({ payment }) =>
      payment.operations.some(({ status }) => status === 'unknown'),
    );
    expect(expected).to.have.length(2);
    const found = await pages(1, (page) => queries.paymentsInDoubt(page));
    expect(found.map(({ paymentId }) => paymentId)).to.deep.equal(
      expected.map(({ payment }) => payment.id),
    );
    const [oldest] = found;
    expect(oldest).to.include({ kind: 'refund', amount: 1n, reason: 'timeout' });
    expect(oldest?.ageMs).to.equal(NOW - (oldest?.since ?? 0));
    const { totals } = await queries.paymentsInDoubt({ limit: 1 });
    // A currency in which nothing is in doubt any more is not mentioned.
    expect(totals).to.deep.equal([{ currency: 'KRW', amount: 2n, count: 2n }]);
  });
});

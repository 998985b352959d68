import { knownDayNumber, type Day } from '../../shared/ledger/day.js';
import type { PaymentStatus } from '../../shared/payments/amounts.js';
import type { Payment } from '../../shared/payments/payment.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import type { Row, Value, ViewReader } from '../../shared/ports/view-store.js';
import { isOfLog } from '../../shared/views/last-event.js';
import {
  doubtsTable,
  doubtTotalsTable,
  paymentPlace,
  PAYMENTS_VIEW,
  paymentsTable,
  readDoubt,
  readDoubtTotal,
  readPayment,
  type Doubt,
  type DoubtTotal,
} from '../../shared/views/payments.js';
import type { Page } from './answers.js';
import { numberOf, openCursor, sealCursor } from './cursor.js';
import { ALL_ROWS, checkLimit, type QueryParts } from './parts.js';
import type { PageQuery } from './payment.js';

/** Payments with all of these. `from` and `to` are days of creation, both included. */
export type PaymentsQuery = PageQuery &
  Readonly<{ orderId?: string; sellerId?: string; status?: PaymentStatus; from?: Day; to?: Day }>;

/**
 * Payments as the view has them, the oldest first: what is added comes at the end, and so a cursor
 * stays good.
 * @throws {QueryRefused} a cursor of another question
 */
export async function payments(parts: QueryParts, query: PaymentsQuery): Promise<Page<Payment>> {
  checkLimit(query.limit);
  const { limit } = query;
  const question = questionOf(query);
  const start = startOf(question, query);
  return parts.views.snapshot(async (reader) => {
    await paymentsCheckpoint(parts, reader);
    const rows = await matching(reader, query, start, limit + 1);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.map((row) => readPayment(row).payment),
      nextCursor: last === undefined ? null : cursorAfter(question, last),
    };
  });
}

/** What is in doubt: one item per operation, the longest first, and totals over all. */
export type InDoubt = Page<Doubt & Readonly<{ ageMs: number }>> &
  Readonly<{ totals: readonly DoubtTotal[] }>;

/**
 * What nobody knows the outcome of, as the view has it.
 * @throws {QueryRefused} a cursor of another question
 */
export async function paymentsInDoubt(
  parts: QueryParts,
  { limit, cursor }: PageQuery,
): Promise<InDoubt> {
  checkLimit(limit);
  const question = ['payments-in-doubt'];
  const from = cursor === undefined ? [] : doubtAfter(cursor, openCursor(question, cursor));
  return parts.views.snapshot(async (reader) => {
    await paymentsCheckpoint(parts, reader);
    const range = { index: 'open', prefix: [1n], from, limit: limit + 1 };
    const found = (await reader.scan(doubtsTable, range)).map(readDoubt);
    const all = { index: 'key', prefix: [], limit: ALL_ROWS };
    const totals = (await reader.scan(doubtTotalsTable, all)).map(readDoubtTotal);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    const now = parts.clock();
    return {
      items: shown.map((doubt) => ({ ...doubt, ageMs: Math.max(0, now - doubt.since) })),
      nextCursor: last === undefined ? null : sealCursor(question, placeOf(last)),
      totals: totals.filter(({ count }) => count > 0n),
    };
  });
}

/**
 * Position up to which payments are complete, in a view that was made from this log.
 * @throws {StoreUnavailable} it was made from another
 */
export async function paymentsCheckpoint(parts: QueryParts, reader: ViewReader): Promise<bigint> {
  const checkpoint = await reader.checkpoint(PAYMENTS_VIEW);
  if (await isOfLog(parts.log, reader, { view: PAYMENTS_VIEW, checkpoint })) return checkpoint;
  throw new StoreUnavailable('the views are of another log; rebuild them');
}

/** Rows of the question in order of creation, `enough` of them unless there are fewer. */
async function matching(
  reader: ViewReader,
  query: PaymentsQuery,
  start: readonly Value[],
  enough: number,
): Promise<readonly Row[]> {
  const to = query.to === undefined ? [] : [BigInt(knownDayNumber(query.to))];
  const found: Row[] = [];
  let from = start;
  for (;;) {
    const rows = await reader.scan(paymentsTable, { ...indexOf(query), from, to, limit: enough });
    for (const row of rows) {
      if (isAsked(row, query)) found.push(row);
      if (found.length === enough) return found;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < enough) return found;
    from = placeAfter(last);
  }
}

/**
 * The index of the question. Only beside an order there may be filters that it leaves to be checked
 * row by row: the payments of one order are few.
 */
function indexOf({ orderId, sellerId, status }: PaymentsQuery): {
  index: string;
  prefix: readonly Value[];
} {
  if (orderId !== undefined) return { index: 'order', prefix: [orderId] };
  if (sellerId !== undefined) {
    return status === undefined
      ? { index: 'seller', prefix: [sellerId] }
      : { index: 'seller_status', prefix: [sellerId, status] };
  }
  return status === undefined
    ? { index: 'day', prefix: [] }
    : { index: 'status', prefix: [status] };
}

function isAsked(row: Row, { sellerId, status }: PaymentsQuery): boolean {
  const place = paymentPlace(row);
  return (
    (sellerId === undefined || place.sellerId === sellerId) &&
    (status === undefined || place.status === status)
  );
}

function questionOf({ orderId, sellerId, status, from, to }: PaymentsQuery): readonly string[] {
  return ['payments', orderId ?? '', sellerId ?? '', status ?? '', from ?? '', to ?? ''];
}

/** Day and position of creation from which to list. */
function startOf(question: readonly string[], { cursor, from }: PaymentsQuery): readonly Value[] {
  if (cursor === undefined) return from === undefined ? [] : [BigInt(knownDayNumber(from))];
  const [day, position] = openCursor(question, cursor);
  return [numberOf(cursor, day), numberOf(cursor, position)];
}

function cursorAfter(question: readonly string[], row: Row): string {
  return sealCursor(question, placeAfter(row).map(String));
}

function placeAfter(row: Row): readonly [bigint, bigint] {
  const { createdDay, createdPosition } = paymentPlace(row);
  return [createdDay, createdPosition + 1n];
}

function placeOf({ since, createdPosition, operation }: Doubt): readonly string[] {
  return [String(since), String(createdPosition), operation];
}

/** Below every character an id may have. */
const NEXT = '\u0000';

function doubtAfter(cursor: string, place: readonly string[]): readonly Value[] {
  const [since, position, operation = ''] = place;
  return [numberOf(cursor, since), numberOf(cursor, position), operation + NEXT];
}

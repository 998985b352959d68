import { statusOf } from '../payments/amounts.js';
import type { Operation, OperationKind, Payment } from '../payments/payment.js';
import type { Row, Table } from '../ports/view-store.js';
import { decodePaymentState, encodePaymentState } from './payment-state.js';
import { intAt, textAt } from './row.js';

/*
 * Payments, for lists of them, and what is in doubt.
 *
 * The key is the position at which a payment was requested, so that rows lie in order of creation
 * and those that change, the young ones, lie together. Positions and the days of creation grow
 * together: every index ends in both, and so any filter with any days is one range of one index.
 */

export const PAYMENTS_VIEW = 'payments';

/** One row per payment. `created_day` is a day number of the ledger's zone (ledger/day.ts). */
export const paymentsTable: Table = {
  name: 'payments_v1',
  columns: [
    ['created_position', 'int'],
    ['created_day', 'int'],
    ['id', 'text'],
    ['order_id', 'text'],
    ['seller_id', 'text'],
    ['status', 'text'],
    ['state', 'text'],
  ],
  key: ['created_position'],
  indexes: {
    id: ['id', 'created_position'],
    day: ['created_day', 'created_position'],
    order: ['order_id', 'created_day', 'created_position'],
    seller: ['seller_id', 'created_day', 'created_position'],
    status: ['status', 'created_day', 'created_position'],
    seller_status: ['seller_id', 'status', 'created_day', 'created_position'],
  },
};

/** A row of {@link paymentsTable}, its state folded. */
export type PaymentRow = Readonly<{
  createdPosition: bigint;
  createdDay: bigint;
  payment: Payment;
}>;

export function paymentRow({ createdPosition, createdDay, payment }: PaymentRow): Row {
  return [
    createdPosition,
    createdDay,
    payment.id,
    payment.orderId,
    payment.sellerId,
    statusOf(payment),
    encodePaymentState(payment),
  ];
}

export function readPayment(row: Row): PaymentRow {
  return { ...paymentPlace(row), payment: decodePaymentState(textAt(row, 6)) };
}

/** Where a row stands in the order of lists, and what lists filter by. */
export type PaymentPlace = Readonly<{
  createdPosition: bigint;
  createdDay: bigint;
  sellerId: string;
  status: string;
}>;

export function paymentPlace(row: Row): PaymentPlace {
  return {
    createdPosition: intAt(row, 0),
    createdDay: intAt(row, 1),
    sellerId: textAt(row, 4),
    status: textAt(row, 5),
  };
}

/** One row per operation that is, or once was, in doubt; `open` is 1 while it is. */
export const doubtsTable: Table = {
  name: 'payment_doubts_v1',
  columns: [
    ['created_position', 'int'],
    ['operation', 'text'],
    ['open', 'int'],
    ['since', 'int'],
    ['payment_id', 'text'],
    ['order_id', 'text'],
    ['seller_id', 'text'],
    ['gateway', 'text'],
    ['kind', 'text'],
    ['amount', 'sum'],
    ['currency', 'text'],
    ['reason', 'text'],
    ['detail', 'text'],
    ['not_found', 'int'],
  ],
  key: ['created_position', 'operation'],
  indexes: { open: ['open', 'since', 'created_position', 'operation'] },
};

/** An operation whose outcome is not known. `since` in ms since 1970, `amount` in minor units. */
export type Doubt = Readonly<{
  createdPosition: bigint;
  operation: string;
  since: number;
  paymentId: string;
  orderId: string;
  sellerId: string;
  gateway: string;
  kind: OperationKind;
  amount: bigint;
  currency: string;
  reason: string;
  detail: string;
  notFoundOnce: boolean;
}>;

/**
 * The row of an operation that is in doubt, or with `open` false was until now.
 * @throws Error when the operation says nothing of a doubt
 */
export function doubtRow(
  { createdPosition, payment }: PaymentRow,
  operation: Operation,
  open: boolean,
): Row {
  const { unknown } = operation;
  if (unknown === undefined) throw new Error(`operation ${operation.id} is not in doubt`);
  return [
    createdPosition,
    operation.id,
    open ? 1n : 0n,
    BigInt(unknown.since),
    payment.id,
    payment.orderId,
    payment.sellerId,
    payment.gateway,
    operation.kind,
    operation.amount,
    payment.currency,
    unknown.reason,
    unknown.detail,
    operation.notFound ? 1n : 0n,
  ];
}

export function readDoubt(row: Row): Doubt {
  return {
    createdPosition: intAt(row, 0),
    operation: textAt(row, 1),
    since: Number(intAt(row, 3)),
    paymentId: textAt(row, 4),
    orderId: textAt(row, 5),
    sellerId: textAt(row, 6),
    gateway: textAt(row, 7),
    kind: kindOf(textAt(row, 8)),
    amount: intAt(row, 9),
    currency: textAt(row, 10),
    reason: textAt(row, 11),
    detail: textAt(row, 12),
    notFoundOnce: intAt(row, 13) === 1n,
  };
}

/** What is in doubt in a currency; a currency that never had a doubt has no row. */
export const doubtTotalsTable: Table = {
  name: 'payment_doubt_totals_v1',
  columns: [
    ['currency', 'text'],
    ['amount', 'sum'],
    ['count', 'int'],
  ],
  key: ['currency'],
  indexes: {},
};

/** `amount` in minor units, `count` operations. */
export type DoubtTotal = Readonly<{ currency: string; amount: bigint; count: bigint }>;

export function doubtTotalRow({ currency, amount, count }: DoubtTotal): Row {
  return [currency, amount, count];
}

export function readDoubtTotal(row: Row): DoubtTotal {
  return { currency: textAt(row, 0), amount: intAt(row, 1), count: intAt(row, 2) };
}

const KINDS: readonly OperationKind[] = ['attempt', 'capture', 'void', 'refund'];

function kindOf(text: string): OperationKind {
  const kind = KINDS.find((known) => known === text);
  if (kind === undefined) throw new Error(`${text} is no kind of operation`);
  return kind;
}

import { z } from 'zod';
import {
  inDoubt,
  isOpen,
  PAYMENT_STATUSES,
  pendingOf,
  refundable,
  statusOf,
} from '../payments/amounts.js';
import type { Operation, OperationKind, Payment } from '../payments/payment.js';
import { lastFour } from '../mask.js';
import { digits, moment } from './fields.js';

/* A payment as it is sent, by the command service and the query service alike. */

/** Of an operation. `SUCCEEDED`, by what succeeded. */
const ATTEMPT_STATUSES = ['STARTED', 'UNKNOWN', 'AUTHORIZED', 'DECLINED'] as const;
const OPERATION_STATUSES = ['REQUESTED', 'UNKNOWN', 'SUCCEEDED', 'FAILED'] as const;

const decline = z
  .strictObject({
    code: z.string().describe('Neutral code; see the list of errors.'),
    pgCode: z.string(),
    pgMessage: z.string(),
    retryable: z.boolean(),
  })
  .nullable();

const doubt = z
  .strictObject({ since: moment, reason: z.string(), detail: z.string() })
  .nullable()
  .describe('While its outcome is not known.');

const operationFields = {
  id: z.string(),
  amount: digits,
  reason: z.string().nullable(),
  requestedAt: moment,
  resolvedAt: moment.nullable(),
  resolvedBy: z.string().nullable(),
  gatewayId: z.string().nullable(),
  decline,
  inDoubt: doubt,
};

const attempt = z.strictObject({ ...operationFields, status: z.enum(ATTEMPT_STATUSES) });
const operation = z.strictObject({ ...operationFields, status: z.enum(OPERATION_STATUSES) });

const amounts = z.strictObject({
  requested: digits,
  authorized: digits,
  captured: digits,
  refundPending: digits,
  refunded: digits,
  voided: digits,
  expired: digits,
  inDoubt: digits,
});

/** Of `amounts`, and of the amounts of a page of history. */
export const paymentAmounts = amounts;

/** A payment as it is sent. */
export const paymentFields = {
  id: z.string(),
  orderId: z.string(),
  sellerId: z.string(),
  merchant: z.string(),
  currency: z.string(),
  gateway: z.string(),
  method: z.strictObject({
    type: z.literal('card'),
    token: z.string().describe('Its last four characters.'),
  }),
  capture: z.enum(['manual', 'auto']),
  status: z.enum(PAYMENT_STATUSES),
  amounts,
  refundable: digits,
  description: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  expiresAt: moment.nullable().describe('Until when it can be captured.'),
  attempts: z.array(attempt),
  captures: z.array(operation),
  voids: z.array(operation),
  refunds: z.array(operation),
  contradictions: z.array(
    z.strictObject({
      operation: z.string(),
      told: z.enum(['done', 'failed']),
      by: z.string(),
      detail: z.string(),
      at: moment,
    }),
  ),
  revision: digits,
  position: digits,
  createdAt: moment,
  changedAt: moment,
};

export const payment = z.strictObject(paymentFields);

/** The payment as it is sent. */
export function wirePayment(folded: Payment): z.output<typeof payment> {
  const { operations, method, metadata, contradictions } = folded;
  const of = (kind: OperationKind) =>
    operations.filter((each) => each.kind === kind).map(wireOperation);
  return {
    id: folded.id,
    orderId: folded.orderId,
    sellerId: folded.sellerId,
    merchant: folded.merchant,
    currency: folded.currency,
    gateway: folded.gateway,
    method: { type: method.type, token: lastFour(method.token) },
    capture: folded.capture,
    status: statusOf(folded),
    amounts: wireAmounts(folded),
    refundable: refundable(folded).toString(),
    description: folded.description ?? null,
    metadata: { ...metadata },
    expiresAt: momentOf(folded.expiresAt),
    attempts: operations.filter((each) => each.kind === 'attempt').map(wireAttempt),
    captures: [...capturedWithAuthorization(folded), ...of('capture')],
    voids: of('void'),
    refunds: of('refund'),
    contradictions: contradictions.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
    revision: folded.revision.toString(),
    position: folded.position.toString(),
    createdAt: new Date(folded.createdAt).toISOString(),
    changedAt: new Date(folded.changedAt).toISOString(),
  };
}

/** The amounts of a payment as they are sent. */
export function wireAmounts(folded: Payment): z.output<typeof amounts> {
  return {
    requested: folded.requested.toString(),
    authorized: folded.authorized.toString(),
    captured: folded.captured.toString(),
    refundPending: pendingOf(folded, 'refund').toString(),
    refunded: folded.refunded.toString(),
    voided: folded.voided.toString(),
    expired: folded.expired.toString(),
    inDoubt: inDoubt(folded).toString(),
  };
}

/** The capture that came with the authorisation: the same operation, seen as a capture. */
function capturedWithAuthorization(folded: Payment): z.output<typeof operation>[] {
  if (folded.capture !== 'auto' || folded.captured === 0n) return [];
  return folded.operations
    .filter(({ kind, status }) => kind === 'attempt' && status === 'done')
    .map(wireOperation);
}

function wireAttempt(one: Operation): z.output<typeof attempt> {
  const { status, ...rest } = wireOperation(one);
  switch (status) {
    case 'REQUESTED':
      return { ...rest, status: 'STARTED' };
    case 'UNKNOWN':
      return { ...rest, status };
    case 'SUCCEEDED':
      return { ...rest, status: 'AUTHORIZED' };
    case 'FAILED':
      return { ...rest, status: 'DECLINED' };
  }
}

function wireOperation(one: Operation): z.output<typeof operation> {
  const { outcome, unknown } = one;
  return {
    id: one.id,
    amount: one.amount.toString(),
    status: statusOfOperation(one),
    reason: one.reason ?? null,
    requestedAt: new Date(one.startedAt).toISOString(),
    resolvedAt: momentOf(outcome?.at),
    resolvedBy: outcome?.by ?? null,
    gatewayId: outcome?.gatewayId ?? null,
    decline: outcome?.decline ?? null,
    inDoubt:
      unknown === undefined || !isOpen(one)
        ? null
        : {
            since: new Date(unknown.since).toISOString(),
            reason: unknown.reason,
            detail: unknown.detail,
          },
  };
}

function statusOfOperation({ status }: Operation): (typeof OPERATION_STATUSES)[number] {
  switch (status) {
    case 'started':
      return 'REQUESTED';
    case 'unknown':
      return 'UNKNOWN';
    case 'done':
      return 'SUCCEEDED';
    case 'failed':
      return 'FAILED';
  }
}

function momentOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

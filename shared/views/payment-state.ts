import { z } from 'zod';
import { currency, day, integer } from '../events/codec-fields.js';
import type { Decline, ToldBy, UnknownReason } from '../events/payment.js';
import type { Contradiction, Operation, Payment } from '../payments/payment.js';

/*
 * A folded payment as a text, so that a fold can go on from a row. The fields are written in one
 * fixed order, whatever the order in which they came to be: equal payments have equal texts.
 */

const by = z.enum(['answer', 'inquiry', 'operator', 'clock'] as const satisfies readonly ToldBy[]);
const instant = z.int();

const unknown = z.strictObject({
  since: instant,
  reason: z.enum([
    'timeout',
    'reset',
    'unavailable',
    'garbled',
    'mismatch',
    'interrupted',
  ] as const satisfies readonly UnknownReason[]),
  detail: z.string(),
});

const outcome = z.strictObject({
  at: instant,
  revision: integer,
  by,
  gatewayId: z.string().exactOptional(),
  failure: z.enum(['declined', 'refused', 'not-processed']).exactOptional(),
  decline: z
    .strictObject({
      code: z.string(),
      pgCode: z.string(),
      pgMessage: z.string(),
      retryable: z.boolean(),
    })
    .exactOptional(),
});

const operation: z.ZodType<Operation> = z.strictObject({
  id: z.string(),
  kind: z.enum(['attempt', 'capture', 'void', 'refund']),
  amount: integer,
  status: z.enum(['started', 'unknown', 'done', 'failed']),
  commandId: z.string(),
  fingerprint: z.string().exactOptional(),
  correlationId: z.string(),
  eventId: z.string(),
  startedAt: instant,
  startedRevision: integer,
  reason: z.string().exactOptional(),
  unknown: unknown.exactOptional(),
  notFound: z.boolean(),
  outcome: outcome.exactOptional(),
});

const contradiction: z.ZodType<Contradiction> = z.strictObject({
  operation: z.string(),
  told: z.enum(['done', 'failed']),
  by,
  detail: z.string(),
  at: instant,
});

const payment: z.ZodType<Payment> = z.strictObject({
  kind: z.literal('payment'),
  id: z.string(),
  orderId: z.string(),
  sellerId: z.string(),
  merchant: z.string(),
  currency,
  method: z.strictObject({ type: z.literal('card'), token: z.string() }),
  capture: z.enum(['manual', 'auto']),
  gateway: z.string(),
  description: z.string().exactOptional(),
  metadata: z.record(z.string(), z.string()).exactOptional(),
  requested: integer,
  authorized: integer,
  captured: integer,
  refunded: integer,
  voided: integer,
  expired: integer,
  expiresAt: instant.exactOptional(),
  operations: z.array(operation),
  contradictions: z.array(contradiction),
  revision: integer,
  position: integer,
  createdAt: instant,
  changedAt: instant,
  day,
});

/** A payment as a text; amounts, revisions and positions are decimal strings in it. */
export function encodePaymentState(folded: Payment): string {
  return JSON.stringify({
    kind: folded.kind,
    id: folded.id,
    orderId: folded.orderId,
    sellerId: folded.sellerId,
    merchant: folded.merchant,
    currency: folded.currency,
    method: { type: folded.method.type, token: folded.method.token },
    capture: folded.capture,
    gateway: folded.gateway,
    description: folded.description,
    metadata: folded.metadata,
    requested: folded.requested.toString(),
    authorized: folded.authorized.toString(),
    captured: folded.captured.toString(),
    refunded: folded.refunded.toString(),
    voided: folded.voided.toString(),
    expired: folded.expired.toString(),
    expiresAt: folded.expiresAt,
    operations: folded.operations.map(operationState),
    contradictions: folded.contradictions.map(contradictionState),
    revision: folded.revision.toString(),
    position: folded.position.toString(),
    createdAt: folded.createdAt,
    changedAt: folded.changedAt,
    day: folded.day,
  });
}

/**
 * The payment of a text that {@link encodePaymentState} made.
 * @throws Error it made no such text
 */
export function decodePaymentState(text: string): Payment {
  return payment.parse(JSON.parse(text));
}

/** JSON.stringify leaves out what is undefined. */
function operationState(one: Operation): object {
  return {
    id: one.id,
    kind: one.kind,
    amount: one.amount.toString(),
    status: one.status,
    commandId: one.commandId,
    fingerprint: one.fingerprint,
    correlationId: one.correlationId,
    eventId: one.eventId,
    startedAt: one.startedAt,
    startedRevision: one.startedRevision.toString(),
    reason: one.reason,
    unknown: unknownState(one.unknown),
    notFound: one.notFound,
    outcome: outcomeState(one.outcome),
  };
}

function unknownState(doubt: Operation['unknown']): object | undefined {
  if (doubt === undefined) return undefined;
  return { since: doubt.since, reason: doubt.reason, detail: doubt.detail };
}

function outcomeState(told: Operation['outcome']): object | undefined {
  if (told === undefined) return undefined;
  return {
    at: told.at,
    revision: told.revision.toString(),
    by: told.by,
    gatewayId: told.gatewayId,
    failure: told.failure,
    decline: declineState(told.decline),
  };
}

function declineState(decline: Decline | undefined): object | undefined {
  if (decline === undefined) return undefined;
  const { code, pgCode, pgMessage, retryable } = decline;
  return { code, pgCode, pgMessage, retryable };
}

function contradictionState(one: Contradiction): object {
  return { operation: one.operation, told: one.told, by: one.by, detail: one.detail, at: one.at };
}

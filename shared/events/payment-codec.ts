import { z } from 'zod';
import type { RecordedEvent } from '../ports/event-store.js';
import { currency, encodeEntry, entry, integer, parse } from './codec-fields.js';
import type { OrderClaimed, PaymentEvent, ToldBy, UnknownReason } from './payment.js';
import { EventUndecodable } from './upcast.js';

type Event = PaymentEvent | OrderClaimed;

const by = z.enum(['answer', 'inquiry', 'operator', 'clock'] as const satisfies readonly ToldBy[]);

const told = {
  by,
  reason: z.string().exactOptional(),
  answer: z.string().exactOptional(),
};
const done = {
  operation: z.string(),
  orderId: z.string(),
  amount: integer,
  gatewayId: z.string(),
  ...told,
};
const failed = {
  operation: z.string(),
  failure: z.enum(['declined', 'refused', 'not-processed']),
  decline: z.strictObject({
    code: z.string(),
    pgCode: z.string(),
    pgMessage: z.string(),
    retryable: z.boolean(),
  }),
  ...told,
};

/** The schemas of the current version of the data of a payment's events, and of an order's. */
export const paymentSchemas = {
  OrderClaimed: z.strictObject({
    merchant: z.string(),
    orderId: z.string(),
    paymentId: z.string(),
  }),
  PaymentRequested: z.strictObject({
    id: z.string(),
    orderId: z.string(),
    sellerId: z.string(),
    amount: integer,
    currency,
    method: z.strictObject({ type: z.literal('card'), token: z.string() }),
    capture: z.enum(['manual', 'auto']),
    gateway: z.string(),
    description: z.string().exactOptional(),
    metadata: z.record(z.string(), z.string()).exactOptional(),
  }),
  AttemptStarted: z.strictObject({ operation: z.string(), amount: integer }),
  PaymentAuthorized: z.strictObject({ ...done, expiresAt: z.int().exactOptional(), entry }),
  AttemptDeclined: z.strictObject(failed),
  CaptureStarted: z.strictObject({ operation: z.string(), amount: integer }),
  PaymentCaptured: z.strictObject({ ...done, remaining: integer, entry }),
  CaptureFailed: z.strictObject(failed),
  VoidStarted: z.strictObject({
    operation: z.string(),
    amount: integer,
    reason: z.string().exactOptional(),
  }),
  PaymentVoided: z.strictObject({ ...done, entry }),
  VoidFailed: z.strictObject(failed),
  AuthorizationExpired: z.strictObject({
    orderId: z.string(),
    amount: integer,
    by,
    answer: z.string().exactOptional(),
    entry,
  }),
  RefundRequested: z.strictObject({
    operation: z.string(),
    orderId: z.string(),
    amount: integer,
    reason: z.string(),
    entry,
  }),
  RefundSucceeded: z.strictObject({ ...done, entry }),
  RefundFailed: z.strictObject({ ...failed, orderId: z.string(), amount: integer, entry }),
  OutcomeUnknown: z.strictObject({
    operation: z.string(),
    reason: z.enum([
      'timeout',
      'reset',
      'unavailable',
      'garbled',
      'mismatch',
      'interrupted',
    ] as const satisfies readonly UnknownReason[]),
    detail: z.string(),
  }),
  OutcomeNotFound: z.strictObject({ operation: z.string(), answer: z.string().exactOptional() }),
  AnswerContradicted: z.strictObject({
    operation: z.string(),
    told: z.enum(['done', 'failed']),
    by,
    detail: z.string(),
    answer: z.string().exactOptional(),
  }),
  PaymentAbandoned: z.strictObject({ id: z.string(), orderId: z.string(), insteadOf: z.string() }),
} as const satisfies Record<Event['type'], z.ZodType>;

/**
 * Decodes the data of one of these events.
 * @throws {EventUndecodable} another type, or data of another shape
 */
export function decodePayment(recorded: RecordedEvent, type: string, data: unknown): Event {
  switch (type) {
    case 'OrderClaimed':
      return { type, data: parse(recorded, paymentSchemas.OrderClaimed, data) };
    case 'PaymentRequested':
      return { type, data: parse(recorded, paymentSchemas.PaymentRequested, data) };
    case 'AttemptStarted':
      return { type, data: parse(recorded, paymentSchemas.AttemptStarted, data) };
    case 'PaymentAuthorized':
      return { type, data: parse(recorded, paymentSchemas.PaymentAuthorized, data) };
    case 'AttemptDeclined':
      return { type, data: parse(recorded, paymentSchemas.AttemptDeclined, data) };
    case 'CaptureStarted':
      return { type, data: parse(recorded, paymentSchemas.CaptureStarted, data) };
    case 'PaymentCaptured':
      return { type, data: parse(recorded, paymentSchemas.PaymentCaptured, data) };
    case 'CaptureFailed':
      return { type, data: parse(recorded, paymentSchemas.CaptureFailed, data) };
    case 'VoidStarted':
      return { type, data: parse(recorded, paymentSchemas.VoidStarted, data) };
    case 'PaymentVoided':
      return { type, data: parse(recorded, paymentSchemas.PaymentVoided, data) };
    case 'VoidFailed':
      return { type, data: parse(recorded, paymentSchemas.VoidFailed, data) };
    case 'AuthorizationExpired':
      return { type, data: parse(recorded, paymentSchemas.AuthorizationExpired, data) };
    case 'RefundRequested':
      return { type, data: parse(recorded, paymentSchemas.RefundRequested, data) };
    case 'RefundSucceeded':
      return { type, data: parse(recorded, paymentSchemas.RefundSucceeded, data) };
    case 'RefundFailed':
      return { type, data: parse(recorded, paymentSchemas.RefundFailed, data) };
    case 'OutcomeUnknown':
      return { type, data: parse(recorded, paymentSchemas.OutcomeUnknown, data) };
    case 'OutcomeNotFound':
      return { type, data: parse(recorded, paymentSchemas.OutcomeNotFound, data) };
    case 'AnswerContradicted':
      return { type, data: parse(recorded, paymentSchemas.AnswerContradicted, data) };
    case 'PaymentAbandoned':
      return { type, data: parse(recorded, paymentSchemas.PaymentAbandoned, data) };
    default:
      throw new EventUndecodable(recorded.position, `unknown type ${type}`);
  }
}

/**
 * JSON text of the data, its fields in the order they were given and its entry last: faster than a
 * JSON.stringify that asks a replacer about every value. Amounts are decimal strings.
 */
export function encodePayment({ data }: Event): string {
  let text = '';
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined || name === 'entry') continue;
    text += text === '' ? '{"' : ',"';
    text += `${name}":${typeof value === 'bigint' ? `"${value}"` : JSON.stringify(value)}`;
  }
  return 'entry' in data ? `${text},"entry":${encodeEntry(data.entry)}}` : `${text}}`;
}

import { nothing } from '../../shared/http/fields.js';
import type { CommandSpec, RouteSpec } from '../../shared/http/route.js';
import type { Code } from '../../shared/http/statuses.js';
import * as schemas from './payment-schemas.js';
import { IDEMPOTENCY, KEYED_AND_MATCHED, POSTED } from './spec-parts.js';

const IN_DOUBT = 'Stored; whether the gateway did it is not known yet. It is found out.';

const GATEWAY: readonly Code[] = ['GATEWAY_REFUSED', 'GATEWAY_UNAVAILABLE'];

/** `DUPLICATE_REQUEST`: also of a key used before, where the merchant's policy wants it so. */
const ASKING: readonly Code[] = [...IDEMPOTENCY, 'DUPLICATE_REQUEST', 'ZERO_AMOUNT', ...GATEWAY];

const ON_PAYMENT: readonly Code[] = [
  'NOT_FOUND',
  'ILLEGAL_STATE',
  'REVISION_MISMATCH',
  'TOO_MANY_OPERATIONS',
];

const AUTHORIZING: readonly Code[] = [
  ...ASKING,
  'PAYMENT_DECLINED',
  'AMOUNT_OVERFLOW',
  'CURRENCY_UNKNOWN',
  'CAPTURE_MODE_UNSUPPORTED',
];
const CAPTURING: readonly Code[] = [
  ...ASKING,
  ...ON_PAYMENT,
  'CAPTURE_DECLINED',
  'CAPTURE_EXCEEDS_AUTHORIZED',
];
const REFUNDING: readonly Code[] = [
  ...ASKING,
  ...ON_PAYMENT,
  'REFUND_DECLINED',
  'REFUND_EXCEEDS_CAPTURED',
];

const begins = { ...POSTED, headers: ['Idempotency-Key', 'Prefer'] } as const;

const order = {
  orderId: 'order-1001',
  sellerId: 'seller-7',
  amount: '50000',
  currency: 'KRW',
  method: { type: 'card', token: 'tok_ok' },
};

export const authorizePayment = {
  ...begins,
  path: '/v1/payments',
  tag: 'Payments',
  summary: 'Authorise a payment, and capture it too with `capture: "auto"`',
  description:
    'What is asked of the gateway is stored first, and its answer after. An order has one live ' +
    'payment: another is refused with the id of the first.',
  params: nothing,
  body: schemas.authorizeBody,
  data: schemas.sentPayment,
  success: { 201: 'Authorised, or captured.', 202: IN_DOUBT },
  refusals: AUTHORIZING,
  example: { body: order },
} as const satisfies CommandSpec;

export const capturePayment = {
  ...KEYED_AND_MATCHED,
  path: '/v1/payments/{id}/captures',
  tag: 'Payments',
  summary: 'Capture what is authorised, wholly or in part',
  params: schemas.paymentParams,
  body: schemas.captureBody,
  data: schemas.sentCapture,
  success: { 201: 'Captured.', 202: IN_DOUBT },
  refusals: CAPTURING,
  example: { body: { amount: '20000' } },
} as const satisfies CommandSpec;

export const voidPayment = {
  ...KEYED_AND_MATCHED,
  path: '/v1/payments/{id}/void',
  tag: 'Payments',
  summary: 'Give up what is authorised, before any of it is captured',
  params: schemas.paymentParams,
  body: schemas.voidBody,
  data: schemas.sentPayment,
  success: { 200: 'Voided.', 202: IN_DOUBT },
  refusals: [...IDEMPOTENCY, 'DUPLICATE_REQUEST', ...GATEWAY, ...ON_PAYMENT, 'VOID_DECLINED'],
  example: { body: { reason: 'the buyer changed their mind' } },
} as const satisfies CommandSpec;

export const refundPayment = {
  ...KEYED_AND_MATCHED,
  path: '/v1/payments/{id}/refunds',
  tag: 'Payments',
  summary: 'Refund what is captured, wholly or in part',
  description: 'The amount is reserved before the gateway is asked: refunds never sum to more.',
  params: schemas.paymentParams,
  body: schemas.refundBody,
  data: schemas.sentRefund,
  success: { 201: 'Refunded.', 202: IN_DOUBT },
  refusals: REFUNDING,
  example: { body: { amount: '5000', reason: 'one item came back' } },
} as const satisfies CommandSpec;

export const resolveOperation = {
  ...KEYED_AND_MATCHED,
  path: '/v1/payments/{id}/resolution',
  tag: 'Payments',
  summary: 'Say what became of money in doubt',
  description: 'For a person who knows it from elsewhere. It is stored with who said so, and why.',
  params: schemas.paymentParams,
  body: schemas.resolutionBody,
  data: schemas.sentPayment,
  success: { 200: 'Stored.', 202: IN_DOUBT },
  refusals: [...IDEMPOTENCY, 'DUPLICATE_REQUEST', ...ON_PAYMENT],
  example: {
    body: {
      operation: '5f0d9a7e-6c1b-5d3a-9e4f-0a1b2c3d4e5f-1',
      outcome: 'done',
      reason: 'it is on the statement of the gateway of 31 March',
    },
  },
} as const satisfies CommandSpec;

export const inquirePayment = {
  ...POSTED,
  path: '/v1/payments/{id}/inquiry',
  tag: 'Payments',
  summary: 'Ask the gateway now about money in doubt',
  description: 'It is asked by itself again and again; this is for whoever cannot wait.',
  params: schemas.paymentParams,
  body: nothing,
  data: schemas.sentPayment,
  success: { 200: 'Nothing is in doubt any more.', 202: IN_DOUBT },
  refusals: ['NOT_FOUND', 'GATEWAY_UNAVAILABLE', 'CONTENTION'],
} as const satisfies CommandSpec;

export const makeKey = {
  ...POSTED,
  path: '/v1/idempotency-keys',
  tag: 'Payments',
  summary: 'Make an Idempotency-Key',
  description: 'A fresh UUID, for callers that have no ids of their own. Nothing is stored.',
  params: nothing,
  body: nothing,
  data: schemas.newKey,
  success: { 201: 'Made.' },
  refusals: [],
} as const satisfies CommandSpec;

const ALIAS = 'The same command as its namesake: the same key through both is carried out once.';

export const authorizeAlias = {
  ...begins,
  path: '/payments/authorize',
  tag: 'Seed aliases',
  summary: 'Authorise a payment: `POST /v1/payments`',
  description: ALIAS,
  params: nothing,
  body: schemas.authorizeBody,
  data: schemas.aliasPayment,
  success: { 200: 'Authorised, or captured.', 202: IN_DOUBT },
  refusals: AUTHORIZING,
  example: { body: order },
} as const satisfies CommandSpec;

export const captureAlias = {
  ...KEYED_AND_MATCHED,
  path: '/payments/capture/{paymentId}',
  tag: 'Seed aliases',
  summary: 'Capture a payment: `POST /v1/payments/{id}/captures`',
  description: ALIAS,
  params: schemas.aliasParams,
  body: schemas.captureBody,
  data: schemas.aliasPayment,
  success: { 200: 'Captured.', 202: IN_DOUBT },
  refusals: CAPTURING,
} as const satisfies CommandSpec;

export const refundAlias = {
  ...KEYED_AND_MATCHED,
  path: '/payments/refund/{paymentId}',
  tag: 'Seed aliases',
  summary: 'Refund a payment: `POST /v1/payments/{id}/refunds`',
  description: ALIAS,
  params: schemas.aliasParams,
  body: schemas.refundAliasBody,
  data: schemas.aliasPayment,
  success: { 200: 'Refunded.', 202: IN_DOUBT },
  refusals: REFUNDING,
} as const satisfies CommandSpec;

/** Every command of payments, the busiest first. */
export const PAYMENT_SPECS: readonly RouteSpec[] = [
  authorizePayment,
  capturePayment,
  refundPayment,
  voidPayment,
  resolveOperation,
  inquirePayment,
  makeKey,
  authorizeAlias,
  captureAlias,
  refundAlias,
];

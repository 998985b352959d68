import { z } from 'zod';
import { PAYMENT_EVENT_TYPES } from '../../shared/events/payment.js';
import { day, digits, moment } from '../../shared/http/fields.js';
import { payment, paymentAmounts, paymentFields } from '../../shared/http/payment.js';
import { PAYMENT_STATUSES } from '../../shared/payments/amounts.js';
import { CHANGED_BY } from '../queries/payment-history.js';
import { asOfAnswer, asOfFields, page, paging, position } from './schemas.js';

/* Questions. */

const id = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, { error: 'is 1 to 64 of A-Z a-z 0-9 . _ : -' })
  .meta({ examples: ['5f2b8c1e-0d7a-5c3f-9b21-6a1f0e8d4c77'] });

export const paymentParams = z.strictObject({ id: id.describe('Id of the payment.') });

export const paymentQuery = z.strictObject({
  ...asOfFields,
  sequence: position
    .exactOptional()
    .describe(
      'As it was at this revision, instead of `effective` and `known`. One that is yet to come is ' +
        'refused with 400, as a future `known` is.',
    ),
});

export const paymentsQuery = z.strictObject({
  orderId: id.exactOptional(),
  sellerId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'is 1 to 64 of A-Z a-z 0-9 . _ -' })
    .exactOptional(),
  status: z.enum(PAYMENT_STATUSES).exactOptional(),
  from: day.exactOptional().describe('First day of creation.'),
  to: day.exactOptional().describe('Last day of creation.'),
  ...paging,
});

export const pageQuery = z.strictObject(paging);

/* Answers. */

export const paymentAnswer = z.strictObject({ ...paymentFields, asOf: asOfAnswer });
export const paymentsAnswer = page(payment);

const standing = z.strictObject({ status: z.enum(PAYMENT_STATUSES), amounts: paymentAmounts });

export const paymentChange = z.strictObject({
  revision: digits,
  position: digits,
  recordedAt: moment,
  occurredAt: moment,
  effectiveDate: z.string().meta({ format: 'date' }),
  eventId: z.string(),
  type: z.enum(PAYMENT_EVENT_TYPES),
  operation: z.string().nullable().describe('The attempt, capture, void or refund it is about.'),
  actor: z.string().describe('Who.'),
  by: z
    .enum(CHANGED_BY)
    .describe(
      'By what: a command of a caller, the answer of the gateway, a later inquiry, an operator, ' +
        'or the passing of time.',
    ),
  why: z.string(),
  before: standing.nullable(),
  after: standing,
  answer: z.string().nullable().describe('What the gateway answered, as it came, masked.'),
  commandId: z.string(),
  correlationId: z.string(),
});
export const historyAnswer = page(paymentChange);

export const doubtItem = z.strictObject({
  paymentId: z.string(),
  orderId: z.string(),
  sellerId: z.string(),
  gateway: z.string(),
  operation: z.string().describe('Id of the operation: our reference towards the gateway.'),
  kind: z.enum(['authorization', 'capture', 'void', 'refund']),
  amount: digits,
  currency: z.string(),
  reason: z.string(),
  detail: z.string(),
  since: moment,
  ageSeconds: z.int(),
  notFoundOnce: z
    .boolean()
    .describe('The gateway, asked after its own time-out, did not know it. Once is not enough.'),
});

export const inDoubtAnswer = z.strictObject({
  items: z.array(doubtItem),
  totals: z
    .array(z.strictObject({ currency: z.string(), amount: digits, count: digits }))
    .describe('Over all that is in doubt, not only over this page.'),
  nextCursor: z.string().nullable(),
});

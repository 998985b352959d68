import { nothing } from '../../shared/http/fields.js';
import type { QuerySpec, RouteSpec } from '../../shared/http/route.js';
import * as schemas from './payment-schemas.js';
import { eventsAnswer, journalAnswer, streamQuery } from './schemas.js';

const reading = { method: 'GET', tag: 'Payments', headers: ['X-Min-Position'] } as const;
const ok = { 200: 'Found.' } as const;
const FROM_THE_LOG = 'Read from the log itself, and so never behind a write that was answered.';

export const payments = {
  ...reading,
  path: '/v1/payments',
  summary: 'List payments',
  description:
    'The oldest first, so that a cursor stays good while payments are added. `from` and `to` are ' +
    "days of creation in the ledger's time zone, both included.",
  params: nothing,
  query: schemas.paymentsQuery,
  data: schemas.paymentsAnswer,
  success: ok,
  refusals: ['READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const inDoubt = {
  ...reading,
  path: '/v1/payments/in-doubt',
  summary: 'What is in doubt',
  description:
    'One item for each operation whose outcome nobody knows yet, the longest in doubt first, and ' +
    'totals per currency.',
  params: nothing,
  query: schemas.pageQuery,
  data: schemas.inDoubtAnswer,
  success: ok,
  refusals: ['READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const payment = {
  ...reading,
  path: '/v1/payments/{id}',
  summary: 'Read a payment, as of both times or at a revision',
  description: FROM_THE_LOG,
  params: schemas.paymentParams,
  query: schemas.paymentQuery,
  data: schemas.paymentAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const paymentEvents = {
  ...reading,
  path: '/v1/payments/{id}/events',
  summary: 'Events of a payment',
  description: FROM_THE_LOG,
  params: schemas.paymentParams,
  query: streamQuery,
  data: eventsAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const paymentEntries = {
  ...reading,
  path: '/v1/payments/{id}/entries',
  summary: 'Journal entries of a payment',
  description: FROM_THE_LOG,
  params: schemas.paymentParams,
  query: schemas.pageQuery,
  data: journalAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const paymentHistory = {
  ...reading,
  path: '/v1/payments/{id}/history',
  summary: 'What happened to a payment: who, when, why, before and after',
  description: FROM_THE_LOG,
  params: schemas.paymentParams,
  query: schemas.pageQuery,
  data: schemas.historyAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

/** Questions about payments. `in-doubt` comes before what would take it for an id. */
export const PAYMENT_SPECS: readonly RouteSpec[] = [
  payments,
  inDoubt,
  payment,
  paymentEvents,
  paymentEntries,
  paymentHistory,
];

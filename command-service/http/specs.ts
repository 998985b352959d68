import { nothing } from '../../shared/http/fields.js';
import type { CommandSpec, RouteSpec } from '../../shared/http/route.js';
import type { Code } from '../../shared/http/statuses.js';
import { PAYMENT_SPECS } from './payment-specs.js';
import * as schemas from './schemas.js';
import { IDEMPOTENCY, KEYED, KEYED_AND_MATCHED, POSTED } from './spec-parts.js';

const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Media type of a batch with one entry a line. */
export const NDJSON = 'application/x-ndjson';

const ENTRY_RULES: readonly Code[] = [
  'UNBALANCED',
  'TOO_FEW_LEGS',
  'TOO_MANY_LEGS',
  'ZERO_AMOUNT',
  'AMOUNT_OVERFLOW',
  'ACCOUNT_UNKNOWN',
  'ACCOUNT_RESERVED',
  'CURRENCY_UNKNOWN',
  'CURRENCY_NOT_ALLOWED',
  'INSUFFICIENT_BALANCE',
  'MULTIPLE_GUARDED_ACCOUNTS',
  'EFFECTIVE_DATE_OUT_OF_RANGE',
];

const legs = [
  { account: '1110', side: 'debit', amount: '50000', currency: 'KRW' },
  { account: '2010:seller-7', side: 'credit', amount: '50000', currency: 'KRW' },
];

export const declareAccount = {
  ...POSTED,
  path: '/v1/ledger/accounts',
  tag: 'Accounts',
  summary: 'Declare a code of the chart',
  description: 'Accounts below a declared code open on first use.',
  params: nothing,
  body: schemas.declareAccountBody,
  data: schemas.declared,
  success: { 201: 'Declared.', 200: 'It was declared so before.' },
  refusals: ['ACCOUNT_EXISTS', 'ACCOUNT_RESERVED', 'CURRENCY_UNKNOWN', 'CONTENTION'],
  example: { body: { code: '2111', name: 'Wallets', type: 'liability', guarded: true } },
} as const satisfies CommandSpec;

export const postEntry = {
  ...KEYED,
  path: '/v1/ledger/entries',
  tag: 'Entries',
  summary: 'Post an entry',
  params: nothing,
  body: schemas.postEntryBody,
  data: schemas.posted,
  success: { 201: 'Posted: it is on disk.' },
  refusals: [...IDEMPOTENCY, ...ENTRY_RULES],
  example: { body: { description: 'Order 1001, captured', legs } },
} as const satisfies CommandSpec;

export const postBatch = {
  ...POSTED,
  limit: MAX_BATCH_BYTES,
  path: '/v1/ledger/entries/batch',
  tag: 'Entries',
  summary: 'Post up to 10,000 entries',
  description:
    'Each entry stands or falls alone; its id is its key for ever. Results are in the order sent.',
  params: nothing,
  body: schemas.batchBody,
  bodyTypes: [NDJSON],
  data: schemas.batchAnswer,
  success: { 200: 'What became of each entry.' },
  refusals: [],
  example: { body: { entries: [{ id: 'order-1001', description: 'Order 1001', legs }] } },
} as const satisfies CommandSpec;

export const reverseEntry = {
  ...KEYED_AND_MATCHED,
  path: '/v1/ledger/entries/{id}/reversal',
  tag: 'Entries',
  summary: 'Reverse an entry',
  description: 'Posts the same legs with the sides exchanged. An entry is reversed once.',
  params: schemas.entryParams,
  body: schemas.reversalBody,
  data: schemas.posted,
  success: { 201: 'Reversed.' },
  refusals: [
    ...IDEMPOTENCY,
    'NOT_FOUND',
    'ALREADY_REVERSED',
    'REVISION_MISMATCH',
    'ACCOUNT_RESERVED',
    'INSUFFICIENT_BALANCE',
    'EFFECTIVE_DATE_OUT_OF_RANGE',
  ],
  example: { body: { reason: 'posted twice by mistake' } },
} as const satisfies CommandSpec;

export const placeHold = {
  ...KEYED,
  path: '/v1/ledger/holds',
  tag: 'Holds',
  summary: 'Set money of a guarded account aside',
  params: nothing,
  body: schemas.placeHoldBody,
  data: schemas.held,
  success: { 201: 'Held.' },
  refusals: [
    ...IDEMPOTENCY,
    'ACCOUNT_UNKNOWN',
    'ACCOUNT_NOT_GUARDED',
    'ACCOUNT_RESERVED',
    'CURRENCY_UNKNOWN',
    'CURRENCY_NOT_ALLOWED',
    'INSUFFICIENT_BALANCE',
    'ZERO_AMOUNT',
    'HOLD_EXPIRED',
  ],
  example: {
    body: {
      account: '2111:ann',
      amount: '3000',
      currency: 'KRW',
      expiresAt: '2030-01-01T00:00:00+09:00',
      description: 'Order 1002',
    },
  },
} as const satisfies CommandSpec;

const CLOSING: readonly Code[] = [
  ...IDEMPOTENCY,
  'NOT_FOUND',
  'ACCOUNT_UNKNOWN',
  'ACCOUNT_NOT_GUARDED',
  'HOLD_EXPIRED',
  'HOLD_CLOSED',
];

export const settleHold = {
  ...KEYED,
  path: '/v1/ledger/holds/{account}/{id}/settle',
  tag: 'Holds',
  summary: 'Spend what is held, wholly or in part',
  params: schemas.holdParams,
  body: schemas.settleHoldBody,
  data: schemas.held,
  success: { 200: 'Settled; what was not spent went back.' },
  refusals: [...CLOSING, 'ACCOUNT_RESERVED', 'INSUFFICIENT_BALANCE', 'ZERO_AMOUNT'],
  example: { body: { to: '2010:seller-7' } },
} as const satisfies CommandSpec;

export const releaseHold = {
  ...KEYED,
  path: '/v1/ledger/holds/{account}/{id}/release',
  tag: 'Holds',
  summary: 'Give back what is held',
  params: schemas.holdParams,
  body: nothing,
  data: schemas.held,
  success: { 200: 'Released.' },
  refusals: CLOSING,
} as const satisfies CommandSpec;

/** Every command, the busiest first. */
export const COMMAND_SPECS: readonly RouteSpec[] = [
  postEntry,
  postBatch,
  reverseEntry,
  declareAccount,
  placeHold,
  settleHold,
  releaseHold,
  ...PAYMENT_SPECS,
];

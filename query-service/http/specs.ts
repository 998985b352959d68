import { nothing } from '../../shared/http/fields.js';
import type { QuerySpec, RouteSpec } from '../../shared/http/route.js';
import { PAYMENT_SPECS } from './payment-specs.js';
import * as schemas from './schemas.js';

export const CSV = 'text/csv';
export const NDJSON = 'application/x-ndjson';

const reading = { method: 'GET', headers: ['X-Min-Position'] } as const;
const ok = { 200: 'Found.' } as const;

export const accounts = {
  ...reading,
  path: '/v1/ledger/accounts',
  tag: 'Accounts',
  summary: 'List accounts',
  description: 'Declared codes, and below them what entries have named.',
  params: nothing,
  query: schemas.accountsQuery,
  data: schemas.accountsAnswer,
  success: ok,
  refusals: ['READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const entry = {
  ...reading,
  path: '/v1/ledger/entries/{id}',
  tag: 'Entries',
  summary: 'Read an entry',
  params: schemas.entryParams,
  query: nothing,
  data: schemas.journalItem,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const balances = {
  ...reading,
  path: '/v1/ledger/accounts/{id}/balances',
  tag: 'Accounts',
  summary: 'Balances of an account, as of both times',
  params: schemas.accountParams,
  query: schemas.asOfQuery,
  data: schemas.balancesAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const statement = {
  ...reading,
  path: '/v1/ledger/accounts/{id}/statement',
  tag: 'Accounts',
  summary: 'Statement of an account',
  description:
    'In order of effective day, then position. As CSV it is whole, unless `limit` is given.',
  params: schemas.accountParams,
  query: schemas.statementQuery,
  data: schemas.statementAnswer,
  alternatives: [CSV],
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const trialBalance = {
  ...reading,
  path: '/v1/ledger/trial-balance',
  tag: 'Ledger',
  summary: 'Trial balance, as of both times',
  params: nothing,
  query: schemas.trialBalanceQuery,
  data: schemas.trialBalanceAnswer,
  success: ok,
  refusals: ['READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const journal = {
  ...reading,
  path: '/v1/ledger/journal',
  tag: 'Ledger',
  summary: 'Entries in log order',
  params: nothing,
  query: schemas.journalQuery,
  data: schemas.journalAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const events = {
  ...reading,
  path: '/v1/events',
  tag: 'Audit',
  summary: 'Events in log order',
  description: 'As NDJSON they are streamed to the end of the log, unless `limit` is given.',
  params: nothing,
  query: schemas.eventsQuery,
  data: schemas.eventsAnswer,
  alternatives: [NDJSON],
  success: ok,
  refusals: ['READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const streamEvents = {
  ...reading,
  path: '/v1/streams/{stream}/events',
  tag: 'Audit',
  summary: 'Events of one stream',
  params: schemas.streamParams,
  query: schemas.streamQuery,
  data: schemas.eventsAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

export const trace = {
  ...reading,
  path: '/v1/traces/{correlationId}',
  tag: 'Audit',
  summary: 'Everything one request led to',
  description: 'A tree by causation.',
  params: schemas.traceParams,
  query: nothing,
  data: schemas.traceAnswer,
  success: ok,
  refusals: ['NOT_FOUND', 'READ_MODEL_BEHIND'],
} as const satisfies QuerySpec;

/** Every question. */
export const QUERY_SPECS: readonly RouteSpec[] = [
  balances,
  statement,
  entry,
  accounts,
  trialBalance,
  journal,
  events,
  streamEvents,
  trace,
  ...PAYMENT_SPECS,
];

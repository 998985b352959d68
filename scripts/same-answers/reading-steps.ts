import { get, keptText, pages, positionOf, step, type Seen, type Step } from './asking.js';
import { LONGEST_ACCOUNT, LONGEST_ID } from './entry-steps.js';
import { ofPayment } from './payment-steps.js';

const ACCOUNTS = [
  '1010',
  '1110',
  '2010:seller-7',
  '2010:x',
  '2410:h',
  'usd-only',
  'wallet:ann',
  'wallet:ann:held',
  'wallet:heavy',
  'wallet',
  LONGEST_ACCOUNT,
  '9010',
  '2010:nothing-moved',
];

/** As of which days and positions. Numbers count events; `-` is one position below. */
const CUTS: readonly ((seen: Seen) => string)[] = [
  () => '',
  () => 'effective=2024-02-29',
  () => 'effective=1899-12-31',
  known(0),
  known(40),
  known(41, 1n),
  known(120),
  known(121, 1n),
  (seen) => `${known(140)(seen)}&effective=2024-03-31`,
  (seen) => `known=${keptText(seen, 'traced', 'data', 'recordedAt') ?? ''}`,
  () => 'known=2020-01-01T00:00:00Z',
  known(1_000_000),
  () => 'known=2199-01-01T00:00:00Z',
  () => 'known=position:-1',
  () => 'effective=2024-02-30',
];

function known(number: number, below = 0n): (seen: Seen) => string {
  return (seen) => `known=position:${positionOf(seen, number) - below}`;
}

function asOf(path: string, more = ''): readonly Step[] {
  return CUTS.map((cut) => ({
    ask: (seen: Seen) =>
      get(`${path}?${[cut(seen), more].filter((part) => part !== '').join('&')}`),
  }));
}

const BALANCES = ACCOUNTS.flatMap((account) => asOf(`/v1/ledger/accounts/${account}/balances`));
const TRIAL_BALANCES = [
  ...asOf('/v1/ledger/trial-balance'),
  ...asOf('/v1/ledger/trial-balance', 'prefix=2010:'),
  step(get('/v1/ledger/trial-balance?prefix=%24')),
];

const STATEMENTS: readonly Step[] = ACCOUNTS.flatMap((account) => {
  const path = `/v1/ledger/accounts/${account}/statement`;
  return [
    step(get(path)),
    step(get(path, { Accept: 'text/csv' })),
    step(get(`${path}?from=2024-02-01&to=2024-03-31`)),
    step(get(`${path}?currency=USD`)),
    step(get(`${path}?from=2024-03-31&to=2024-02-01`)),
    ...pages(`statement ${account}`, `${path}?limit=7`, 6),
    { ask: (seen: Seen) => get(`${path}?${known(100, 1n)(seen)}&limit=3`) },
    { ask: (seen: Seen) => get(`${path}?${known(99)(seen)}`, { Accept: 'text/csv' }) },
  ];
});

const LISTS: readonly Step[] = [
  ...pages('accounts', '/v1/ledger/accounts?limit=11', 8),
  step(get('/v1/ledger/accounts?type=liability')),
  step(get('/v1/ledger/accounts?prefix=wallet')),
  step(get(`/v1/ledger/accounts?prefix=${LONGEST_ACCOUNT}`)),
  ...pages('journal', '/v1/ledger/journal?limit=40', 12),
  ...pages('journal of x', '/v1/ledger/journal?limit=5&account=2010:x', 8),
  { ask: (seen) => get(`/v1/ledger/journal?after=${positionOf(seen, 100)}&limit=9`) },
  { ask: (seen) => get(`/v1/ledger/journal?after=${positionOf(seen, 101) - 1n}&limit=9`) },
  { ask: (seen) => get(`/v1/ledger/journal?after=${positionOf(seen, 1_000_000)}`) },
  step(get('/v1/ledger/journal?account=nobody')),
  ...pages('payments', '/v1/payments?limit=7', 12),
  step(get('/v1/payments?orderId=o1')),
  step(get('/v1/payments?sellerId=seller.1&limit=500')),
  ...pages('voided', '/v1/payments?status=VOIDED&limit=1', 4),
  ...pages('of a seller', '/v1/payments?sellerId=seller.2&status=AUTHORIZED&limit=2', 6),
  step(get('/v1/payments?from=2020-01-01&to=2020-01-02')),
  ...pages('in doubt', '/v1/payments/in-doubt?limit=1', 6),
  step(get('/v1/payments?cursor=abc')),
  step(get('/v1/payments?limit=501')),
  step(get('/v1/payments?surplus=1')),
];

const ENTRIES: readonly Step[] = [
  { ask: (seen) => get(`/v1/ledger/entries/${keptText(seen, 'e1', 'data', 'id') ?? ''}`) },
  step(get(`/v1/ledger/entries/${LONGEST_ID}`)),
  step(get('/v1/ledger/entries/m2')),
  step(get('/v1/ledger/entries/heavy-3')),
  step(get('/v1/ledger/entries/nothing')),
  step(get('/v1/ledger/entries/%24where')),
  { ask: (seen) => get(`/v1/ledger/entries/${holdEntry(seen)}`) },
];

function holdEntry(seen: Seen): string {
  const [stream, revision] = ['stream', 'revision'].map((name) =>
    keptText(seen, 'h1', 'data', name),
  );
  return encodeURIComponent(`${stream ?? ''}/${revision ?? ''}`);
}

const PAYMENTS: readonly Step[] = [
  'p1',
  'p2',
  'p4',
  'declined',
  'timeout',
  'refund_503',
  'a1',
  'many',
]
  .flatMap((name) => [
    ofPayment(name),
    ofPayment(name, '?sequence=2'),
    ofPayment(name, '?sequence=4000'),
    ofPayment(name, '?effective=2020-01-01'),
    ofPayment(name, '/events?limit=5'),
    ofPayment(name, '/events?from=2&to=4'),
    ofPayment(name, '/entries?limit=3'),
    ofPayment(name, '/history'),
  ])
  .concat([
    known0('p1', (id, seen) => `${id}?${known(1_000_000)(seen)}`),
    known0('p1', (id, seen) => `${id}?${known(1)(seen)}`),
    known0('p1', (id, seen) => `${id}?${known(seen.events.length)(seen)}`),
    step(get('/v1/payments/nothing/events')),
    step(get('/v1/payments/nothing/entries')),
    step(get('/v1/payments/nothing/history')),
  ]);

function known0(name: string, path: (id: string, seen: Seen) => string): Step {
  return {
    ask: (seen) => get(`/v1/payments/${path(keptText(seen, name, 'data', 'id') ?? '', seen)}`),
  };
}

const AUDIT: readonly Step[] = [
  ...pages('events', '/v1/events?limit=100', 3),
  step(get('/v1/events', { Accept: 'application/x-ndjson' })),
  { ask: (seen) => get(`/v1/events?after=${positionOf(seen, 50)}&limit=2`) },
  { ask: (seen) => get(`/v1/events?after=${positionOf(seen, 51) - 1n}&limit=2`) },
  { ask: (seen) => get(`/v1/events?after=${positionOf(seen, 1_000_000)}`) },
  step(get('/v1/events?after=9223372036854775807')),
  step(get('/v1/events?after=9223372036854775808')),
  {
    ask: (seen) =>
      get('/v1/events?limit=1', { 'X-Min-Position': `${positionOf(seen, 1_000_000)}` }),
  },
  {
    ask: (seen) => get('/v1/events?limit=1', { 'X-Min-Position': `${positionOf(seen, 51) - 1n}` }),
  },
  ...pages('stream', '/v1/streams/account-wallet:heavy/events?limit=9', 4),
  step(get('/v1/streams/account-wallet:ann/events?from=2&to=3')),
  step(get('/v1/streams/account-wallet:ann/events?from=7777')),
  step(get('/v1/streams/nothing/events')),
  step(get('/v1/streams/%24all/events')),
  step(get('/v1/traces/same:trace.1')),
  step(get('/v1/traces/janitor')),
  step(get('/v1/traces/nothing')),
  {
    ask: (seen) => {
      const last = seen.kept('p1').headers.get('x-correlation-id') ?? '';
      return get(`/v1/traces/${last}`);
    },
  },
];

const OPERATIONS: readonly Step[] = (['command', 'query', 'projection'] as const).flatMap(
  (service) =>
    ['/health', '/ready', '/openapi.json', '/docs', '/metrics'].map((path) =>
      step({ ...get(path), service }),
    ),
);

/** Every question, about a ledger that the other steps have filled. */
export const READING_STEPS: readonly Step[] = [
  ...BALANCES,
  ...TRIAL_BALANCES,
  ...STATEMENTS,
  ...LISTS,
  ...ENTRIES,
  ...PAYMENTS,
  ...AUDIT,
  ...OPERATIONS,
];

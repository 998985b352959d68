import { keyed, post, step, type Request, type Step } from './asking.js';

const ENTRIES = '/v1/ledger/entries';
const ACCOUNTS = '/v1/ledger/accounts';

/** As long as an account id may be. */
export const LONGEST_ACCOUNT = `2110:${'o'.repeat(59)}:${'p'.repeat(63)}`;
/** As an id of an entry may be at worst. */
export const LONGEST_ID = `id.${'-_:'.repeat(20)}z`;
/** A number below 2^63 that JSON numbers cannot hold. */
const HUGE = '9223372036854775807';
/** Two of these are more than an int64. */
const HALF = '5000000000000000000';

type Leg = Readonly<{ account: string; side: string; amount: string | number; currency: string }>;

/** Money that moves from one account to another. */
export function legs(
  debit: string,
  credit: string,
  amount: string | number,
  currency = 'KRW',
): readonly Leg[] {
  return [
    { account: debit, side: 'debit', amount, currency },
    { account: credit, side: 'credit', amount, currency },
  ];
}

/** The body of an entry. */
export function entry(description: string, of: readonly Leg[], more: object = {}): object {
  return { description, legs: of, ...more };
}

function posting(key: string, body: object | string, headers = {}): Request {
  return keyed(key, ENTRIES, body, headers);
}

/** Texts that a store or a format could stumble over. */
const TEXTS = [
  '가게 1001, 결제',
  '🧾 \u{1F468}\u200D\u{1F469} e\u0301',
  '$set',
  '$',
  'a.b.$c',
  '{"$gt":""}',
  "it's; DROP TABLE events; --",
  '=1+1',
  ' ',
  '\uFEFF\uFFFD\uE000\u2028',
  'x'.repeat(500),
];

const DECLARATIONS: readonly Step[] = [
  post(ACCOUNTS, { code: 'wallet', name: '지갑', type: 'liability', guarded: true }),
  post(ACCOUNTS, { code: 'wallet', name: '지갑', type: 'liability', guarded: true }),
  post(ACCOUNTS, { code: 'wallet', name: 'Wallets', type: 'liability', guarded: true }),
  post(ACCOUNTS, {
    code: 'credit.line',
    name: '$name.of',
    type: 'liability',
    guarded: true,
    floor: '-1000',
  }),
  post(ACCOUNTS, { code: 'usd-only', name: 'U', type: 'asset', currencies: ['USD'] }),
  post(ACCOUNTS, { code: 'c'.repeat(128), name: 'n'.repeat(200), type: 'memo' }),
  post(ACCOUNTS, { code: '$', name: 'n', type: 'asset' }),
  post(ACCOUNTS, { code: 'a', name: 'n', type: 'asset', currencies: ['XXX'] }),
  post(ACCOUNTS, { code: 'a', name: 'n', type: 'asset', surplus: 1 }),
].map((request) => step(request));

const POSTED: readonly Step[] = [
  step(posting('e1', entry('first', legs('1110', '2010:seller-7', '50000'))), 'e1'),
  step(posting('e1', entry('first', legs('1110', '2010:seller-7', '50000')))),
  step(posting('"e1"', entry('first', legs('1110', '2010:seller-7', 50000)))),
  step(posting('e1', entry('first', legs('1110', '2010:seller-7', '50001')))),
  step(
    posting('e1', entry('first', legs('1110', '2010:seller-7', '50000')), {
      Authorization: 'Bearer bob',
    }),
  ),
  ...TEXTS.map((text, index) =>
    step(
      posting(
        `t${index}`,
        entry(text, legs('1010', '2010:seller-7', 1 + index), {
          metadata: { [text.slice(0, 64)]: text },
        }),
      ),
    ),
  ),
  ...['2024-02-29', '1900-01-01', '2024-01-01', '2024-03-31'].map((effectiveDate, index) =>
    step(
      posting(
        `d${index}`,
        entry('of a day', legs('1010', '2010:seller-7', '700'), {
          effectiveDate,
          occurredAt: '2024-02-29T23:59:59.999+09:00',
        }),
      ),
    ),
  ),
  step(posting('long', entry('long', legs('1010', LONGEST_ACCOUNT, '3')))),
  step(posting('huge1', entry('huge', legs('1010', '2410:h', HALF, 'USD')))),
  step(posting('huge2', entry('huge', legs('1010', '2410:h', HALF, 'USD')))),
  step(posting('huge3', entry('huge', legs('1010', '2410:h', HUGE, 'USD')))),
  step(
    posting(
      'two',
      entry('two currencies', [
        ...legs('1010', '2010:x', 5),
        ...legs('usd-only', '2010:x', 7, 'USD'),
      ]),
    ),
  ),
  step(posting('legs500', entry('as many legs as may be', manyLegs(500)))),
  step(
    posting('traced', entry('traced', legs('1010', '2010:x', 5)), {
      'X-Correlation-ID': 'same:trace.1',
      traceparent: '00-5ed0bf715e0a398e3fee2d575bb1228f-00f067aa0ba902b7-01',
    }),
    'traced',
  ),
  step(post(`${ENTRIES}/nowhere/reversal`, { reason: 'r' }, { 'Idempotency-Key': 'rx' })),
];

/** Of which each has its own amount, and together they balance. */
export function manyLegs(count: number): readonly Leg[] {
  const debits = count - 1;
  const one = Array.from({ length: debits }, (_, index) => ({
    account: `1110:${'shop'.repeat(12)}-${index % 7}`,
    side: 'debit',
    amount: String(1_000_000 + index),
    currency: 'KRW',
  }));
  const total = debits * 1_000_000 + (debits * (debits - 1)) / 2;
  return [...one, { account: '2010:many', side: 'credit', amount: String(total), currency: 'KRW' }];
}

const ok = legs('1010', '2010:seller-7', '5');

const REFUSED: readonly Step[] = [
  post(ENTRIES, entry('no key', ok)),
  posting('a b', entry('bad key', ok)),
  posting('r1', entry('unbalanced', [...ok.slice(0, 1), ...legs('1010', '2010:x', '6').slice(1)])),
  posting('r2', entry('one leg', ok.slice(0, 1))),
  posting('r3', entry('no legs', [])),
  posting('r4', entry('too many', manyLegs(501))),
  posting('r5', entry('zero', legs('1010', '2010:x', 0))),
  posting(
    'r6',
    entry('overflow', [...legs('1010', '2010:x', HUGE), ...legs('1010', '2010:x', HUGE)]),
  ),
  posting('r7', entry('unknown', legs('1010', 'nobody:x', 5))),
  posting('r8', entry('currency', legs('1010', '2010:x', 5, 'ABC'))),
  posting('r9', entry('currency', legs('usd-only', '2010:x', 5))),
  posting('r10', entry('reserved', legs('wallet:ann:held', '2010:x', 5))),
  posting('r11', entry('short', legs('wallet:ann', '2010:x', 1_000_000))),
  posting(
    'r12',
    entry('two guarded', [...legs('wallet:a', '2010:x', 5), ...legs('wallet:b', '2010:x', 5)]),
  ),
  posting('r13', entry('tomorrow and a year', ok, { effectiveDate: '9999-12-31' })),
  posting('r14', entry('before', ok, { effectiveDate: '1899-12-31' })),
  posting('r15', entry('no day', ok, { effectiveDate: '2023-02-29' })),
  posting('r16', entry('surplus', ok, { surplus: true })),
  posting('r17', '{"description":"x"'),
  posting('r18', '{"description":"x","description":"y"}'),
  posting('r19', '{"description":"\\ud800","legs":[]}'),
  posting('r20', entry('nul\0', ok)),
  posting('r21', entry('4111 1111 1111 1111', ok)),
  posting('r22', '{"__proto__":1}'),
  posting('r23', entry('x', ok, { metadata: { 'a\0': 'b' } })),
  posting('r24', '[]'),
  posting('r25', entry('wide', ok, { padding: 'x'.repeat(300_000) })),
  posting('r26', entry('ten', legs('1010', '2010:x', '10.5'))),
  posting('r27', 'description=x', { 'Content-Type': 'application/x-www-form-urlencoded' }),
  posting('r28', entry('bad account', legs('1010', 'a:', 5))),
  posting('r29', entry('correlation', ok), { 'X-Correlation-ID': 'a b' }),
  posting('r30', entry('unbalanced', ok.slice(0, 1)), { Accept: 'application/problem+json' }),
  posting('r31', entry('who', ok), { Authorization: 'Bearer nobody' }),
  post('/v1/ledger/nothing', {}),
  { ...post(ENTRIES), method: 'GET' as const },
].map((request) => step(request));

/** Declarations and single entries, taken and refused. */
export const ENTRY_STEPS: readonly Step[] = [...DECLARATIONS, ...POSTED, ...REFUSED];

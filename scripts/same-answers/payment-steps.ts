import { get, keptText, keyed, post, step, type Request, type Seen, type Step } from './asking.js';

const PAYMENTS = '/v1/payments';

type Headers = Readonly<Record<string, string>>;

/** The body of an authorisation by a token of the simulator. */
function order(orderId: string, token: string, more: object = {}): object {
  return {
    orderId,
    sellerId: `seller.${orderId.length % 3}`,
    amount: '50000',
    currency: 'KRW',
    method: { type: 'card', token },
    ...more,
  };
}

function authorize(key: string, body: object, headers: Headers = {}): Request {
  return keyed(key, PAYMENTS, body, headers);
}

/** A command on a payment whose answer was kept under a name. */
function onPayment(
  name: string,
  what: string,
  key: string,
  body: object,
  headers: Headers = {},
): Step {
  return {
    ask: (seen) => {
      const id = keptText(seen, name, 'data', 'id') ?? 'nothing';
      return keyed(key, `${PAYMENTS}/${id}/${what}`, body, headers);
    },
  };
}

/** A question about a payment whose answer was kept under a name. */
export function ofPayment(name: string, rest = ''): Step {
  return {
    ask: (seen) => get(`${PAYMENTS}/${keptText(seen, name, 'data', 'id') ?? 'nothing'}${rest}`),
  };
}

const AUTHORIZED: readonly Step[] = [
  step(
    authorize('p1', order('o1', 'tok_ok', { description: '신발', metadata: { $set: 'a.b' } })),
    'p1',
  ),
  step(authorize('p1', order('o1', 'tok_ok', { description: '신발', metadata: { $set: 'a.b' } }))),
  step(authorize('p1', order('o1', 'tok_ok'))),

  step(authorize('p2', order('o2', 'tok_ok', { capture: 'auto' })), 'p2'),
  step(authorize('p2b', order('o2', 'tok_ok'))),
  step(authorize('p3', order('o3', 'tok_ok', { currency: 'USD', amount: 1 })), 'p3'),
  step(authorize('p4', order('o4', 'tok_ok')), 'p4'),
  step(authorize('p5', order('o'.repeat(64), 'tok_ok', { sellerId: 's'.repeat(64) })), 'p5'),
  step(authorize('bob1', order('bobs', 'tok_ok'), { Authorization: 'Bearer bob' }), 'bob1'),
  step(authorize('bob1', order('bobs', 'tok_ok'), { Authorization: 'Bearer bob' })),
  ...['declined', 'insufficient', 'expired_card', 'fails', 'nonsense', 'contradicts'].flatMap(
    (fate) => [
      step(authorize(`p-${fate}`, order(`o-${fate}`, `tok_${fate}`)), fate),
      step(authorize(`p-${fate}`, order(`o-${fate}`, `tok_${fate}`))),
    ],
  ),
];

const REFUSED: readonly Step[] = [
  post(PAYMENTS, order('ox', 'tok_ok')),
  authorize('x1', order('ox', 'tok_ok', { amount: 0 })),
  authorize('x2', order('ox', 'tok_ok', { currency: 'ABC' })),
  authorize('x3', order('ox', 'tok_ok', { currency: 'EUR' })),
  authorize('x4', order('ox', 'toss_1')),
  authorize('x5', order('ox', '4111111111111111')),
  authorize('x6', order('o x', 'tok_ok')),
  authorize('x7', order('ox', 'tok_ok', { amount: '9223372036854775808' })),
  authorize('x8', order('ox', 'tok_ok', { method: { type: 'cash' } })),
  authorize('x9', order('ox', 'tok_ok', { surplus: null })),
  authorize('x10', order('ox', 'tok_declined'), { Accept: 'application/problem+json' }),
  post(`${PAYMENTS}/nothing/inquiry`, {}),
  keyed('x11', `${PAYMENTS}/nothing/captures`, {}),
].map((request) => step(request));

const CAPTURED: readonly Step[] = [
  onPayment('p1', 'captures', 'c1', { amount: '20000' }, { 'If-Match': '"v99"' }),
  onPayment('p1', 'captures', 'c1', { amount: '20000' }),
  onPayment('p1', 'captures', 'c1', { amount: '20000' }),
  onPayment('p1', 'captures', 'c1', { amount: '20001' }),
  onPayment('p1', 'captures', 'c2', { amount: '30001' }),
  onPayment('p1', 'void', 'v0', {}),
  onPayment('p1', 'refunds', 'f0', { amount: '20001', reason: 'too much' }),
  onPayment('p1', 'refunds', 'f1', { amount: '5000', reason: 'came back' }),
  onPayment('p1', 'refunds', 'f1', { amount: '5000', reason: 'came back' }),
  onPayment('p1', 'captures', 'c3', {}),
  onPayment('p1', 'refunds', 'f2', { reason: 'all of it' }),
  onPayment('p1', 'refunds', 'f3', { reason: 'again' }),
  onPayment('p1', 'refunds', 'f4', { amount: 0, reason: 'nothing' }),
  onPayment('p2', 'refunds', 'f5', { amount: '1', reason: 'a won' }),
  onPayment('p3', 'captures', 'c4', {}),
  onPayment('p4', 'void', 'v1', { reason: 'changed their mind' }),
  onPayment('p4', 'void', 'v1', { reason: 'changed their mind' }),
  onPayment('p4', 'captures', 'c5', {}),
  onPayment('declined', 'captures', 'c6', {}),
];

/** Operations that the gateway declines, or leaves in doubt. */
const FOLLOWED: readonly Step[] = (
  [
    ['capture_fails', 'captures', {}],
    ['void_fails', 'void', {}],
    ['capture_timeout', 'captures', { amount: '100' }],
    ['void_timeout_lost', 'void', {}],
  ] as const
).flatMap(([fate, what, body]) => [
  step(authorize(`w-${fate}`, order(`w-${fate}`, `tok_${fate}`)), fate),
  onPayment(fate, what, `w-${fate}`, body),
  onPayment(fate, what, `w-${fate}`, body),
  ofPayment(fate),
  onPayment(fate, 'inquiry', `i-${fate}`, {}),
  onPayment(fate, 'inquiry', `i-${fate}`, {}),
]);

const REFUNDED: readonly Step[] = ['refund_fails', 'refund_reset', 'refund_503'].flatMap((fate) => [
  step(authorize(`g-${fate}`, order(`g-${fate}`, `tok_${fate}`, { capture: 'auto' })), fate),
  onPayment(fate, 'refunds', `g-${fate}`, { amount: '100', reason: 'r' }),
  ofPayment(fate),
  onPayment(fate, 'inquiry', `gi-${fate}`, {}),
  onPayment(fate, 'inquiry', `gi-${fate}`, {}),
  ofPayment(fate),
]);

/** What nobody knows, until it is asked or said. */
const DOUBTED: readonly Step[] = [
  ...['timeout', 'timeout_lost', 'garbage', 'reset', '503', 'wrong_amount'].flatMap((fate) => [
    step(authorize(`d-${fate}`, order(`d-${fate}`, `tok_${fate}`)), fate),
    step(authorize(`d-${fate}`, order(`d-${fate}`, `tok_${fate}`))),
    ofPayment(fate),
  ]),
  step(get(`${PAYMENTS}/in-doubt`)),
  onPayment('timeout', 'inquiry', 'i', {}),
  onPayment('timeout_lost', 'inquiry', 'i', {}),
  onPayment('timeout_lost', 'inquiry', 'i', {}),
  onPayment('wrong_amount', 'inquiry', 'i', {}),
  step(get(`${PAYMENTS}/in-doubt`)),
  resolution('garbage', 's1', 'done'),
  resolution('garbage', 's1', 'done'),
  resolution('garbage', 's2', 'failed'),
  resolution('reset', 's3', 'failed'),
  onPayment('p1', 'resolution', 's4', { operation: 'none', outcome: 'done', reason: 'r' }),
  step(get(`${PAYMENTS}/in-doubt`)),
];

function resolution(name: string, key: string, outcome: 'done' | 'failed'): Step {
  return {
    ask: (seen) => {
      const id = keptText(seen, name, 'data', 'id') ?? '';
      const operation = keptText(seen, name, 'data', 'operation') ?? '';
      const body = { operation, outcome, reason: 'on the statement', gatewayId: 'sim-of-a-person' };
      return keyed(key, `${PAYMENTS}/${id}/resolution`, body);
    },
  };
}

/** Done without waiting for the answer: the log says when it has come. */
const UNAWAITED: readonly Step[] = [
  {
    ...step(authorize('a1', order('a1', 'tok_slow:50'), { Prefer: 'respond-async' }), 'a1'),
    until: (seen) => isAuthorized(seen, 'a1'),
  },
  step(authorize('a1', order('a1', 'tok_slow:50'), { Prefer: 'respond-async' })),
  ofPayment('a1'),
];

function isAuthorized(seen: Seen, name: string): boolean {
  const stream = `payment-${keptText(seen, name, 'data', 'id') ?? ''}`;
  return seen.events.some((event) => event.stream === stream && event.type === 'PaymentAuthorized');
}

const ALIASES: readonly Step[] = [
  step(keyed('al', '/payments/authorize', order('al', 'tok_ok')), 'al'),
  step(authorize('al', order('al', 'tok_ok'))),
  alias('capture', 'al-c', {}),
  alias('capture', 'al-c', {}),
  onPayment('al', 'captures', 'al-c', {}),
  alias('refund', 'al-f', { amount: '700' }),
  alias('refund', 'al-f2', { amount: '70000' }),
  step(post('/v1/idempotency-keys')),
  step(post('/v1/idempotency-keys', {})),
];

function alias(what: 'capture' | 'refund', key: string, body: object): Step {
  return {
    ask: (seen) => {
      const id = keptText(seen, 'al', 'data', 'paymentId') ?? '';
      return keyed(key, `/payments/${what}/${id}`, body);
    },
  };
}

/** One payment with many operations. */
const MANY: readonly Step[] = [
  step(authorize('many', order('many', 'tok_ok')), 'many'),
  ...Array.from({ length: 40 }, (_, index) =>
    onPayment('many', 'captures', `many-${index}`, { amount: String(1 + index) }),
  ),
];

/** Every command of payments, with every refusal and every outcome that can be had by asking. */
export const PAYMENT_STEPS: readonly Step[] = [
  ...AUTHORIZED,
  ...REFUSED,
  ...CAPTURED,
  ...FOLLOWED,
  ...REFUNDED,
  ...DOUBTED,
  ...UNAWAITED,
  ...ALIASES,
  ...MANY,
];

import { Random } from '../bench/random.js';

/** What the shop does with a payment once it is authorised. Amounts in won. */
export type Step =
  Readonly<{ kind: 'capture' | 'refund'; amount: bigint }> | Readonly<{ kind: 'void' }>;

/** One order of the day: what the buyer pays with, and what becomes of it. */
export type Plan = Readonly<{
  orderId: string;
  sellerId: string;
  amount: bigint;
  /** The token of the buyer's card, by which the simulator chooses what happens. */
  token: string;
  capture: 'manual' | 'auto';
  steps: readonly Step[];
  /** Whether the buyer tries another card when this one is declined. */
  comesBack: boolean;
}>;

export const CURRENCY = 'KRW';

const SELLERS = 24;

type Fate = Readonly<{
  share: number;
  capture: 'manual' | 'auto';
  steps: (amount: bigint, part: bigint) => readonly Step[];
}>;

const capture = (amount: bigint): Step => ({ kind: 'capture', amount });
const refund = (amount: bigint): Step => ({ kind: 'refund', amount });

/** What becomes of an order, out of 100. `part` is some of its amount. */
const FATES: readonly Fate[] = [
  { share: 26, capture: 'auto', steps: () => [] },
  { share: 26, capture: 'manual', steps: (amount) => [capture(amount)] },
  { share: 6, capture: 'manual', steps: (_amount, part) => [capture(part)] },
  {
    share: 10,
    capture: 'manual',
    steps: (amount, part) => [capture(part), capture(amount - part)],
  },
  { share: 8, capture: 'manual', steps: () => [{ kind: 'void' }] },
  { share: 8, capture: 'auto', steps: (amount) => [refund(amount)] },
  { share: 8, capture: 'manual', steps: (amount, part) => [capture(amount), refund(part)] },
  { share: 4, capture: 'auto', steps: (amount, part) => [refund(part), refund(amount - part)] },
  {
    share: 4,
    capture: 'manual',
    steps: (_amount, part) => [capture(part), refund(part / 2n), refund(part / 4n)],
  },
];

const DECLINED = ['tok_declined', 'tok_insufficient', 'tok_expired_card'];

/** What goes wrong, by what is being asked. Each is one of these in equal shares. */
const FAULTS = {
  authorize: [
    'tok_timeout',
    'tok_timeout_lost',
    'tok_reset',
    'tok_503',
    'tok_garbage',
    'tok_slow:200',
    'tok_pending:900',
    'tok_late:600',
  ],
  capture: ['tok_capture_timeout', 'tok_capture_reset', 'tok_capture_503', 'tok_capture_fails'],
  refund: [
    'tok_refund_timeout',
    'tok_refund_timeout_lost',
    'tok_refund_garbage',
    'tok_refund_fails',
  ],
} as const;

/** Out of 100 orders: cards that are declined, and orders with which something goes wrong. */
const DECLINES = 5;
const FAULTY = 20;

/** The order whose story is told: captured in two, and a refund that was in doubt. */
const TOLD: Plan = {
  orderId: 'order-1',
  sellerId: 'seller-1',
  amount: 89_000n,
  token: 'tok_refund_timeout',
  capture: 'manual',
  steps: [capture(59_000n), capture(30_000n), refund(12_000n)],
  comesBack: false,
};

/** The orders of a day: the same for the same seed. The first is the one whose story is told. */
export function planDay(payments: number, seed: number): readonly Plan[] {
  const random = new Random(seed);
  const others = Array.from({ length: payments - 1 }, (_, index) => planOrder(index + 2, random));
  return [TOLD, ...others];
}

function planOrder(number: number, random: Random): Plan {
  const amount = BigInt(10 + random.below(2_990)) * 100n;
  const part = (amount * BigInt(20 + random.below(61))) / 100n;
  const fate = fateOf(random.below(100));
  const steps = fate.steps(amount, part);
  return {
    orderId: `order-${number}`,
    sellerId: `seller-${1 + random.below(SELLERS)}`,
    amount,
    token: tokenFor(fate, steps, random),
    capture: fate.capture,
    steps,
    comesBack: random.below(2) === 0,
  };
}

function fateOf(number: number): Fate {
  let sum = 0;
  for (const fate of FATES) {
    sum += fate.share;
    if (number < sum) return fate;
  }
  throw new Error(`the shares of the fates sum to ${sum}, not to 100`);
}

function tokenFor(fate: Fate, steps: readonly Step[], random: Random): string {
  const number = random.below(100);
  if (number < DECLINES) return random.pick(DECLINED);
  if (number >= DECLINES + FAULTY) return 'tok_ok';
  const places: (keyof typeof FAULTS)[] = ['authorize'];
  if (fate.capture === 'manual' && steps.some(({ kind }) => kind === 'capture')) {
    places.push('capture');
  }
  if (steps.some(({ kind }) => kind === 'refund')) places.push('refund');
  return random.pick(FAULTS[random.pick(places)]);
}

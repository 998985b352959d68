import fc from 'fast-check';
import { MAX_AMOUNT } from '../ledger/money.js';
import { capturable, isOpen, pendingOf, refundable, uncaptured } from '../payments/amounts.js';
import type { Operation, Payment } from '../payments/payment.js';
import { PaymentHistory, type HistoryOptions } from './payment-history.js';

/** One thing that may happen next. `share` says how much of what is left it takes. */
type Act = (history: PaymentHistory, share: bigint) => PaymentHistory;

type Step = Readonly<{ which: number; share: number; wait: number }>;

const PARTS = 100;

const step: fc.Arbitrary<Step> = fc.record({
  which: fc.nat(1_000),
  share: fc.integer({ min: 1, max: PARTS }),
  wait: fc.constantFrom(0, 0, 0, 3_600_000, 40_000_000),
});

/**
 * A payment to which something random, but legal, happened again and again: captures, voids and
 * refunds of any part, with outcomes known at once, late, never, or told against the books.
 */
export function anyPaymentHistory(options: HistoryOptions = {}): fc.Arbitrary<PaymentHistory> {
  return fc
    .record({
      // Above half of the most an entry can hold, an amount cannot be captured in one entry.
      amount: fc.oneof(
        fc.bigInt({ min: 1n, max: 100_000n }),
        fc.bigInt({ min: 1n, max: MAX_AMOUNT / 2n }),
      ),
      capture: fc.constantFrom('manual', 'manual', 'auto'),
      steps: fc.array(step, { maxLength: 30, size: 'max' }),
    })
    .map(({ amount, capture, steps }) => {
      const history = new PaymentHistory({ amount, capture, ...options });
      for (const each of steps) take(history, each);
      return history;
    });
}

function take(history: PaymentHistory, { which, share, wait }: Step): void {
  const acts = legalActs(history.payment);
  acts[which % acts.length]?.(history.wait(wait), BigInt(share));
}

function legalActs(payment: Payment): readonly Act[] {
  const { operations } = payment;
  return [...operations.flatMap((one) => outcomes(payment, one)), ...intents(payment)];
}

function intents(payment: Payment): readonly Act[] {
  if (payment.operations.length === 0) return [(history) => history.start('attempt')];
  const acts: Act[] = [];
  const givingUp = pendingOf(payment, 'void') > 0n;
  if (!givingUp && capturable(payment) > 0n) {
    acts.push((history, share) => history.start('capture', part(capturable(payment), share)));
  }
  if (!givingUp && uncaptured(payment) > 0n && pendingOf(payment, 'capture') === 0n) {
    acts.push((history) => history.expired());
    if (payment.captured === 0n) acts.push((history) => history.start('void'));
  }
  if (refundable(payment) > 0n) {
    acts.push((history, share) => history.start('refund', part(refundable(payment), share)));
  }
  return acts;
}

function outcomes(payment: Payment, one: Operation): readonly Act[] {
  const { id, status } = one;
  if (isOpen(one)) {
    const either: Act[] = [(history) => history.done(id), (history) => history.failed(id)];
    if (status === 'started') return [...either, (history) => history.unknown(id)];
    return [...either, (history) => history.notFound(id)];
  }
  if (status === 'done') {
    const enough = payment.contradictions.length > 1;
    return enough ? [] : [(history) => history.contradicted('failed', id)];
  }
  // Late truth: it was done after all. Where there is room for it, the books follow.
  const late: Act = canStillBeDone(payment, one)
    ? (history) => history.done(id)
    : (history) => history.contradicted('done', id);
  return [late];
}

function canStillBeDone(payment: Payment, { kind, amount }: Operation): boolean {
  const givingUp = pendingOf(payment, 'void') > 0n;
  switch (kind) {
    case 'attempt':
      return true;
    case 'capture':
      return !givingUp && amount <= capturable(payment);
    case 'void':
      return !givingUp && pendingOf(payment, 'capture') === 0n && amount <= uncaptured(payment);
    case 'refund':
      return amount <= refundable(payment);
  }
}

function part(left: bigint, share: bigint): bigint {
  const taken = (left * share) / BigInt(PARTS);
  return taken === 0n ? 1n : taken;
}

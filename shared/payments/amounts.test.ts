import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyPaymentHistory } from '../testing/any-payment-history.js';
import { PaymentHistory } from '../testing/payment-history.js';
import {
  capturable,
  inDoubt,
  isLive,
  PAYMENT_STATUSES,
  pendingOf,
  refundable,
  statusOf,
  uncaptured,
  type PaymentStatus,
} from './amounts.js';

/* A payment of 50,000. */
const requested = () => new PaymentHistory();
const attempted = () => requested().start('attempt');
const authorized = () => attempted().done();
const captured = (amount?: bigint) => authorized().start('capture', amount).done();
const refunded = (amount?: bigint) => captured().start('refund', amount).done();

type Case = readonly [what: string, history: () => PaymentHistory, PaymentStatus, live: boolean];

const CASES: readonly Case[] = [
  ['requested, and no more', requested, 'AUTHORIZING', true],
  ['the gateway is being asked', attempted, 'AUTHORIZING', true],
  ['nobody knows', () => attempted().unknown(), 'AUTHORIZING', true],
  ['the gateway did not know it once', () => attempted().unknown().notFound(), 'AUTHORIZING', true],
  ['declined', () => attempted().failed(), 'DECLINED', false],
  ['refused', () => attempted().failed(undefined, 'refused'), 'DECLINED', false],
  [
    'not processed, as was found later',
    () => attempted().unknown().failed(undefined, 'not-processed'),
    'DECLINED',
    false,
  ],
  ['authorised after all', () => attempted().failed().done(), 'AUTHORIZED', true],
  ['authorised', authorized, 'AUTHORIZED', true],
  ['a capture is under way', () => authorized().start('capture'), 'AUTHORIZED', true],
  ['a capture in doubt', () => authorized().start('capture').unknown(), 'AUTHORIZED', true],
  ['a capture failed', () => authorized().start('capture').failed(), 'AUTHORIZED', true],
  ['a void is under way', () => authorized().start('void'), 'AUTHORIZED', true],
  ['a void failed', () => authorized().start('void').failed(), 'AUTHORIZED', true],
  ['voided', () => authorized().start('void').done(), 'VOIDED', false],
  ['expired', () => authorized().expired(), 'EXPIRED', false],
  ['captured in part', () => captured(20_000n), 'PARTIALLY_CAPTURED', true],
  [
    'captured in part, the rest voided',
    () => captured(20_000n).start('void').done(),
    'PARTIALLY_CAPTURED',
    true,
  ],
  [
    'captured in part, the rest expired',
    () => captured(20_000n).expired(),
    'PARTIALLY_CAPTURED',
    true,
  ],
  ['captured', captured, 'CAPTURED', true],
  ['captured in two', () => captured(20_000n).start('capture').done(), 'CAPTURED', true],
  [
    'captured with the authorisation',
    () => new PaymentHistory({ capture: 'auto' }).start('attempt').done(),
    'CAPTURED',
    true,
  ],
  ['a refund is under way', () => captured().start('refund'), 'CAPTURED', true],
  ['a refund failed', () => captured().start('refund').failed(), 'CAPTURED', true],
  ['refunded in part', () => refunded(1n), 'PARTIALLY_REFUNDED', true],
  ['refunded', refunded, 'REFUNDED', false],
  ['refunded in two', () => refunded(1n).start('refund').done(), 'REFUNDED', false],
  [
    'refunded what was captured, and the rest can still be captured',
    () => captured(20_000n).start('refund').done(),
    'REFUNDED',
    true,
  ],
  [
    'refunded what was captured, and the rest was voided',
    () => captured(20_000n).start('refund').done().start('void').done(),
    'REFUNDED',
    false,
  ],
];

describe('the status of a payment', () => {
  for (const [what, make, status, live] of CASES) {
    it(`${what}: ${status}, ${live ? 'its order is taken' : 'its order is free'}`, () => {
      const { payment } = make();
      expect(statusOf(payment)).to.equal(status);
      expect(isLive(payment)).to.equal(live);
    });
  }

  it('has been every one of them', () => {
    const seen = new Set(CASES.map(([, , status]) => status));
    expect([...seen].sort()).to.deep.equal([...PAYMENT_STATUSES].sort());
  });

  it('does not depend on what is in doubt', () => {
    for (const [, make, status] of CASES) {
      const history = make();
      if (history.payment.authorized === 0n || refundable(history.payment) === 0n) continue;
      expect(statusOf(history.start('refund', 1n).unknown().payment)).to.equal(status);
    }
  });
});

describe('the amounts of a payment', () => {
  it('in the middle of everything', () => {
    const history = captured(30_000n);
    history.start('capture', 5_000n).unknown();
    history.start('refund', 7_000n).done().start('refund', 2_000n).start('refund', 1_000n);
    const { payment } = history.unknown();
    expect({
      uncaptured: uncaptured(payment),
      capturable: capturable(payment),
      refundable: refundable(payment),
      refundPending: pendingOf(payment, 'refund'),
      inDoubt: inDoubt(payment),
    }).to.deep.equal({
      uncaptured: 20_000n,
      capturable: 15_000n,
      refundable: 20_000n,
      refundPending: 3_000n,
      inDoubt: 6_000n,
    });
  });

  it('of an operation that failed are free again', () => {
    const { payment } = captured().start('refund', 50_000n).failed();
    expect(refundable(payment)).to.equal(50_000n);
  });

  it('keep the caps in any legal history', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ payment }) => {
        const { requested: asked, authorized: given, captured: taken, refunded: back } = payment;
        expect(given === 0n || given === asked).to.equal(true);
        expect(capturable(payment) >= 0n).to.equal(true);
        expect(refundable(payment) >= 0n).to.equal(true);
        expect(taken + payment.voided + payment.expired <= given).to.equal(true);
        expect(back + pendingOf(payment, 'refund') <= taken).to.equal(true);
      }),
    );
  });

  it('have nothing in doubt where every outcome is known, and the other way round', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ payment }) => {
        const unknown = payment.operations.filter(({ status }) => status === 'unknown');
        expect(inDoubt(payment) > 0n).to.equal(unknown.length > 0);
      }),
    );
  });
});

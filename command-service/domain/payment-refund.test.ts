import { expect } from 'chai';
import { describe, it } from 'mocha';
import { entryFrom } from '../../shared/testing/entry-lines.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { specification } from '../../shared/testing/specification.js';
import { paymentDecider } from './payment.js';

const { given } = specification(paymentDecider, { now: 0 });

const refund = (amount?: bigint) =>
  ({
    type: 'refund',
    id: 'new',
    fingerprint: 'f',
    reason: 'it came back',
    ...(amount === undefined ? {} : { amount }),
  }) as const;

/** J-REFUND-REQ: the intent is the reservation. */
const reserved = (amount: bigint, reason = 'it came back') =>
  ({
    type: 'RefundRequested',
    data: {
      operation: 'new',
      orderId: 'order-1',
      amount,
      reason,
      entry: entryFrom(`debit 2010:seller-1 ${amount}`, `credit 2130:seller-1 ${amount}`),
    },
  }) as const;

const requested = () => new PaymentHistory().start('attempt');
const authorized = () => requested().done();
const captured = (amount?: bigint) => authorized().start('capture', amount).done();
const auto = () => new PaymentHistory({ capture: 'auto' }).start('attempt').done();

describe('refunding', () => {
  const allowed: readonly (readonly [string, PaymentHistory, bigint | undefined, bigint])[] = [
    ['all that is captured, by default', captured(), undefined, 50_000n],
    ['all of it, in so many words', captured(), 50_000n, 50_000n],
    ['what was captured with the authorisation', auto(), undefined, 50_000n],
    ['a part', captured(), 1n, 1n],
    ['a second part', captured().start('refund', 20_000n).done(), 10_000n, 10_000n],
    ['the rest, by default', captured().start('refund', 20_000n).done(), undefined, 30_000n],
    ['what a refund under way leaves', captured().start('refund', 20_000n), undefined, 30_000n],
    [
      'what a refund in doubt leaves',
      captured().start('refund', 20_000n).unknown(),
      undefined,
      30_000n,
    ],
    [
      'what failed before, under a new key',
      captured().start('refund').failed(),
      undefined,
      50_000n,
    ],
    ['what is captured of a part', captured(20_000n), undefined, 20_000n],
    [
      'what is captured while more is being captured',
      captured(20_000n).start('capture').unknown(),
      undefined,
      20_000n,
    ],
    [
      'what is captured by several captures',
      captured(20_000n).start('capture', 5_000n).done(),
      undefined,
      25_000n,
    ],
    ['after the rest expired', captured(20_000n).expired(), undefined, 20_000n],
  ];
  for (const [what, { recorded }, asked, amount] of allowed) {
    it(`${what} reserves it before the gateway is called`, () => {
      given(...recorded)
        .when(refund(asked))
        .then(reserved(amount));
    });
  }

  it('needs no reason here', () => {
    given(...captured().recorded)
      .when({ type: 'refund', id: 'new', fingerprint: 'f', amount: 1n })
      .then(reserved(1n, ''));
  });

  const tooMuch: readonly (readonly [string, PaymentHistory, bigint, string])[] = [
    ['is captured', captured(), 50_001n, '50000'],
    ['is captured, though more is authorised', captured(20_000n), 20_001n, '20000'],
    ['is captured for sure', captured(20_000n).start('capture').unknown(), 20_001n, '20000'],
    ['other refunds left', captured().start('refund', 20_000n).done(), 30_001n, '30000'],
    ['a refund under way leaves', captured().start('refund', 20_000n), 30_001n, '30000'],
    ['a refund in doubt leaves', captured().start('refund').unknown(), 1n, '0'],
    [
      'a refund leaves that the gateway does not know, so far',
      captured().start('refund').unknown().notFound(),
      1n,
      '0',
    ],
    ['is left of a refund of everything', captured().start('refund').done(), 1n, '0'],
  ];
  for (const [what, { recorded }, asked, left] of tooMuch) {
    it(`more than ${what} is refused, with what can be refunded`, () => {
      const { errors } = given(...recorded)
        .when(refund(asked))
        .thenRefused('REFUND_EXCEEDS_CAPTURED');
      expect(errors).to.deep.include({
        field: 'refundable',
        value: left,
        reason: 'what can be refunded',
      });
    });
  }

  it('nothing is refused', () => {
    given(...captured().recorded)
      .when(refund(0n))
      .thenRefused('ZERO_AMOUNT');
    given(...captured().recorded)
      .when(refund(-1n))
      .thenRefused('ZERO_AMOUNT');
  });

  const illegal: readonly (readonly [string, PaymentHistory])[] = [
    ['before the gateway answered', requested()],
    ['what was declined', requested().failed()],
    ['what is only authorised', authorized()],
    ['what is being captured', authorized().start('capture')],
    ['while it is not known whether it is captured', authorized().start('capture').unknown()],
    ['what could not be captured', authorized().start('capture').failed()],
    ['what is voided', authorized().start('void').done()],
    ['what has expired', authorized().expired()],
  ];
  for (const [what, { recorded }] of illegal) {
    it(`${what} is refused`, () => {
      given(...recorded)
        .when(refund(1n))
        .thenRefused('ILLEGAL_STATE');
      given(...recorded)
        .when(refund())
        .thenRefused('ILLEGAL_STATE');
    });
  }

  it('all that is left is refused when nothing is', () => {
    given(...captured().start('refund').done().recorded)
      .when(refund())
      .thenRefused('ILLEGAL_STATE');
    given(...captured().start('refund').recorded)
      .when(refund())
      .thenRefused('ILLEGAL_STATE');
  });
});

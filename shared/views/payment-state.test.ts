import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type PaymentStream,
} from '../payments/payment.js';
import { anyPaymentHistory } from '../testing/any-payment-history.js';
import { PaymentHistory } from '../testing/payment-history.js';
import { decodePaymentState, encodePaymentState } from './payment-state.js';

describe('the state of a payment as a text', () => {
  it('is read back as it was, and a fold goes on from it to the same text', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ decoded }) => {
        let straight: PaymentStream = NO_PAYMENT;
        let resumed: PaymentStream = NO_PAYMENT;
        for (const event of decoded.map(paymentEventOf)) {
          straight = evolvePayment(straight, event);
          resumed = evolvePayment(resumed, event);
          if (straight.kind !== 'payment' || resumed.kind !== 'payment') throw new Error('none');
          const text = encodePaymentState(straight);
          expect(encodePaymentState(resumed)).to.equal(text);
          resumed = decodePaymentState(text);
          expect(resumed).to.deep.equal(straight);
        }
      }),
    );
  });

  it('keeps what only some payments have', () => {
    const { payment } = new PaymentHistory();
    const whole = {
      ...payment,
      description: 'a "book"',
      metadata: { cart: '7', '2': 'b' },
      expiresAt: 1_800_000_000_000,
      requested: 2n ** 70n,
    };
    expect(decodePaymentState(encodePaymentState(whole))).to.deep.equal(whole);
  });

  const broken: readonly [what: string, change: (text: string) => string][] = [
    ['no JSON', (text) => text.slice(1)],
    ['an amount that is a number', (text) => text.replace('"requested":"50000"', '"requested":1')],
    ['a field nobody knows', (text) => text.replace('"kind"', '"more":1,"kind"')],
    ['a field that is missing', (text) => text.replace(/"merchant":"[^"]*",/, '')],
  ];
  for (const [what, change] of broken) {
    it(`is not guessed from ${what}`, () => {
      const text = encodePaymentState(new PaymentHistory().payment);
      expect(change(text)).not.to.equal(text);
      expect(() => decodePaymentState(change(text))).to.throw();
    });
  }
});

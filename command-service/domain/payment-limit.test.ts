import { expect } from 'chai';
import { describe, it } from 'mocha';
import { MAX_AMOUNT } from '../../shared/ledger/money.js';
import { NO_PAYMENT } from '../../shared/payments/payment.js';
import { paymentDecider } from './payment.js';

describe('the largest payment', () => {
  const decide = (amount: bigint) =>
    paymentDecider.decide(
      {
        type: 'request',
        fingerprint: 'f',
        terms: {
          id: 'p-1',
          orderId: 'o-1',
          sellerId: 's-1',
          amount,
          currency: 'KRW',
          method: { type: 'card', token: 'tok_ok' },
          capture: 'auto',
          gateway: 'simulator',
        },
      },
      NO_PAYMENT,
      { now: 0 },
    );

  it('is one whose capture, with the reversal of the memo, still fits an entry', () => {
    expect(decide(MAX_AMOUNT / 2n).kind).to.equal('accepted');
    expect(decide(MAX_AMOUNT / 2n + 1n)).to.have.nested.property('refusal.code', 'AMOUNT_OVERFLOW');
  });
});

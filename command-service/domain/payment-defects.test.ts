import { expect } from 'chai';
import { describe, it } from 'mocha';
import { inDoubt, isLive, statusOf } from '../../shared/payments/amounts.js';
import { evolvePayment, NO_PAYMENT } from '../../shared/payments/payment.js';
import { PaymentBooks } from '../testing/payment-books.js';
import type { ToldDone } from './outcome.js';

/*
 * Defects seen in other payment systems, each of which must not come back here.
 */

const timeout = (operation: string) =>
  ({ type: 'unknown', operation, reason: 'timeout', detail: 'no answer' }) as const;
const done = (operation: string, amount = 50_000n, by: ToldDone['by'] = 'answer'): ToldDone => ({
  type: 'done',
  operation,
  by,
  amount,
  currency: 'KRW',
  gatewayId: 'g',
});
const refund = (id: string, amount: bigint) =>
  ({ type: 'refund', id, fingerprint: id, amount }) as const;

const request = {
  type: 'request',
  fingerprint: 'f',
  terms: {
    id: 'p',
    orderId: 'order-1',
    sellerId: 's',
    amount: 50_000n,
    currency: 'KRW',
    method: { type: 'card', token: 'tok_ok' },
    capture: 'manual',
    gateway: 'g',
  },
} as const;

function requested(): PaymentBooks {
  const books = new PaymentBooks();
  books.tell(request);
  return books;
}

function captured(): PaymentBooks {
  const books = requested();
  books.tell(done('p-1'));
  books.tell({ type: 'capture', id: 'c', fingerprint: 'c' });
  books.tell(done('c'));
  return books;
}

describe('defects that must not come back', () => {
  it('a time-out is reported as failed: it is in doubt, whatever operation it is of', () => {
    const books = requested();
    books.tell(timeout('p-1'));
    expect(statusOf(books.payment)).to.equal('AUTHORIZING');
    expect(inDoubt(books.payment)).to.equal(50_000n);
    expect(isLive(books.payment)).to.equal(true);
    books.tell(done('p-1', 50_000n, 'inquiry'));
    for (const type of ['capture', 'refund'] as const) {
      books.tell({ type, id: type, fingerprint: type });
      books.tell(timeout(type));
      expect(inDoubt(books.payment), type).to.equal(50_000n);
      books.tell(done(type, 50_000n, 'inquiry'));
      expect(inDoubt(books.payment), type).to.equal(0n);
    }
    const types = books.events.map(({ type }) => type);
    expect(types.filter((type) => /Failed|Declined/.test(type))).to.deep.equal([]);
    expect(statusOf(books.payment)).to.equal('REFUNDED');
  });

  it('the gateway is called before anything is stored: every operation has an intent first', () => {
    const books = captured();
    books.tell(refund('r', 1n));
    books.tell(done('r', 1n));
    const intents = /^(AttemptStarted|CaptureStarted|VoidStarted|RefundRequested)$/;
    const seen = new Set<string>();
    for (const { type, data } of books.events) {
      if (!('operation' in data)) continue;
      if (intents.test(type)) seen.add(data.operation);
      else expect(seen.has(data.operation), type).to.equal(true);
    }
    expect([...seen]).to.deep.equal(['p-1', 'c', 'r']);
    const unasked = requested().tell(done('never-asked'));
    expect(unasked).to.have.nested.property('refusal.code', 'NOT_FOUND');
  });

  it('a retry after a failure is dropped as a duplicate: under a new key it is carried out', () => {
    const books = captured();
    const decline = { code: 'processing_error', pgCode: '', pgMessage: '', retryable: true };
    books.tell(refund('r-1', 50_000n));
    const told = { operation: 'r-1', by: 'answer', failure: 'declined', decline } as const;
    books.tell({ type: 'failed', ...told });
    expect(books.tell(refund('r-2', 50_000n)).kind).to.equal('accepted');
  });

  it('a retry while the outcome is open is dropped or done twice: it is recognised', () => {
    const books = requested();
    books.tell(timeout('p-1'));
    expect(books.tell(request).kind).to.equal('repeated');
    expect(books.payment.operations).to.have.length(1);
  });

  it('two refunds at once both pass the check: the reservation is in the stream', () => {
    const books = captured();
    expect(books.tell(refund('r-1', 30_000n)).kind).to.equal('accepted');
    const second = books.tell(refund('r-2', 30_000n));
    expect(second).to.have.nested.property('refusal.code', 'REFUND_EXCEEDS_CAPTURED');
    // Decided on the state before the first one, it cannot be appended: that revision is taken.
    expect(books.balances.get('2130:s')).to.equal(-30_000n);
  });

  it('a refund in doubt frees its amount, and the money goes back twice', () => {
    const books = captured();
    books.tell(refund('r-1', 50_000n));
    books.tell(timeout('r-1'));
    books.tell({ type: 'not-found', operation: 'r-1' });
    const second = books.tell(refund('r-2', 1n));
    expect(second).to.have.nested.property('refusal.code', 'REFUND_EXCEEDS_CAPTURED');
  });

  it('an answer delivered again doubles the entries', () => {
    const books = captured();
    books.tell(refund('r', 20_000n));
    for (let times = 0; times < 3; times++) {
      for (const again of [done('p-1'), done('c'), done('r', 20_000n)]) books.tell(again);
    }
    expect(Object.fromEntries(books.balances)).to.deep.equal({
      '9010:g': 0n,
      '9011:g': 0n,
      '1110:g': 30_000n,
      '2010:s': -30_000n,
      '2130:s': 0n,
    });
  });

  it('what the gateway did with another amount is posted as if it were what was expected', () => {
    const books = requested();
    books.tell(done('p-1', 49_999n));
    expect(books.payment).to.include({ authorized: 0n });
    expect([...books.balances]).to.deep.equal([]);
    expect(inDoubt(books.payment)).to.equal(50_000n);
  });

  it('the last of two contradictory answers wins: the first stands, the other is written down', () => {
    const books = captured();
    const decline = { code: 'card_declined', pgCode: '', pgMessage: '', retryable: false };
    const told = { operation: 'c', failure: 'declined', decline } as const;
    for (const by of ['answer', 'inquiry'] as const) books.tell({ type: 'failed', ...told, by });
    expect(books.payment).to.include({ captured: 50_000n });
    expect(books.payment.contradictions.map(({ by }) => by)).to.deep.equal(['answer', 'inquiry']);
  });

  it('only the status can be reconstructed: the events say everything, and nothing else does', () => {
    const books = requested();
    const states = [books.state];
    const commands = [
      done('p-1'),
      { type: 'capture', id: 'c', fingerprint: 'c' } as const,
      timeout('c'),
      done('c', 50_000n, 'inquiry'),
      refund('r', 20_000n),
    ];
    for (const command of commands) {
      expect(books.tell(command).kind).to.equal('accepted');
      states.push(books.state);
    }
    for (const state of states) {
      const { revision } = state.kind === 'payment' ? state : { revision: -1n };
      const until = books.recorded.filter((event) => event.revision <= revision);
      expect(until.reduce(evolvePayment, NO_PAYMENT)).to.deep.equal(state);
    }
  });
});

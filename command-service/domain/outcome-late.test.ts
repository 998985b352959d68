import { expect } from 'chai';
import { describe, it } from 'mocha';
import { statusOf } from '../../shared/payments/amounts.js';
import { operationOf } from '../../shared/payments/payment.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { specification } from '../../shared/testing/specification.js';
import { PaymentBooks } from '../testing/payment-books.js';
import type { ToldDone, ToldFailed } from './outcome.js';
import { paymentDecider, type PaymentCommand, type PaymentTerms } from './payment.js';

const { given } = specification(paymentDecider, { now: 0 });

const { id: ID } = new PaymentHistory();
const ATTEMPT = `${ID}-1`;
const SECOND = '00000001-0000-4000-8000-000000000002';
const THIRD = '00000001-0000-4000-8000-000000000003';

const requested = () => new PaymentHistory().start('attempt');
const authorized = () => requested().done();
const captured = () => authorized().start('capture').done();

const done = (operation: string, amount: bigint, by: ToldDone['by'] = 'inquiry'): ToldDone => ({
  type: 'done',
  operation,
  by,
  amount,
  currency: 'KRW',
  gatewayId: 'gw-1',
});
const failed = (operation: string, by: ToldFailed['by'] = 'inquiry'): ToldFailed => ({
  type: 'failed',
  operation,
  by,
  failure: 'declined',
  decline: { code: 'card_declined', pgCode: 'X1', pgMessage: 'no', retryable: false },
});
const mismatch = (operation: string, detail: string) =>
  ({ type: 'OutcomeUnknown', data: { operation, reason: 'mismatch', detail } }) as const;
const contradicted = (operation: string, detail: string, by: ToldDone['by'] = 'inquiry') =>
  ({ type: 'AnswerContradicted', data: { operation, told: 'done', by, detail } }) as const;

const OTHER_AMOUNT = 'asked for 50000 KRW, and the answer speaks of 49999 KRW';
const OTHER_CURRENCY = 'asked for 50000 KRW, and the answer speaks of 50000 JPY';
const NO_ROOM = 'the books have no room for it any more';

describe('an answer that speaks of something else than was asked', () => {
  const inYen: ToldDone = { ...done(ATTEMPT, 50_000n), currency: 'JPY' };

  for (const by of ['answer', 'inquiry'] as const) {
    it(`is no outcome but a doubt: another amount, by ${by}`, () => {
      for (const { recorded } of [requested(), requested().unknown(), requested().notFound()]) {
        given(...recorded)
          .when(done(ATTEMPT, 49_999n, by))
          .then(mismatch(ATTEMPT, OTHER_AMOUNT));
      }
    });
  }

  it('is no outcome but a doubt: another currency', () => {
    given(...requested().recorded)
      .when(inYen)
      .then(mismatch(ATTEMPT, OTHER_CURRENCY));
  });

  it('posts nothing, and captures nothing of a payment that was to be captured at once', () => {
    const auto = new PaymentHistory({ capture: 'auto' }).start('attempt');
    given(...auto.recorded)
      .when(done(ATTEMPT, 49_999n))
      .then(mismatch(ATTEMPT, OTHER_AMOUNT));
  });

  const odd = () => requested().unknown(undefined, 'mismatch');

  it('is noted once', () => {
    given(...odd().recorded)
      .when(done(ATTEMPT, 49_999n))
      .thenRepeated();
    given(...odd().recorded)
      .when(inYen)
      .thenRepeated();
  });

  it('keeps the operation known to the gateway, which cannot miss it any more', () => {
    for (const { recorded } of [odd(), requested().notFound().unknown(undefined, 'mismatch')]) {
      given(...recorded)
        .when({ type: 'not-found', operation: ATTEMPT })
        .thenRepeated();
    }
  });

  it('is settled by an answer that speaks of what was asked', () => {
    const books = request('manual');
    books.tell(done('p-1', 49_999n));
    expect(books.tell(done('p-1', 50_000n)).kind).to.equal('accepted');
    expect(statusOf(books.payment)).to.equal('AUTHORIZED');
  });

  it('is settled by a person, for what was asked or not at all', () => {
    for (const command of [done(ATTEMPT, 50_000n, 'operator'), failed(ATTEMPT, 'operator')]) {
      const decision = paymentDecider.decide(command, odd().payment, { now: 0 });
      expect(decision.kind).to.equal('accepted');
    }
    given(...odd().recorded)
      .when(done(ATTEMPT, 49_999n, 'operator'))
      .thenRefused('ILLEGAL_STATE');
    given(...requested().unknown().recorded)
      .when(done(ATTEMPT, 49_999n, 'operator'))
      .thenRefused('ILLEGAL_STATE');
  });

  const settled: readonly (readonly [string, PaymentHistory])[] = [
    ['done', authorized()],
    ['declined', requested().failed()],
    ['given up', requested().failed(undefined, 'not-processed')],
  ];
  for (const [how, { recorded }] of settled) {
    it(`contradicts the books when they have it as ${how}`, () => {
      given(...recorded)
        .when(done(ATTEMPT, 49_999n))
        .then(contradicted(ATTEMPT, OTHER_AMOUNT));
      given(...recorded)
        .when(inYen)
        .then(contradicted(ATTEMPT, OTHER_CURRENCY));
    });
  }
});

describe('an operation the gateway does not know', () => {
  const first = { type: 'not-found', operation: ATTEMPT, first: true } as const;

  it('is given up only by somebody who knows that it is the second time', () => {
    const data = { operation: ATTEMPT };
    given(...requested().unknown().recorded)
      .when(first)
      .then({ type: 'OutcomeNotFound', data });
    given(...requested().unknown().notFound().recorded)
      .when(first)
      .thenRepeated();
  });
});

describe('late truth for which the books have no room', () => {
  const cases: readonly (readonly [string, PaymentHistory, string, bigint])[] = [
    [
      'a capture, when others took it all',
      authorized().start('capture', 30_000n).failed().start('capture').done(),
      SECOND,
      30_000n,
    ],
    [
      'a capture, while another is under way',
      authorized().start('capture', 30_000n).failed().start('capture', 20_001n),
      SECOND,
      30_000n,
    ],
    [
      'a capture, after a void',
      authorized().start('capture', 1n).failed().start('void').done(),
      SECOND,
      1n,
    ],
    [
      'a capture, while a void is in doubt',
      authorized().start('capture', 1n).failed().start('void').unknown(),
      SECOND,
      1n,
    ],
    [
      'a capture, after the authorisation expired',
      authorized().start('capture', 1n).failed().expired(),
      SECOND,
      1n,
    ],
    [
      'a void, after a part was captured',
      authorized().start('void').failed().start('capture', 1n).done(),
      SECOND,
      50_000n,
    ],
    [
      'a void, while a part is being captured',
      authorized().start('void').failed().start('capture', 1n),
      SECOND,
      50_000n,
    ],
    [
      'a void, after another void',
      authorized().start('void').failed().start('void').done(),
      SECOND,
      50_000n,
    ],
    [
      'a void, after the authorisation expired',
      authorized().start('void').failed().expired(),
      SECOND,
      50_000n,
    ],
    [
      'a refund, when others took it all',
      captured().start('refund', 30_000n).failed().start('refund', 20_001n).done(),
      THIRD,
      30_000n,
    ],
    [
      'a refund, while another is in doubt',
      captured().start('refund', 30_000n).failed().start('refund', 20_001n).unknown(),
      THIRD,
      30_000n,
    ],
  ];
  for (const [what, { recorded }, operation, amount] of cases) {
    it(`is written down, and the books stand: ${what}`, () => {
      given(...recorded)
        .when(done(operation, amount))
        .then(contradicted(operation, NO_ROOM));
    });
  }

  const enough: readonly (readonly [string, PaymentHistory, string, bigint, string])[] = [
    [
      'a capture, beside another',
      authorized().start('capture', 30_000n).failed().start('capture', 20_000n),
      SECOND,
      30_000n,
      'PaymentCaptured',
    ],
    [
      'a refund, beside another',
      captured().start('refund', 30_000n).failed().start('refund', 20_000n),
      THIRD,
      30_000n,
      'RefundSucceeded',
    ],
    [
      'a void, while another is under way',
      authorized().start('void').failed().start('void'),
      SECOND,
      50_000n,
      'PaymentVoided',
    ],
  ];
  for (const [what, { payment }, operation, amount, type] of enough) {
    it(`is another matter where there is room: ${what}`, () => {
      const decision = paymentDecider.decide(done(operation, amount), payment, { now: 0 });
      const types = decision.kind === 'accepted' ? decision.events.map((event) => event.type) : [];
      expect(types).to.deep.equal([type]);
    });
  }

  it('leaves a void in doubt that finds everything voided, for a person to end', () => {
    const twice = () => authorized().start('void').failed().start('void').done(SECOND);
    given(...twice().recorded)
      .when(done(THIRD, 50_000n, 'answer'))
      .then(mismatch(THIRD, NO_ROOM));
    const doubtful = twice().unknown(THIRD, 'mismatch');
    given(...doubtful.recorded)
      .when(done(THIRD, 50_000n))
      .thenRepeated();
    given(...doubtful.recorded)
      .when(done(THIRD, 50_000n, 'operator'))
      .thenRefused('ILLEGAL_STATE');
    const decision = paymentDecider.decide(failed(THIRD, 'operator'), doubtful.payment, { now: 0 });
    expect(decision.kind).to.equal('accepted');
  });
});

describe('a contradiction', () => {
  const detail = 'the books have it as failed';

  it('is noted once for what is told by whom', () => {
    const books = request('manual');
    books.tell(failed('p-1', 'answer'));
    const notes = [
      books.tell(done('p-1', 50_000n, 'answer')),
      books.tell(done('p-1', 50_000n, 'answer')),
      books.tell({ ...done('p-1', 49_999n, 'answer'), gatewayId: 'another' }),
    ];
    expect(notes.map(({ kind }) => kind)).to.deep.equal(['accepted', 'repeated', 'repeated']);
    expect(books.events.at(-1)).to.deep.equal(contradicted('p-1', detail, 'answer'));
    expect(books.payment.contradictions).to.have.length(1);
  });

  it('is noted again when somebody else tells it, or of another operation', () => {
    const books = request('auto');
    books.tell(done('p-1', 50_000n));
    books.tell({ type: 'refund', id: 'r-1', fingerprint: 'f' });
    books.tell(done('r-1', 50_000n));
    const told = [failed('p-1', 'answer'), failed('p-1'), failed('r-1', 'answer'), failed('r-1')];
    expect(told.map((each) => books.tell(each).kind)).to.deep.equal(told.map(() => 'accepted'));
    expect(told.map((each) => books.tell(each).kind)).to.deep.equal(told.map(() => 'repeated'));
    expect(statusOf(books.payment)).to.equal('REFUNDED');
  });

  it('does not stand against what an inquiry finds', () => {
    const books = request('manual');
    books.tell(failed('p-1', 'answer'));
    books.tell(done('p-1', 50_000n, 'answer'));
    expect(statusOf(books.payment)).to.equal('DECLINED');
    expect(books.tell(done('p-1', 50_000n)).kind).to.equal('accepted');
    expect(operationOf(books.payment, 'p-reversal')).to.include({ kind: 'void', amount: 50_000n });
  });

  it('ends in the books once there is room', () => {
    const books = request('manual');
    books.tell(done('p-1', 50_000n));
    for (const id of ['c-1', 'c-2']) {
      books.tell({ type: 'capture', id, fingerprint: 'f' });
      if (id === 'c-1') books.tell(failed('c-1', 'answer'));
    }
    books.tell(done('c-1', 50_000n));
    expect(books.payment).to.include({ captured: 0n });
    books.tell(failed('c-2', 'answer'));
    expect(books.tell(done('c-1', 50_000n)).kind).to.equal('accepted');
    expect(books.payment).to.include({ captured: 50_000n });
  });
});

function request(capture: PaymentTerms['capture']): PaymentBooks {
  const books = new PaymentBooks();
  const command: PaymentCommand = {
    type: 'request',
    fingerprint: 'f',
    terms: {
      id: 'p',
      orderId: 'order-1',
      sellerId: 'seller-1',
      amount: 50_000n,
      currency: 'KRW',
      method: { type: 'card', token: 'tok_ok' },
      capture,
      gateway: 'simulator',
    },
  };
  books.tell(command);
  return books;
}

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { MAX_AMOUNT } from '../../shared/ledger/money.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { specification } from '../../shared/testing/specification.js';
import type { OutcomeCommand } from './outcome.js';
import {
  assertCaps,
  attemptId,
  MAX_OPERATIONS,
  paymentDecider,
  type PaymentCommand,
  type PaymentTerms,
} from './payment.js';

const { given } = specification(paymentDecider, { now: 0 });

const ID = new PaymentHistory().id;
const ATTEMPT = attemptId(ID);
const TERMS: PaymentTerms = {
  id: ID,
  orderId: 'order-1',
  sellerId: 'seller-1',
  amount: 50_000n,
  currency: 'KRW',
  method: { type: 'card', token: 'tok_ok' },
  capture: 'manual',
  gateway: 'simulator',
};

const request = (terms: Partial<PaymentTerms> = {}, fingerprint = 'f-1') =>
  ({ type: 'request', fingerprint, terms: { ...TERMS, ...terms } }) as const;
const abandon = { type: 'abandon', id: ID, orderId: 'order-1', insteadOf: 'other' } as const;

/** A payment as the request above makes it: its intent knows what was asked. */
function requested(): PaymentHistory {
  const data = { operation: ATTEMPT, amount: 50_000n };
  const by = { commandId: ID, fingerprint: 'f-1' };
  return new PaymentHistory().add({ type: 'AttemptStarted', data }, by);
}

const abandoned = () => {
  const [first] = new PaymentHistory().recorded;
  if (first === undefined) throw new Error('a history has a first event');
  const { id, orderId, insteadOf } = abandon;
  const data = { id, orderId, insteadOf };
  return { ...first, event: { type: 'PaymentAbandoned', data } } as const;
};

describe('requesting a payment', () => {
  it('stores what is asked and the intent to authorise, in one append, before any call', () => {
    given()
      .when(request())
      .then(
        { type: 'PaymentRequested', data: TERMS },
        { type: 'AttemptStarted', data: { operation: ATTEMPT, amount: 50_000n } },
      );
  });

  it('keeps what the caller says beside it', () => {
    const more = { description: 'a book', metadata: { basket: '7' }, capture: 'auto' } as const;
    given()
      .when(request(more))
      .then(
        { type: 'PaymentRequested', data: { ...TERMS, ...more } },
        { type: 'AttemptStarted', data: { operation: ATTEMPT, amount: 50_000n } },
      );
  });

  it('takes an amount that every entry of the payment can hold, and none above', () => {
    const most = MAX_AMOUNT / 2n;
    given()
      .when(request({ amount: most }))
      .then(
        { type: 'PaymentRequested', data: { ...TERMS, amount: most } },
        { type: 'AttemptStarted', data: { operation: ATTEMPT, amount: most } },
      );
    for (const amount of [most + 1n, MAX_AMOUNT]) {
      const { errors } = given().when(request({ amount })).thenRefused('AMOUNT_OVERFLOW');
      expect(errors[0]).to.include({ field: 'amount', value: String(amount) });
    }
  });

  it('is refused for nothing, and in a currency that is none', () => {
    given()
      .when(request({ amount: 0n }))
      .thenRefused('ZERO_AMOUNT');
    given()
      .when(request({ amount: -1n }))
      .thenRefused('ZERO_AMOUNT');
    given()
      .when(request({ currency: 'XYZ' }))
      .thenRefused('CURRENCY_UNKNOWN');
  });

  const repetitions: readonly (readonly [string, PaymentHistory])[] = [
    ['is on its way', requested()],
    ['is in doubt', requested().unknown()],
    ['is authorised', requested().done()],
    ['was declined', requested().failed()],
    ['is captured and refunded', requested().done().start('capture').done().start('refund').done()],
  ];
  for (const [state, { recorded }] of repetitions) {
    it(`again adds nothing while it ${state}`, () => {
      given(...recorded)
        .when(request())
        .thenRepeated();
    });

    it(`with the same key and other terms is refused while it ${state}`, () => {
      given(...recorded)
        .when(request({ amount: 1n }, 'f-2'))
        .thenRefused('IDEMPOTENCY_KEY_REUSED');
    });
  }

  it('is refused when the order went to another payment before', () => {
    const { errors } = given(abandoned()).when(request()).thenRefused('DUPLICATE_REQUEST');
    expect(errors).to.deep.include({
      field: 'paymentId',
      value: 'other',
      reason: 'the live payment of this order',
    });
  });
});

describe('abandoning a payment', () => {
  it('closes a stream that has not begun', () => {
    const { id, orderId, insteadOf } = abandon;
    given().when(abandon).then({ type: 'PaymentAbandoned', data: { id, orderId, insteadOf } });
  });

  it('changes nothing of one that has, nor of one that is closed', () => {
    given(...requested().recorded)
      .when(abandon)
      .thenRepeated();
    given(abandoned()).when(abandon).thenRepeated();
  });
});

describe('a payment that is not there', () => {
  const told = { operation: ATTEMPT, by: 'answer' } as const;
  const outcome: OutcomeCommand = {
    ...told,
    type: 'done',
    amount: 1n,
    currency: 'KRW',
    gatewayId: 'g',
  };
  const commands: readonly PaymentCommand[] = [
    { type: 'capture', id: 'c', fingerprint: 'f' },
    { type: 'void', id: 'c', fingerprint: 'f' },
    { type: 'refund', id: 'c', fingerprint: 'f' },
    { type: 'expire' },
    outcome,
    { type: 'unknown', operation: ATTEMPT, reason: 'timeout', detail: '' },
    { type: 'not-found', operation: ATTEMPT },
  ];
  for (const command of commands) {
    it(`knows nothing of ${command.type}`, () => {
      given().when(command).thenRefused('NOT_FOUND');
      given(abandoned()).when(command).thenRefused('NOT_FOUND');
    });
  }
});

describe('the operations of a payment', () => {
  const kinds = ['capture', 'void', 'refund'] as const;
  /** One of each kind, with the fingerprint that its command had. */
  const all = new PaymentHistory().start('attempt').done();
  all.add({ type: 'VoidStarted', data: { operation: 'a-void', amount: 50_000n } }, by('void'));
  all.failed();
  all.add(
    { type: 'CaptureStarted', data: { operation: 'a-capture', amount: 50_000n } },
    by('capture'),
  );
  all.done().start('refund', 20_000n);
  const [refund] = all.recorded.slice(-1);
  if (refund === undefined) throw new Error('a refund was requested');
  const metadata = { ...refund.metadata, ...by('refund') };
  const recorded = [...all.recorded.slice(0, -1), { ...refund, metadata }];
  const { operation } = { operation: 'a-refund', ...refund.event.data };
  const idOf = { void: 'a-void', capture: 'a-capture', refund: operation };

  function by(kind: (typeof kinds)[number]) {
    return { commandId: `a-${kind}`, fingerprint: `f-${kind}` };
  }

  for (const type of kinds) {
    it(`are not begun twice: the same ${type}, in whatever state the payment is by now`, () => {
      given(...recorded)
        .when({ type, id: idOf[type], fingerprint: `f-${type}` })
        .thenRepeated();
    });

    it(`are not mistaken: another ${type} under the same key`, () => {
      given(...recorded)
        .when({ type, id: idOf[type], fingerprint: 'another', amount: 1n })
        .thenRefused('IDEMPOTENCY_KEY_REUSED');
    });

    it(`are not mistaken: something else under the key of a ${type}`, () => {
      for (const other of kinds.filter((kind) => kind !== type)) {
        given(...recorded)
          .when({ type: other, id: idOf[type], fingerprint: `f-${type}` })
          .thenRefused('IDEMPOTENCY_KEY_REUSED');
      }
    });
  }

  it('are so many and no more, and a repetition is none', () => {
    const many = new PaymentHistory().start('attempt').done();
    while (many.payment.operations.length < MAX_OPERATIONS - 1) many.start('capture', 1n).failed();
    const last = { operation: 'last', amount: 1n };
    given(...many.recorded)
      .when({ type: 'capture', id: 'last', fingerprint: 'f', amount: 1n })
      .then({ type: 'CaptureStarted', data: last });
    many.add({ type: 'CaptureStarted', data: last }, { fingerprint: 'f' }).failed();
    for (const type of kinds) {
      given(...many.recorded)
        .when({ type, id: 'one-more', fingerprint: 'f', amount: 1n })
        .thenRefused('TOO_MANY_OPERATIONS');
    }
    given(...many.recorded)
      .when({ type: 'capture', id: 'last', fingerprint: 'f', amount: 1n })
      .thenRepeated();
  });
});

describe('the caps of a payment', () => {
  const authorized = () => new PaymentHistory().start('attempt').done();
  const captured = () => authorized().start('capture').done();

  it('hold while everything is used up', () => {
    assertCaps(captured().start('refund', 30_000n).done().start('refund').payment);
    assertCaps(authorized().start('capture', 20_000n).start('capture').payment);
    assertCaps(authorized().start('void').done().payment);
  });

  const broken: readonly (readonly [string, PaymentHistory])[] = [
    ['more is being captured than was authorised', authorized().start('capture', 50_001n)],
    ['more was captured than was authorised', authorized().start('capture', 50_001n).done()],
    ['it is voided and captured', captured().start('void', 1n).done()],
    ['it is voided twice', authorized().start('void').done().start('void', 50_000n).done()],
    ['more is being refunded than was captured', captured().start('refund', 50_001n)],
    [
      'refunds done and under way are together too much',
      captured().start('refund', 30_000n).done().start('refund', 20_001n),
    ],
    [
      'more is authorised than was asked for',
      new PaymentHistory().start('attempt', 50_001n).done(),
    ],
  ];
  for (const [what, { payment }] of broken) {
    it(`do not hold when ${what}`, () => {
      expect(() => assertCaps(payment)).to.throw('would go beyond its caps');
    });
  }
});

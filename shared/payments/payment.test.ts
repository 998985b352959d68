import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DecodedEvent } from '../events/codec.js';
import type { PaymentEvent } from '../events/payment.js';
import { anyPaymentHistory } from '../testing/any-payment-history.js';
import { PaymentHistory } from '../testing/payment-history.js';
import { isOpen } from './amounts.js';
import {
  evolvePayment,
  NO_PAYMENT,
  operationOf,
  paymentEventOf,
  type PaymentStream,
  type RecordedPaymentEvent,
} from './payment.js';

const authorized = () => new PaymentHistory().start('attempt').done();

function fold(events: readonly RecordedPaymentEvent[]): PaymentStream {
  return events.reduce(evolvePayment, NO_PAYMENT);
}

describe('a payment folded from its events', () => {
  it('begins as it was requested', () => {
    const options = { number: 7, merchant: 'shop', amount: 1_000n, at: 1_772_409_600_000 };
    const { payment, id } = new PaymentHistory(options);
    expect(payment).to.deep.equal({
      kind: 'payment',
      id,
      orderId: 'order-7',
      sellerId: 'seller-1',
      merchant: 'shop',
      currency: 'KRW',
      method: { type: 'card', token: 'tok_ok' },
      capture: 'manual',
      gateway: 'simulator',
      requested: 1_000n,
      authorized: 0n,
      captured: 0n,
      refunded: 0n,
      voided: 0n,
      expired: 0n,
      operations: [],
      contradictions: [],
      revision: 0n,
      position: 7_000n,
      createdAt: 1_772_409_600_000,
      changedAt: 1_772_409_600_000,
      day: '2026-03-02',
    });
  });

  it('knows of an intent who asked, when, for what and why', () => {
    const { payment } = authorized().start('capture').done().start('refund', 700n);
    const refund = payment.operations.at(-1);
    expect(refund).to.deep.include({
      kind: 'refund',
      amount: 700n,
      status: 'started',
      reason: 'it came back',
      correlationId: 'request-1',
      startedRevision: 5n,
      notFound: false,
    });
    expect(refund).to.have.property('commandId', refund?.id);
    expect(refund).to.not.have.any.keys('unknown', 'outcome', 'fingerprint');
  });

  it('keeps the fingerprint of what was asked', () => {
    const history = new PaymentHistory();
    const data = { operation: 'a', amount: 50_000n };
    history.add({ type: 'AttemptStarted', data }, { fingerprint: 'f-1', commandId: 'c-1' });
    expect(history.payment.operations[0]).to.include({ fingerprint: 'f-1', commandId: 'c-1' });
  });

  it('keeps since when an outcome is unknown, over all that is not known later either', () => {
    const history = authorized().start('capture').unknown();
    const since = history.payment.changedAt;
    history.unknown(undefined, 'reset').notFound();
    const [, capture] = history.payment.operations;
    expect(capture).to.deep.include({
      status: 'unknown',
      notFound: true,
      unknown: { since, reason: 'reset', detail: 'no answer' },
    });
  });

  it('forgets the doubt with the outcome', () => {
    const [, capture] = authorized().start('capture').unknown().done().payment.operations;
    expect(capture).to.include({ status: 'done' }).and.not.have.property('unknown');
    expect(capture?.outcome).to.include({ revision: 5n, by: 'answer' });
  });

  it('keeps why the gateway said no', () => {
    const { payment } = new PaymentHistory().start('attempt').failed();
    expect(payment.operations[0]?.outcome).to.deep.include({
      failure: 'declined',
      decline: { code: 'card_declined', pgCode: 'REJECTED', pgMessage: 'no', retryable: false },
    });
    expect(payment.authorized).to.equal(0n);
  });

  it('with capture auto is captured by the attempt itself', () => {
    const { payment } = new PaymentHistory({ capture: 'auto' }).start('attempt').done();
    expect(payment).to.include({ authorized: 50_000n, captured: 50_000n });
    expect(payment.operations.map(({ kind, status }) => `${kind} ${status}`)).to.deep.equal([
      'attempt done',
    ]);
  });

  it('follows late truth: a refund that had been given up was done', () => {
    const history = authorized().start('capture').done().start('refund', 700n).unknown();
    history.failed(undefined, 'not-processed').done();
    expect(history.payment.refunded).to.equal(700n);
    expect(history.payment.operations.at(-1)?.status).to.equal('done');
  });

  it('keeps contradictions beside the books, which stand', () => {
    const history = authorized().start('capture').done();
    const before = history.payment;
    const { payment } = history.contradicted('failed');
    const operation = before.operations[1]?.id;
    expect(payment.contradictions).to.deep.equal([
      {
        operation,
        told: 'failed',
        by: 'inquiry',
        detail: 'the books stand',
        at: payment.changedAt,
      },
    ]);
    const { captured, operations } = payment;
    expect({ captured, operations }).to.deep.equal({
      captured: 50_000n,
      operations: before.operations,
    });
  });

  it('has as many operations as there were intents, whatever happened to them', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ events, payment }) => {
        const intents = events.filter(({ type }) => INTENTS.has(type));
        expect(payment.operations).to.have.length(intents.length);
        for (const one of payment.operations) {
          expect(one.outcome === undefined).to.equal(isOpen(one));
          expect(one.unknown !== undefined).to.equal(one.status === 'unknown');
        }
      }),
    );
  });

  it('is the same however often it is folded, and nothing it was given has changed', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ recorded, payment }) => {
        const before = structuredClone(recorded);
        expect(fold(recorded)).to.deep.equal(payment);
        expect(fold(recorded)).to.deep.equal(payment);
        expect(recorded).to.deep.equal(before);
      }),
    );
  });

  it('carries place, time and day of its last event', () => {
    const history = new PaymentHistory({ at: Date.parse('2026-03-02T14:59:59.999Z') });
    const { payment } = history.start('attempt');
    // Midnight of Seoul lies between the two.
    expect(payment).to.include({ revision: 1n, day: '2026-03-03' });
    expect(payment.changedAt - payment.createdAt).to.equal(1_000);
  });
});

describe('an abandoned payment', () => {
  const data = { id: 'p-1', orderId: 'order-1', insteadOf: 'p-2' };
  const abandoned = recorded({ type: 'PaymentAbandoned', data });

  it('is closed before there was one', () => {
    expect(fold([abandoned])).to.deep.equal({ kind: 'abandoned', ...data });
  });

  it('is never requested, nor is one abandoned that was', () => {
    const [requested] = new PaymentHistory().recorded;
    if (requested === undefined) throw new Error('a history begins with a request');
    expect(() => fold([abandoned, requested])).to.throw('requested twice');
    expect(() => fold([abandoned, abandoned])).to.throw('was there already');
    expect(() => fold([requested, abandoned])).to.throw('was there already');
  });
});

describe('an order of events that cannot be', () => {
  const { recorded: events } = authorized().start('capture').done().start('refund').done();

  it('begins with something else than the request', () => {
    for (const event of events.slice(1)) {
      expect(() => fold([event])).to.throw(`${event.event.type} before PaymentRequested`);
    }
  });

  it('requests twice', () => {
    expect(() => fold([...events.slice(0, 1), ...events])).to.throw('requested twice');
  });

  it('starts an operation twice', () => {
    expect(() => fold([...events, ...events.slice(1, 2)])).to.throw('is started twice');
  });

  it('has an outcome of an operation that was never started', () => {
    for (const at of [2, 4, 6]) {
      const without = events.filter((_event, index) => index !== at - 1);
      expect(() => fold(without)).to.throw('was never started');
    }
    const unknown = { operation: 'x', reason: 'timeout', detail: '' } as const;
    expect(() => authorized().add({ type: 'OutcomeUnknown', data: unknown })).to.throw(
      'never started',
    );
    const notFound: PaymentEvent = { type: 'OutcomeNotFound', data: { operation: 'x' } };
    expect(() => authorized().add(notFound)).to.throw('never started');
  });

  it('has events of others', () => {
    const [first] = authorized().decoded;
    if (first === undefined) throw new Error('a history begins with a request');
    const other: DecodedEvent = {
      ...first,
      event: { type: 'OrderClaimed', data: { merchant: 'm', orderId: 'o', paymentId: 'p' } },
    };
    expect(() => paymentEventOf(other)).to.throw('OrderClaimed is no event of a payment');
  });
});

describe('an operation', () => {
  it('is found by its id, or not at all', () => {
    const { payment, id } = authorized();
    expect(operationOf(payment, `${id}-1`)).to.include({ kind: 'attempt' });
    expect(operationOf(payment, `${id}-2`)).to.equal(undefined);
  });
});

const INTENTS: ReadonlySet<string> = new Set([
  'AttemptStarted',
  'CaptureStarted',
  'VoidStarted',
  'RefundRequested',
]);

function recorded(event: PaymentEvent): RecordedPaymentEvent {
  const [first] = new PaymentHistory().recorded;
  if (first === undefined) throw new Error('a history begins with a request');
  return { ...first, event };
}

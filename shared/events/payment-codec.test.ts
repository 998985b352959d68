import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { CURRENCIES } from '../ledger/currency.js';
import { DECLINE_CODES } from '../ports/payment-gateway.js';
import { anyEntry, anyInt64 } from '../testing/arbitraries.js';
import { anyPaymentHistory } from '../testing/any-payment-history.js';
import { PaymentHistory } from '../testing/payment-history.js';
import { decodeEvent, encodeData } from './codec.js';
import type { LedgerEvent } from './event.js';
import { PAYMENT_EVENT_TYPES } from './payment.js';
import { EventUndecodable } from './upcast.js';

const text = fc.string({ unit: 'binary' });
const amount = anyInt64;
const entry = anyEntry;

/** Data with all of these fields. */
const fields = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T, keyof T>(model, { noNullPrototype: true });

/** The same data with any of some further fields. */
const perhaps = <Data extends object, T>(
  data: fc.Arbitrary<Data>,
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Data & Partial<T>> =>
  fc
    .tuple(data, fc.record<T, never>(model, { requiredKeys: [], noNullPrototype: true }))
    .map(([fixed, free]) => ({ ...fixed, ...free }));

const told = { reason: text, answer: text };
const by = fc.constantFrom('answer', 'inquiry', 'operator', 'clock');
const done = { operation: text, orderId: text, amount, gatewayId: text, by, entry };
const failed = {
  operation: text,
  failure: fc.constantFrom('declined', 'refused', 'not-processed'),
  decline: fields({
    code: fc.constantFrom(...DECLINE_CODES),
    pgCode: text,
    pgMessage: text,
    retryable: fc.boolean(),
  }),
  by,
};
const started = { operation: text, amount };
const ids = { id: text, orderId: text };
const label = fc.oneof(fc.constantFrom('legs', 'entry', 'amount', 'data'), text);
const labels = fc.dictionary(
  label.filter((name) => name !== '__proto__'),
  text,
  { noNullPrototype: true },
);
const reason = fc.constantFrom(
  ...(['timeout', 'reset', 'unavailable', 'garbled', 'mismatch', 'interrupted'] as const),
);

const requested = perhaps(
  fields({
    ...ids,
    sellerId: text,
    amount,
    currency: fc.constantFrom(...CURRENCIES),
    method: fields({ type: fc.constant('card'), token: text }),
    capture: fc.constantFrom('manual', 'auto'),
    gateway: text,
  }),
  { description: text, metadata: labels },
);

const anyEvents: readonly fc.Arbitrary<LedgerEvent>[] = [
  fields({ merchant: text, orderId: text, paymentId: text }).map((data) => ({
    type: 'OrderClaimed',
    data,
  })),
  requested.map((data) => ({ type: 'PaymentRequested', data })),
  fields(started).map((data) => ({ type: 'AttemptStarted', data })),
  perhaps(fields(done), { ...told, expiresAt: fc.maxSafeInteger() }).map((data) => ({
    type: 'PaymentAuthorized',
    data,
  })),
  perhaps(fields(failed), told).map((data) => ({ type: 'AttemptDeclined', data })),
  fields(started).map((data) => ({ type: 'CaptureStarted', data })),
  perhaps(fields({ ...done, remaining: amount }), told).map((data) => ({
    type: 'PaymentCaptured',
    data,
  })),
  perhaps(fields(failed), told).map((data) => ({ type: 'CaptureFailed', data })),
  perhaps(fields(started), { reason: text }).map((data) => ({ type: 'VoidStarted', data })),
  perhaps(fields(done), told).map((data) => ({ type: 'PaymentVoided', data })),
  perhaps(fields(failed), told).map((data) => ({ type: 'VoidFailed', data })),
  perhaps(fields({ orderId: text, amount, by, entry }), { answer: text }).map((data) => ({
    type: 'AuthorizationExpired',
    data,
  })),
  fields({ operation: text, orderId: text, amount, reason: text, entry }).map((data) => ({
    type: 'RefundRequested',
    data,
  })),
  perhaps(fields(done), told).map((data) => ({ type: 'RefundSucceeded', data })),
  perhaps(fields({ ...failed, orderId: text, amount, entry }), told).map((data) => ({
    type: 'RefundFailed',
    data,
  })),
  fields({ operation: text, reason, detail: text }).map((data) => ({
    type: 'OutcomeUnknown',
    data,
  })),
  perhaps(fields({ operation: text }), { answer: text }).map((data) => ({
    type: 'OutcomeNotFound',
    data,
  })),
  perhaps(fields({ operation: text, told: fc.constantFrom('done', 'failed'), by, detail: text }), {
    answer: text,
  }).map((data) => ({ type: 'AnswerContradicted', data })),
  fields({ ...ids, insteadOf: text }).map((data) => ({ type: 'PaymentAbandoned', data })),
];

describe('codec of payments', () => {
  it('reads what it writes: every type, with any texts, amounts and labels', () => {
    const seen = new Set<string>();
    for (const anyEvent of anyEvents) {
      fc.assert(
        fc.property(anyEvent, (event) => {
          seen.add(event.type);
          expect(decoded(event.type, encodeData(event))).to.deep.equal(event);
        }),
        { numRuns: 50 },
      );
    }
    expect([...seen].sort()).to.deep.equal(['OrderClaimed', ...PAYMENT_EVENT_TYPES].sort());
  });

  it('reads what it writes: whole histories, byte for byte', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ events }) => {
        for (const event of events) {
          const read = decoded(event.type, encodeData(event));
          expect(read).to.deep.equal(event);
        }
      }),
    );
  });

  it('keeps labels that are called like fields of its own', () => {
    const metadata = { legs: '[{"amount":"1"}]', entry: '{"legs":[]}', amount: '5n', id: '' };
    const event = { type: 'PaymentRequested', data: { ...sample(), metadata } } as const;
    const read = decoded('PaymentRequested', encodeData(event));
    expect(read).to.deep.equal(event);
  });

  it('writes amounts as strings of digits', () => {
    const large = 2n ** 62n - 1n;
    const history = new PaymentHistory({ amount: large, capture: 'auto' }).start('attempt').done();
    for (const event of history.events) {
      const stored: unknown = JSON.parse(encodeData(event));
      expect(stored).to.have.property('amount', large.toString());
    }
    const captured = history.events.find(({ type }) => type === 'PaymentCaptured');
    if (captured === undefined) throw new Error('it was not captured');
    const stored: unknown = JSON.parse(encodeData(captured));
    expect(stored).to.have.property('remaining', '0');
    expect(stored).to.have.nested.property('entry.legs[0].amount', large.toString());
  });
});

describe('undecodable events of payments', () => {
  const history = new PaymentHistory().start('attempt').done().start('capture').done();
  const complete = history.start('refund').unknown().failed().events;

  for (const event of complete) {
    it(`${event.type} with an unknown field is refused`, () => {
      const altered = { ...parsed(encodeData(event)), colour: 'red' };
      expect(() => decoded(event.type, JSON.stringify(altered))).to.throw(
        EventUndecodable,
        /colour/,
      );
    });

    for (const name of Object.keys(event.data)) {
      it(`${event.type} without ${name} is refused`, () => {
        const rest = parsed(encodeData(event));
        Reflect.deleteProperty(rest, name);
        expect(() => decoded(event.type, JSON.stringify(rest))).to.throw(
          EventUndecodable,
          new RegExp(name),
        );
      });
    }
  }

  const wrong: readonly (readonly [string, string, object])[] = [
    ['an amount that is a number', 'AttemptStarted', { operation: 'a', amount: 5 }],
    ['an amount with places', 'AttemptStarted', { operation: 'a', amount: '5.0' }],
    ['a reason there is not', 'OutcomeUnknown', { operation: 'a', reason: 'bored', detail: 'x' }],
    [
      'a source there is not',
      'AnswerContradicted',
      { operation: 'a', told: 'done', by: 'rumour', detail: 'x' },
    ],
    ['a null for what is optional', 'OutcomeNotFound', { operation: 'a', answer: null }],
    ['a card number beside the token', 'PaymentRequested', withCard()],
    ['a label that is no text', 'PaymentRequested', { ...wire(), metadata: { a: 1 } }],
  ];
  for (const [what, type, data] of wrong) {
    it(`${type} with ${what} is refused`, () => {
      expect(() => decoded(type, JSON.stringify(data))).to.throw(EventUndecodable);
    });
  }
});

function decoded(type: string, data: string): LedgerEvent {
  const metadata = JSON.stringify({
    schemaVersion: 1,
    commandId: 'c-1',
    $correlationId: 'r-1',
    actor: 'anonymous',
    effectiveDate: '2026-03-02',
  });
  const place = { stream: 'payment-1', revision: 0n, position: 7n, recordedAt: 0 };
  return decodeEvent({ eventId: 'e-1', type, data, metadata, ...place }).event;
}

function sample(): Extract<LedgerEvent, { type: 'PaymentRequested' }>['data'] {
  const [event] = new PaymentHistory().events;
  if (event?.type !== 'PaymentRequested') throw new Error('a history begins otherwise');
  return event.data;
}

/** The data of a request as they are stored. */
function wire(): Record<string, unknown> {
  return parsed(encodeData({ type: 'PaymentRequested', data: sample() }));
}

function withCard(): object {
  const method = { type: 'card', token: 'tok_ok', number: '4111111111111111' };
  return { ...wire(), method };
}

function parsed(json: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(json));
}

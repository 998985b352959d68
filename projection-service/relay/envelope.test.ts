import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { encodeData, type DecodedEvent } from '../../shared/events/codec.js';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { MemoryLog, moved } from '../../shared/testing/memory-log.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { aggregateIdOf, messagesOf } from './envelope.js';
import { TOPICS } from './topics.js';

const CARD = '4111 1111 1111 1111';

describe('what of an event is published', () => {
  it('is its envelope and its data, as the query service calls them', () => {
    const history = new PaymentHistory().start('attempt').done().start('capture', 30_000n).done();
    const captured = history.decoded.at(-1);
    const messages = captured === undefined ? [] : messagesOf(captured);
    expect(messages.map(({ topic }) => topic)).to.deep.equal([
      'payment.captured',
      'ledger.entry.v1',
    ]);
    const [first, second] = messages;
    expect(first?.key).to.equal(history.id);
    expect(first?.headers).to.deep.equal({
      eventId: captured?.eventId,
      type: 'PaymentCaptured',
      position: captured?.position.toString(),
    });
    const envelope = parsed(first?.value);
    expect(Object.keys(envelope)).to.deep.equal(FIELDS);
    expect(envelope).to.include({
      topicVersion: 1,
      type: 'PaymentCaptured',
      schemaVersion: 1,
      stream: `payment-${history.id}`,
      revision: '4',
      position: captured?.position.toString(),
      recordedAt: '2026-03-02T01:00:04.000Z',
      occurredAt: '2026-03-02T01:00:04.000Z',
      effectiveDate: '2026-03-02',
      correlationId: 'request-1',
    });
    expect(envelope['data']).to.include({ amount: '30000', remaining: '20000', by: 'answer' });
    const { entryId, ...rest } = parsed(second?.value);
    expect(entryId).to.equal(`payment-${history.id}/4`);
    expect(rest).to.deep.equal(envelope);
  });

  it('is nothing of events that are the business of nobody else', () => {
    const history = new PaymentHistory().start('attempt').unknown();
    const topics = history.decoded.flatMap(messagesOf).map(({ topic }) => topic);
    expect(topics).to.deep.equal(['payment.requested.v1']);
  });

  it('is every payment event with an entry, or in a topic of its own, and valid JSON', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), ({ decoded }) => {
        for (const one of decoded) expectComplete(one);
      }),
    );
  });

  it('never is a means of payment, an answer of the gateway, or a card number', () => {
    const token = 'tok_aVeryLongSecret1234';
    const history = new PaymentHistory({ token }).start('attempt').done().start('void');
    const log = new MemoryLog();
    const entry = moved('cash', 'sales', 5n);
    log.record({
      event: {
        type: 'EntryPosted',
        data: { id: 'e-1', description: `card ${CARD}`, entry, metadata: { note: CARD } },
      },
      effective: '2026-03-02',
      recordedAt: 0,
      stream: 'entry-e-1',
    });
    history.add({
      type: 'PaymentVoided',
      data: {
        operation: history.payment.operations.at(-1)?.id ?? '',
        orderId: 'order-1',
        amount: 50_000n,
        gatewayId: 'g',
        by: 'operator',
        reason: `asked with ${CARD}`,
        answer: '{"secret":"of the gateway"}',
        entry,
      },
    });
    const text = JSON.stringify([...history.decoded, ...log.decoded()].flatMap(messagesOf));
    expect(text).to.contain('…1234');
    expect(text).to.contain('*1111');
    for (const secret of [token, 'of the gateway', CARD]) expect(text).to.not.contain(secret);
  });

  it('has the id of its aggregate as its key', () => {
    expect(aggregateIdOf('payment-1b2-3')).to.equal('1b2-3');
    expect(aggregateIdOf('order-anonymous/a-1')).to.equal('anonymous/a-1');
  });
});

describe('topics', () => {
  it('are named once', () => {
    expect(new Set(TOPICS.map(({ name }) => name)).size).to.equal(TOPICS.length);
  });

  it('carry their version in their name where they have one', () => {
    for (const { name, version } of TOPICS) {
      const suffix = /\.v(\d+)$/.exec(name)?.[1];
      if (suffix !== undefined) expect(Number(suffix)).to.equal(version);
    }
  });
});

const FIELDS = [
  'topicVersion',
  'eventId',
  'type',
  'schemaVersion',
  'stream',
  'revision',
  'position',
  'recordedAt',
  'occurredAt',
  'effectiveDate',
  'actor',
  'commandId',
  'correlationId',
  'causationId',
  'data',
];

function parsed(value: string | undefined): Record<string, unknown> {
  const made: unknown = JSON.parse(value ?? 'null');
  if (typeof made !== 'object' || made === null) throw new Error('no object');
  return { ...made };
}

/** Nothing of the data is lost but what must not go out. */
function expectComplete(decoded: DecodedEvent): void {
  const messages = messagesOf(decoded);
  const hasEntry = 'entry' in decoded.event.data;
  expect(messages.some(({ topic }) => topic === 'ledger.entry.v1')).to.equal(hasEntry);
  const { answer, method, ...stored } = parsed(encodeData(decoded.event));
  for (const { value } of messages) {
    const { method: shown, ...data } = parsed(JSON.stringify(parsed(value)['data']));
    expect(data).to.deep.equal(stored);
    expect(answer).to.equal(undefined);
    expect(shown === undefined).to.equal(method === undefined);
  }
}

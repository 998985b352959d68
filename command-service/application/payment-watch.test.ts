import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isOpen } from '../../shared/payments/amounts.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { encodeData, encodeMetadata, type DecodedEvent } from '../../shared/events/codec.js';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { paid, Shop, take } from '../testing/open-test-payments.js';
import { BY_TEST, Processes } from '../testing/processes.js';
import { PaymentWatch, paymentWatchSchema } from './payment-watch.js';

function recorded({ event, metadata, ...place }: DecodedEvent): RecordedEvent {
  const data = encodeData(event);
  return { ...place, type: event.type, data, metadata: encodeMetadata(metadata) };
}

function event(type: string, data: object, recordedAt = 7): RecordedEvent {
  const place = { stream: 'payment-p', revision: 0n, position: 1n, recordedAt };
  return { ...place, eventId: 'e', type, data: JSON.stringify(data), metadata: '{}' };
}

function watching(...histories: readonly PaymentHistory[]): PaymentWatch {
  const watch = new PaymentWatch();
  for (const { decoded } of histories) {
    for (const one of decoded) expect(watch.take(recorded(one))).to.equal(true);
  }
  return watch;
}

const anyHistories = () => fc.tuple(...[1, 2, 3].map((number) => anyPaymentHistory({ number })));

describe('what of the payments in the log has to be looked after', () => {
  it('is every operation without an outcome, since when, and nothing else', () => {
    fc.assert(
      fc.property(anyHistories(), (histories) => {
        const watch = watching(...histories);
        const newest = new Map(histories.map((history) => [history.id, history.payment]));
        const expected = [...newest].flatMap(([paymentId, { operations }]) =>
          operations.filter(isOpen).map(({ id, startedAt, unknown }) => ({
            paymentId,
            operation: id,
            startedAt,
            ...(unknown === undefined ? {} : { unknownSince: unknown.since }),
          })),
        );
        expect([...watch.open()]).to.have.deep.members(expected);
        const inDoubt = expected.filter((one) => 'unknownSince' in one);
        expect(watch.sizes()).to.include({
          openOperations: expected.length,
          operationsInDoubt: inDoubt.length,
        });
      }),
    );
  });

  it('is the same after it was written down and read again', () => {
    fc.assert(
      fc.property(anyHistories(), (histories) => {
        const watch = watching(...histories);
        watch.take(event('PaymentAuthorized', { operation: 'p-1', expiresAt: 50, entry: {} }));
        const text = JSON.stringify(watch.toJSON());
        const again = PaymentWatch.fromJSON(paymentWatchSchema.parse(JSON.parse(text)));
        expect([...again.open()]).to.deep.equal([...watch.open()]);
        expect(again.expired(49)).to.deep.equal([]);
        expect(again.expired(50)).to.deep.equal(['p']);
        expect(again.sizes()).to.deep.equal(watch.sizes());
      }),
    );
  });

  it('is known again after a restart, from the snapshot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sagae-watch-'));
    const shop = new Shop();
    try {
      const snapshotFile = join(folder, 'snapshot.json');
      const process = await shop.open();
      shop.gateway.expiresAfterMs = 1_000;
      const id = await paid(process);
      shop.gateway.fate = () => ({ says: 'reset' });
      await process.payments.capture(take(id, 1n), BY_TEST);
      const ledgers = new Processes(shop.store, { snapshotFile });
      await ledgers.open();
      await ledgers.close();
      // A program that had to read the log would not find these any more.
      const first = shop.store.log.at(-1);
      if (first === undefined) throw new Error('nothing in the log');
      shop.store.log.fill(first, 0, -1);
      const { payments } = await ledgers.open();
      expect([...payments.open()].map(({ paymentId }) => paymentId)).to.deep.equal([id]);
      expect(payments.expired(shop.time.now + 1_000)).to.deep.equal([id]);
      await ledgers.close();
    } finally {
      await shop.close();
      await rm(folder, { recursive: true });
    }
  });

  it('goes on from where it was written down', () => {
    const history = new PaymentHistory().start('attempt').unknown();
    const half = JSON.stringify(watching(history).toJSON());
    const watch = PaymentWatch.fromJSON(paymentWatchSchema.parse(JSON.parse(half)));
    const { length } = history.decoded;
    history.done().start('capture');
    for (const one of history.decoded.slice(length)) watch.take(recorded(one));
    expect([...watch.open()]).to.deep.equal([...watching(history).open()]);
    expect(watch.sizes()).to.include({ openOperations: 1, operationsInDoubt: 0 });
  });

  it('is not misled by texts that look like its own fields', () => {
    const watch = new PaymentWatch();
    const answer = ',"expiresAt":1,"remaining":"0","operation":"x",';
    watch.take(event('AttemptStarted', { amount: '1', operation: 'p-1' }));
    expect([...watch.open()].map(({ operation }) => operation)).to.deep.equal(['p-1']);
    const entry = { legs: [] };
    watch.take(event('PaymentAuthorized', { operation: 'p-1', answer, expiresAt: 50, entry }));
    expect(watch.expired(49)).to.deep.equal([]);
    expect(watch.expired(50)).to.deep.equal(['p']);
    watch.take(event('CaptureStarted', { operation: 'c-1', amount: '1' }));
    watch.take(event('PaymentCaptured', { operation: 'c-1', answer, remaining: '30', entry }));
    expect(watch.expired(50)).to.deep.equal(['p']);
    watch.take(event('CaptureStarted', { operation: 'c-2', amount: '1' }));
    watch.take(event('PaymentCaptured', { operation: 'c-2', answer, remaining: '0', entry }));
    expect(watch.expired(50)).to.deep.equal([]);
  });

  it('is in doubt since it was first, whatever was said since', () => {
    const watch = new PaymentWatch();
    watch.take(event('AttemptStarted', { operation: 'p-1' }, 10));
    watch.take(event('OutcomeUnknown', { operation: 'p-1', reason: 'timeout' }, 20));
    watch.take(event('OutcomeUnknown', { operation: 'p-1', reason: 'mismatch' }, 30));
    expect([...watch.open()]).to.deep.equal([
      { paymentId: 'p', operation: 'p-1', startedAt: 10, unknownSince: 20 },
    ]);
  });

  it('leaves the events of others to others', () => {
    const watch = new PaymentWatch();
    const [first] = new PaymentHistory().decoded;
    if (first === undefined) throw new Error('a history begins with a request');
    const other = { ...recorded(first), stream: 'order-a/b' };
    expect(watch.take({ ...other, type: 'OrderClaimed' })).to.equal(true);
    expect(watch.take({ ...other, type: 'EntryPosted' })).to.equal(false);
    expect(watch.take({ ...other, stream: 'account-payment-x', type: 'HoldPlaced' })).to.equal(
      false,
    );
  });
});

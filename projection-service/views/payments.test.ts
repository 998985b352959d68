import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DecodedEvent } from '../../shared/events/codec.js';
import { isPaymentEvent } from '../../shared/events/payment.js';
import { inDoubt, statusOf } from '../../shared/payments/amounts.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import type { ViewBatch } from '../../shared/ports/view-store.js';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { MemoryLog, moved } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import {
  doubtsTable,
  doubtTotalsTable,
  paymentsTable,
  readDoubt,
  readDoubtTotal,
  readPayment,
} from '../../shared/views/payments.js';
import { paymentsView } from './payments.js';

const view = paymentsView('Asia/Seoul');

/** Sizes of batches, in turn; after a batch with `forgets` the fold is opened anew. */
type Cuts = readonly Readonly<{ size: number; forgets: boolean }>[];

const ONE_BATCH: Cuts = [{ size: 1_000_000, forgets: false }];

async function project(
  events: readonly DecodedEvent[],
  cuts = ONE_BATCH,
): Promise<MemoryViewStore> {
  const store = new MemoryViewStore();
  let fold = view.open(store);
  let after = 0n;
  for (let next = 0, batch = 0; next < events.length; batch++) {
    const { size, forgets } = cuts[batch % cuts.length] ?? { size: 1, forgets: false };
    const some = events.slice(next, next + size);
    next += some.length;
    const upTo = some.at(-1)?.position ?? after;
    await store.commit(view.name, { after, upTo, puts: await fold.fold(some) });
    after = upTo;
    if (forgets) fold = view.open(store);
  }
  return store;
}

function rowsOf(store: MemoryViewStore) {
  return view.tables.map((table) => store.rows(table));
}

/** The payments of a log, folded without a view. */
function folded(events: readonly DecodedEvent[]): readonly Payment[] {
  const streams = new Map<string, PaymentStream>();
  for (const decoded of events) {
    if (!isPaymentEvent(decoded.event)) continue;
    const before = streams.get(decoded.stream) ?? NO_PAYMENT;
    streams.set(decoded.stream, evolvePayment(before, paymentEventOf(decoded)));
  }
  return [...streams.values()].filter((state) => state.kind === 'payment');
}

const anyLog = fc
  .tuple(
    ...[1, 2, 3, 4].map((number) =>
      anyPaymentHistory({ number, currency: number === 4 ? 'USD' : 'KRW' }),
    ),
  )
  .map((histories) => {
    const log = new MemoryLog(3n);
    recordPayments(log, histories);
    return log.decoded();
  });

const anyCuts = fc.array(
  fc.record({ size: fc.integer({ min: 1, max: 9 }), forgets: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 8,
  },
);

describe('the view of payments', () => {
  it('does not depend on where batches end, or on what is remembered', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, anyCuts, async (events, cuts) => {
        const [whole, cut] = [await project(events), await project(events, cuts)];
        expect(rowsOf(cut)).to.deep.equal(rowsOf(whole));
      }),
    );
  });

  it('has every payment as its events make it, and all that is in doubt', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, async (events) => {
        const store = await project(events, [{ size: 5, forgets: false }]);
        const payments = folded(events);
        const stored = store.rows(paymentsTable).map((row) => readPayment(row).payment);
        expect(stored).to.deep.equal(payments);
        const open = { index: 'open', prefix: [1n], limit: 1_000 };
        const doubts = (await store.scan(doubtsTable, open)).map(readDoubt);
        const unknown = payments.flatMap(({ operations }) =>
          operations.filter(({ status }) => status === 'unknown'),
        );
        expect(doubts.map(({ operation }) => operation)).to.have.members(
          unknown.map(({ id }) => id),
        );
        for (const { currency, amount, count } of store
          .rows(doubtTotalsTable)
          .map(readDoubtTotal)) {
          const own = payments.filter((payment) => payment.currency === currency);
          expect(amount).to.equal(own.reduce((sum, payment) => sum + inDoubt(payment), 0n));
          expect(count).to.equal(BigInt(doubts.filter((one) => one.currency === currency).length));
        }
        if (unknown.length > 0) expect(store.rows(doubtTotalsTable)).not.to.have.length(0);
      }),
    );
  });

  it('says what a list needs: day of creation in the zone, status, what is in doubt', async () => {
    const at = Date.parse('2026-03-01T15:00:00Z');
    const history = new PaymentHistory({ at, orderId: 'o-7', sellerId: 's-7' });
    history.start('attempt').unknown().notFound();
    const store = await project(recorded(history));
    const [row] = store.rows(paymentsTable);
    // 15:00 in Greenwich is the next day in Seoul.
    const day = BigInt(Date.UTC(2026, 2, 2) / 86_400_000);
    expect(row?.slice(0, 6)).to.deep.equal([1n, day, history.id, 'o-7', 's-7', 'AUTHORIZING']);
    const [doubt] = store.rows(doubtsTable).map(readDoubt);
    expect(doubt).to.deep.include({
      operation: `${history.id}-1`,
      kind: 'attempt',
      amount: 50_000n,
      currency: 'KRW',
      reason: 'timeout',
      since: at + 2_000,
      notFoundOnce: true,
    });
  });

  it('has nothing open once the truth is known, and a total of nothing', async () => {
    const history = new PaymentHistory().start('attempt').unknown().done();
    const store = await project(recorded(history), [{ size: 1, forgets: true }]);
    expect(await store.scan(doubtsTable, { index: 'open', prefix: [1n], limit: 9 })).to.have.length(
      0,
    );
    expect(store.rows(doubtTotalsTable)).to.deep.equal([['KRW', 0n, 0n]]);
    expect(statusOf(history.payment)).to.equal(store.rows(paymentsTable)[0]?.[5]);
  });

  it('has no row for a stream that was closed before there was a payment', async () => {
    const log = new MemoryLog();
    log.record(abandoned);
    expect((await project(log.decoded())).rows(paymentsTable)).to.have.length(0);
  });

  it('writes nothing where there is no event of a payment', async () => {
    const log = new MemoryLog();
    const data = { id: 'e', description: 'd', entry: moved('1010', '2010', 1n) };
    const event = { type: 'EntryPosted', data } as const;
    log.record({ event, effective: '2026-03-01', recordedAt: 0 });
    const puts: ViewBatch['puts'] = await view.open(new MemoryViewStore()).fold(log.decoded());
    expect(puts).to.deep.equal([]);
  });

  it('refuses what cannot follow an abandoned stream, wherever the batch ends', async () => {
    const log = new MemoryLog();
    log.record(abandoned);
    const [requested] = new PaymentHistory().newEvents;
    if (requested === undefined) throw new Error('no event');
    log.append(abandoned.stream, { ...requested, recordedAt: 1 });
    for (const size of [1, 2]) {
      const error = await project(log.decoded(), [{ size, forgets: false }]).catch(String);
      expect(error).to.match(/Error/);
    }
  });

  it('refuses a payment in the stream of another', async () => {
    const history = new PaymentHistory();
    const elsewhere = recorded(history).map((event) => ({ ...event, stream: 'payment-other' }));
    expect(await project(elsewhere).catch(String)).to.include('is in the stream of other');
  });
});

const abandoned = {
  event: {
    type: 'PaymentAbandoned',
    data: { id: new PaymentHistory().id, orderId: 'o', insteadOf: 'p' },
  },
  effective: '2026-03-01',
  recordedAt: 0,
  stream: new PaymentHistory().stream,
} as const;

function recorded(history: PaymentHistory): readonly DecodedEvent[] {
  const log = new MemoryLog();
  recordPayments(log, [history]);
  return log.decoded();
}

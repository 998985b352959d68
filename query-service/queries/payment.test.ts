import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { formatDay, knownDayNumber } from '../../shared/ledger/day.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { day, MemoryLog } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import type { Page } from './answers.js';
import { openQueries, type Queries } from './open.js';
import type { PageQuery, PaymentQuery } from './payment.js';

const NOW = Date.parse('2036-01-01T00:00:00Z');
const HOUR = 3_600_000;

/** Queries on a log whose views have not seen anything yet. */
function queriesOn(log: MemoryLog): Queries {
  return openQueries({ views: new MemoryViewStore(), log, clock: () => NOW, patienceMs: 0 });
}

function logOf(...histories: readonly PaymentHistory[]): MemoryLog {
  const log = new MemoryLog(5n);
  recordPayments(log, histories);
  return log;
}

/** A payment over three days: requested, authorised, captured; refunded the day after, twice. */
function threeDays(): PaymentHistory {
  const history = new PaymentHistory({ at: Date.parse('2026-03-02T01:00:00Z') });
  history.start('attempt').done().start('capture').done();
  history
    .wait(24 * HOUR)
    .start('refund', 10_000n)
    .unknown();
  return history.wait(24 * HOUR).done();
}

const anyTwo = fc.tuple(anyPaymentHistory(), anyPaymentHistory({ number: 2 }));

describe('a payment as it was', () => {
  it('is the fold of what was known by then and true by then, on every cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyTwo, fc.nat(), fc.nat(4), async ([one, other], place, days) => {
        const log = logOf(one, other);
        const at = log.recorded[place % log.recorded.length];
        if (at === undefined) throw new Error('an empty log');
        const first = knownDayNumber(one.payment.day) - days;
        const effective = formatDay(first);
        const own = log.decoded().filter(({ stream }) => stream === one.stream);
        const expected = (known: (event: (typeof own)[number]) => boolean): PaymentStream =>
          own
            .filter((event) => known(event) && event.metadata.effectiveDate <= effective)
            .map(paymentEventOf)
            .reduce(evolvePayment, NO_PAYMENT);
        const byPosition = expected(({ position }) => position <= at.position);
        const byInstant = expected(({ recordedAt }) => recordedAt <= at.recordedAt);
        const ask = (query: PaymentQuery) => answered(queriesOn(log), one.id, query);
        const known = { position: at.position };
        expect(await ask({ effective, known })).to.deep.equal(byPosition);
        const instant = { instant: at.recordedAt };
        expect(await ask({ effective, known: instant })).to.deep.equal(byInstant);
      }),
    );
  });

  it('is as of the head of the log, and its stream may go on beyond it', async () => {
    const history = threeDays();
    const log = logOf(history, new PaymentHistory({ number: 2, at: NOW - HOUR }));
    const { payment, asOf } = await queriesOn(log).payment(history.id, {});
    expect(asOf).to.deep.equal({ effective: null, known: null, position: await log.head() });
    expect(payment.refunded).to.equal(10_000n);
    const head = () => Promise.resolve(5n);
    const views = new MemoryViewStore();
    const growing = openQueries({ views, log: Object.assign(log, { head }), clock: () => NOW });
    const then = await growing.payment(history.id, {});
    expect(then.asOf.position).to.equal(then.payment.position);
  });

  it('is found at each of its revisions', async () => {
    const history = threeDays();
    const queries = queriesOn(logOf(history));
    for (const sequence of history.decoded.map(({ revision }) => revision)) {
      const { payment, asOf } = await queries.payment(history.id, { sequence });
      expect(payment.revision).to.equal(sequence);
      expect(asOf.position).to.equal(payment.position);
    }
  });

  it('repeats what it is as of', async () => {
    const history = threeDays();
    const queries = queriesOn(logOf(history));
    const effective = day('2026-03-02');
    const instant = Date.parse('2026-03-02T01:00:01.500Z');
    const answer = await queries.payment(history.id, { effective, known: { instant } });
    expect(answer.asOf).to.deep.equal({
      effective,
      known: '2026-03-02T01:00:01.500Z',
      // The second event: the last that had been recorded by then.
      position: 10n,
    });
    const known = { position: 12n };
    const asked = await queries.payment(history.id, { known });
    expect(asked.asOf).to.include({ known: 'position:12', position: 12n });
  });

  const refused: readonly [what: string, query: PaymentQuery, reason: object][] = [
    ['before it was known', { known: { position: 4n } }, { code: 'NOT_FOUND', field: 'id' }],
    ['before it was true', { effective: day('2026-03-01') }, { code: 'NOT_FOUND', field: 'id' }],
    ['an instant to come', { known: { instant: NOW + 1 } }, { field: 'known' }],
    ['a position to come', { known: { position: 1_000n } }, { field: 'known' }],
    [
      'a revision to come',
      { sequence: 99n },
      { code: 'VALIDATION_FAILED', field: 'sequence', reason: 'the last revision is 7' },
    ],
    ['two answers to when', { sequence: 1n, known: { position: 5n } }, { field: 'sequence' }],
    ['two answers to when', { sequence: 1n, effective: day('2026-03-02') }, { field: 'sequence' }],
  ];
  for (const [what, query, reason] of refused) {
    it(`is refused: ${what}, ${Object.keys(query).join(' and ')}`, async () => {
      const history = threeDays();
      const error = await rejection(queriesOn(logOf(history)).payment(history.id, query));
      expect(error).to.include({ code: 'VALIDATION_FAILED', ...reason });
    });
  }

  it('is not found where there is none, or the stream was closed before there was one', async () => {
    const log = logOf(threeDays());
    const data = { id: 'gone', orderId: 'o', insteadOf: 'p' };
    const event = { type: 'PaymentAbandoned', data } as const;
    log.record({ event, effective: '2026-03-09', recordedAt: NOW, stream: 'payment-gone' });
    const queries = queriesOn(log);
    for (const id of ['gone', 'never']) {
      const refusals = [
        queries.payment(id, {}),
        queries.paymentEvents(id, { limit: 1 }),
        queries.paymentEntries(id, { limit: 1 }),
        queries.paymentHistory(id, { limit: 1 }),
      ];
      for (const each of refusals) {
        expect(await rejection(each)).to.include({ code: 'NOT_FOUND', field: 'id', value: id });
      }
    }
  });
});

describe('the parts of a payment', () => {
  it('are its events and its entries, page by page', async () => {
    const history = threeDays();
    const log = logOf(history, new PaymentHistory({ number: 2 }).start('attempt').done());
    const queries = queriesOn(log);
    const { items, nextCursor } = await queries.paymentEvents(history.id, { from: 2n, limit: 3 });
    expect(items.map(({ revision }) => revision)).to.deep.equal([2n, 3n, 4n]);
    expect(nextCursor).to.equal('5');
    const entries = await allPages((page) => queries.paymentEntries(history.id, page));
    expect(entries.map(({ id, description }) => [id, description])).to.deep.equal([
      [`${history.stream}/2`, 'Order order-1: authorised'],
      [`${history.stream}/4`, 'Order order-1: captured'],
      [`${history.stream}/5`, 'Order order-1: refund requested'],
      [`${history.stream}/7`, 'Order order-1: refunded'],
    ]);
  });

  it('are its changes: each begins where the one before ended', async () => {
    const history = threeDays();
    const changes = await allPages((page) =>
      queriesOn(logOf(history)).paymentHistory(history.id, page),
    );
    expect(changes).to.have.length(8);
    for (const [place, { before }] of changes.entries()) {
      expect(before).to.deep.equal(changes[place - 1]?.after ?? null);
    }
    expect(changes.map(({ by, why }) => `${by}: ${why}`)).to.deep.equal([
      'command: the payment was requested',
      'command: the gateway is asked to authorise',
      'answer: the gateway authorised it',
      'command: the gateway is asked to capture',
      'answer: the gateway captured it',
      'command: it came back',
      'answer: timeout: no answer',
      'answer: the gateway refunded it',
    ]);
  });

  it('say who told, why, and what the gateway answered', async () => {
    const history = new PaymentHistory().start('attempt').unknown(undefined, 'interrupted');
    history.notFound();
    const operation = `${history.id}-1`;
    const decline = { code: 'other', pgCode: 'E1', pgMessage: 'no such card', retryable: false };
    const failed = { operation, failure: 'declined', decline } as const;
    const told = { by: 'operator', reason: 'they wrote to us', answer: '{"card":"****"}' } as const;
    history.add({ type: 'AttemptDeclined', data: { ...failed, ...told } }, { actor: 'ann' });
    const queries = queriesOn(logOf(history));
    const { items } = await queries.paymentHistory(history.id, { limit: 9 });
    expect(items.slice(2).map(({ by, why, actor }) => [by, why, actor])).to.deep.equal([
      ['clock', 'interrupted: no answer', 'anonymous'],
      ['inquiry', 'the gateway does not know it, and is to be asked again', 'anonymous'],
      ['operator', 'they wrote to us', 'ann'],
    ]);
    expect(items.at(-1)).to.include({ operation, answer: '{"card":"****"}' });
  });

  it('refuse the cursor of another payment', async () => {
    const [one, other] = [threeDays(), new PaymentHistory({ number: 2 })];
    const queries = queriesOn(logOf(one, other));
    const cursor = (await queries.paymentHistory(one.id, { limit: 1 })).nextCursor ?? '';
    const error = await rejection(queries.paymentHistory(other.id, { limit: 1, cursor }));
    expect(error).to.include({ code: 'VALIDATION_FAILED', field: 'cursor' });
  });
});

async function answered(queries: Queries, id: string, query: PaymentQuery): Promise<PaymentStream> {
  try {
    return (await queries.payment(id, query)).payment;
  } catch (error) {
    expect(error).to.include({ code: 'NOT_FOUND' });
    return NO_PAYMENT;
  }
}

async function allPages<Item>(
  ask: (page: PageQuery) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page<Item> = await ask(cursor === '' ? { limit: 3 } : { limit: 3, cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

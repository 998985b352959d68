import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { at, send, serveRoutes, type TestServer } from '../../shared/testing/http.js';
import { MemoryLog } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import {
  doubtRow,
  doubtsTable,
  doubtTotalRow,
  doubtTotalsTable,
  paymentRow,
  PAYMENTS_VIEW,
  paymentsTable,
} from '../../shared/views/payments.js';
import { openQueries } from '../queries/open.js';
import { payment as paymentSchema } from '../../shared/http/payment.js';
import * as schemas from './payment-schemas.js';
import { queryRoutes } from './routes.js';

const BEGAN = Date.parse('2026-03-02T01:00:00Z');
const NOW = BEGAN + 3_600_000;

/** Authorised, captured in part; a refund of which nobody knows the outcome. */
function story(): PaymentHistory {
  const history = new PaymentHistory({ at: BEGAN, sellerId: 'seller-7' });
  history.start('attempt').done().start('capture', 30_000n).done();
  return history.start('refund', 10_000n).unknown();
}

describe('payments over HTTP', () => {
  const history = story();
  let server: TestServer;

  beforeEach(async () => {
    const log = new MemoryLog();
    recordPayments(log, [history]);
    const views = new MemoryViewStore();
    const { payment } = history;
    const row = { createdPosition: 1n, createdDay: 20_514n, payment };
    const doubts = payment.operations.filter(({ status }) => status === 'unknown');
    const total = { currency: 'KRW', amount: 10_000n, count: 1n };
    await views.commit(PAYMENTS_VIEW, {
      after: 0n,
      upTo: 3n,
      puts: [
        { table: paymentsTable, rows: [paymentRow(row)] },
        { table: doubtsTable, rows: doubts.map((one) => doubtRow(row, one, true)) },
        { table: doubtTotalsTable, rows: [doubtTotalRow(total)] },
      ],
    });
    server = await serveRoutes(queryRoutes(openQueries({ views, log, clock: () => NOW })));
  });

  afterEach(() => server.stop());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    send(`${server.url}/v1/payments${path}`, { headers });

  it('answers a payment with its revision as ETag and what it is as of', async () => {
    const { status, json, headers } = await get(`/${history.id}`);
    expect(status).to.equal(200);
    expect(headers.get('ETag')).to.equal('"v6"');
    expect(headers.get('X-Position')).to.equal('7');
    const data = schemas.paymentAnswer.parse(at(json, 'data'));
    expect(data.asOf).to.deep.equal({ effective: null, known: null, position: '7' });
    expect(data.status).to.equal('PARTIALLY_CAPTURED');
    expect(data.amounts).to.include({
      captured: '30000',
      refundPending: '10000',
      inDoubt: '10000',
    });
    expect(data.refundable).to.equal('20000');
  });

  it('answers a payment as it was, at a revision or as of both times', async () => {
    const second = await get(`/${history.id}?sequence=2`);
    expect(second.headers.get('ETag')).to.equal('"v2"');
    expect(at(second.json, 'data', 'status')).to.equal('AUTHORIZED');
    const first = await get(`/${history.id}?sequence=0`);
    expect(at(first.json, 'data', 'status')).to.equal('AUTHORIZING');
    const known = '2026-03-02T10:00:03%2B09:00';
    const then = await get(`/${history.id}?effective=2026-03-02&known=${known}`);
    expect(at(then.json, 'data', 'asOf')).to.deep.equal({
      effective: '2026-03-02',
      known: '2026-03-02T01:00:03.000Z',
      position: '4',
    });
    expect(at(then.json, 'data', 'captures', 0, 'status')).to.equal('REQUESTED');
  });

  it('reads a payment from the log, which is not behind when the views are', async () => {
    const { status } = await get(`/${history.id}`, { 'X-Min-Position': '7' });
    expect(status).to.equal(200);
  });

  const refused: readonly [path: string, status: number, field: string][] = [
    [`/${history.id}?sequence=7`, 400, 'sequence'],
    [`/${history.id}?sequence=-1`, 400, 'sequence'],
    [`/${history.id}?sequence=1&effective=2026-03-02`, 400, 'sequence'],
    [`/${history.id}?known=2026-03-02T02:00:01Z`, 400, 'known'],
    [`/${history.id}?known=position:8`, 400, 'known'],
    [`/${history.id}?asOf=now`, 400, 'asOf'],
    [`/${history.id}?effective=2026-03-01`, 404, 'id'],
    ['/00000000-0000-4000-8000-00000000dead', 404, 'id'],
    ['/a%20b', 400, 'id'],
    [`/${'x'.repeat(65)}`, 400, 'id'],
    ['/nobody/events', 404, 'id'],
    ['/nobody/entries', 404, 'id'],
    ['/nobody/history', 404, 'id'],
    [`/${history.id}/history?cursor=abc`, 400, 'cursor'],
    ['?status=LOST', 400, 'status'],
    ['?sellerId=a:b', 400, 'sellerId'],
    ['?from=2026-02-30', 400, 'from'],
    ['?cursor=abc', 400, 'cursor'],
    ['?limit=501', 400, 'limit'],
    ['/in-doubt?limit=0', 400, 'limit'],
    ['/in-doubt?status=CAPTURED', 400, 'status'],
  ];
  for (const [path, status, field] of refused) {
    it(`refuses ${path} with ${status}`, async () => {
      const answer = await get(path);
      expect(answer.status).to.equal(status);
      expect(at(answer.json, 'errors', 0, 'field')).to.equal(field);
    });
  }

  it('lists payments as they are sent elsewhere', async () => {
    const { json } = await get('?sellerId=seller-7&status=PARTIALLY_CAPTURED&from=2026-03-02');
    const { items, nextCursor } = schemas.paymentsAnswer.parse(at(json, 'data'));
    expect(items.map((item) => paymentSchema.parse(item).id)).to.deep.equal([history.id]);
    expect(nextCursor).to.equal(null);
    const none = await get('?sellerId=seller-7&status=CAPTURED');
    expect(at(none.json, 'data', 'items')).to.have.length(0);
  });

  it('lists what is in doubt, which is not taken for the id of a payment', async () => {
    const { json } = await get('/in-doubt');
    const { items, totals } = schemas.inDoubtAnswer.parse(at(json, 'data'));
    expect(totals).to.deep.equal([{ currency: 'KRW', amount: '10000', count: '1' }]);
    expect(items).to.have.length(1);
    expect(items[0]).to.deep.include({
      paymentId: history.id,
      orderId: 'order-1',
      sellerId: 'seller-7',
      gateway: 'simulator',
      kind: 'refund',
      amount: '10000',
      reason: 'timeout',
      since: '2026-03-02T01:00:06.000Z',
      ageSeconds: 3_594,
      notFoundOnce: false,
    });
  });

  it('answers the events and the entries in the shapes of the stream and of the journal', async () => {
    const events = await get(`/${history.id}/events?limit=2`);
    expect(at(events.json, 'data', 'nextCursor')).to.equal('2');
    const next = await get(`/${history.id}/events?limit=1&cursor=2`);
    expect(at(next.json, 'data', 'items', 0)).to.include({ type: 'PaymentAuthorized' });
    const entries = await get(`/${history.id}/entries`);
    expect(at(entries.json, 'data', 'items')).to.have.length(3);
    expect(at(entries.json, 'data', 'items', 1, 'legs')).to.have.length(4);
    expect(entries.headers.get('X-Position')).to.equal('7');
  });

  it('tells the history: who, when, why, before and after', async () => {
    const { json } = await get(`/${history.id}/history`);
    const { items } = schemas.historyAnswer.parse(at(json, 'data'));
    expect(items).to.have.length(7);
    expect(items[0]?.before).to.equal(null);
    expect(items[4]).to.deep.include({
      type: 'PaymentCaptured',
      actor: 'anonymous',
      by: 'answer',
      recordedAt: '2026-03-02T01:00:04.000Z',
      correlationId: 'request-1',
    });
    expect(items[4]?.before?.status).to.equal('AUTHORIZED');
    expect(items[4]?.after.status).to.equal('PARTIALLY_CAPTURED');
    expect(items[4]?.after.amounts.captured).to.equal('30000');
  });
});

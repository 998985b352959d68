import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { at, send, serveRoutes, type TestServer } from '../../shared/testing/http.js';
import { FakePayments } from '../testing/fake-payments.js';
import { paymentRoutes } from './payment-routes.js';

const ORDER = {
  orderId: 'order-1001',
  sellerId: 'seller-7',
  amount: '50000',
  currency: 'KRW',
  method: { type: 'card', token: 'tok_ok' },
};
const KEY = { 'Idempotency-Key': 'order-1001' };

describe('the seed aliases of payments', () => {
  let payments: FakePayments;
  let server: TestServer;

  beforeEach(async () => {
    payments = new FakePayments();
    server = await serveRoutes(paymentRoutes(payments, () => 'never asked'));
  });

  afterEach(() => server.stop());

  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = KEY) =>
    send(`${server.url}${path}`, { body, headers });

  it('authorise with 200 REQUESTED, in the envelope of the seed', async () => {
    const answer = await post('/payments/authorize', ORDER);
    expect(answer.status).to.equal(200);
    expect(answer.json).to.have.all.keys('code', 'message', 'data');
    const data = at(answer.json, 'data');
    expect(data).to.include({
      orderId: 'order-1001',
      status: 'REQUESTED',
      amount: '50000',
      currency: 'KRW',
      position: '90',
    });
    expect(at(data, 'paymentId')).to.equal(at(data, 'id'));
    expect(at(data, 'amounts')).to.include({ authorized: '50000' });
    expect(answer.headers.get('X-Position')).to.equal('90');
    expect(answer.headers.get('ETag')).to.equal('"v3"');
  });

  const statuses: readonly [path: string, body: object, status: string][] = [
    ['/payments/authorize', { ...ORDER, capture: 'auto' }, 'COMPLETED'],
    ['/payments/capture/p-1', {}, 'COMPLETED'],
    ['/payments/capture/p-1', { amount: '20000' }, 'COMPLETED'],
    ['/payments/refund/p-1', { amount: '20000', reason: 'came back' }, 'COMPLETED'],
    ['/payments/refund/p-1', {}, 'REFUNDED'],
  ];
  for (const [path, body, status] of statuses) {
    it(`${path} ${JSON.stringify(body)} is ${status}`, async () => {
      const answer = await post(path, body);
      expect(answer.status).to.equal(200);
      expect(at(answer.json, 'data')).to.include({ status, amount: '50000' });
    });
  }

  it('are their namesakes: the same key is the same command', async () => {
    const pairs: readonly [alias: string, path: string, body: object, same: object][] = [
      ['/payments/authorize', '/v1/payments', ORDER, ORDER],
      ['/payments/capture/p-1', '/v1/payments/p-1/captures', {}, {}],
      ['/payments/refund/p-1', '/v1/payments/p-1/refunds', {}, { reason: 'refund' }],
    ];
    for (const [alias, path, body, same] of pairs) {
      await post(alias, body);
      await post(path, same);
      const asked = payments.asked.splice(0).map((one) => JSON.stringify(one, withoutTrace));
      expect(asked).to.have.length(2);
      expect(asked[0]).to.include('commandId');
      expect(asked[0]).to.equal(asked[1]);
    }
  });

  for (const [path, body] of [
    ['/payments/authorize', ORDER],
    ['/payments/capture/p-1', {}],
    ['/payments/refund/p-1', {}],
  ] as const) {
    it(`${path} answers as its namesake where it is no success`, async () => {
      expect((await post(path, body, {})).json).to.include({ code: 'IDEMPOTENCY_KEY_REQUIRED' });
      payments.next = 'in-doubt';
      const unknown = await post(path, body);
      expect(unknown.status).to.equal(202);
      const place = unknown.headers.get('Location')?.replace('/v1/payments/', '');
      expect(place).to.equal(at(unknown.json, 'data', 'paymentId'));
      payments.next = 'declined';
      payments.replayed = true;
      const declined = await post(path, body);
      expect(declined.status).to.equal(402);
      expect(declined.headers.get('Idempotent-Replayed')).to.equal('true');
      payments.next = 'ILLEGAL_STATE';
      expect((await post(path, body)).status).to.equal(409);
      const old = await post(path, body, { ...KEY, 'If-Match': '"v1"' });
      expect(old.status).to.equal(412);
    });
  }

  it('need not make the caller wait either', async () => {
    payments.next = 'in-doubt';
    const answer = await post('/payments/authorize', ORDER, { ...KEY, Prefer: 'respond-async' });
    expect(answer.status).to.equal(202);
    expect(at(answer.json, 'data')).to.include({ status: 'REQUESTED' });
    expect(answer.headers.get('Preference-Applied')).to.equal('respond-async');
  });
});

/** What was asked, as a text, but not under which trace. */
function withoutTrace(name: string, value: unknown): unknown {
  if (name === 'correlationId' || name === 'traceparent') return undefined;
  return typeof value === 'bigint' ? value.toString() : value;
}

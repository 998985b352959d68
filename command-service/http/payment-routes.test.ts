import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { COMMAND_BYTES } from '../../shared/http/route.js';
import { STATUS_OF, type Code } from '../../shared/http/statuses.js';
import { StorageFull, StoreUnavailable } from '../../shared/ports/event-store.js';
import {
  at,
  send,
  serveRoutes,
  type TestAnswer,
  type TestServer,
} from '../../shared/testing/http.js';
import type { RefusalCode } from '../domain/refusal.js';
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
const FRESH = '0b6d6e3c-5a5f-4d9a-8e4d-736761650001';

/** The routes of one payment, each with a body and the status of its success. */
const ON_PAYMENT: readonly [what: string, body: object, status: number][] = [
  ['captures', { amount: '20000' }, 201],
  ['refunds', { amount: 5000, reason: 'came back' }, 201],
  ['void', { reason: 'changed their mind' }, 200],
  ['resolution', { operation: 'c-1', outcome: 'done', reason: 'on the statement' }, 200],
];

describe('payments over HTTP', () => {
  let payments: FakePayments;
  let server: TestServer;

  beforeEach(async () => {
    payments = new FakePayments();
    server = await serveRoutes(paymentRoutes(payments, () => FRESH));
  });

  afterEach(() => server.stop());

  const post = (
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = KEY,
  ): Promise<TestAnswer> => send(`${server.url}/v1/payments${path}`, { body, headers });

  describe('POST /v1/payments', () => {
    it('answers 201 with the payment, its place and what was asked of the gateway', async () => {
      const answer = await post('', ORDER);
      expect(answer.status).to.equal(201);
      expect(answer.json).to.include({ code: 'SUCCESS', message: 'payment authorised' });
      expect(at(answer.json, 'data', 'operation')).to.match(/^[0-9a-f-]{36}-1$/);
      expect(at(answer.json, 'data')).to.include({
        orderId: 'order-1001',
        status: 'AUTHORIZED',
        capture: 'manual',
        revision: '3',
        position: '90',
      });
      expect(at(answer.json, 'data', 'amounts')).to.include({ authorized: '50000', captured: '0' });
      expect(answer.headers.get('X-Position')).to.equal('90');
      expect(answer.headers.get('ETag')).to.equal('"v3"');
      for (const name of ['Idempotent-Replayed', 'Location', 'Preference-Applied']) {
        expect(answer.headers.has(name), name).to.equal(false);
      }
    });

    it('says captured where it was', async () => {
      const answer = await post('', { ...ORDER, capture: 'auto' });
      expect(answer.json).to.include({ message: 'payment captured' });
      expect(at(answer.json, 'data')).to.include({ status: 'CAPTURED' });
    });

    it('passes on what was sent, amounts as bigint', async () => {
      const more = { capture: 'manual', description: 'shoes', metadata: { shop: '7' } };
      await post('', { ...ORDER, amount: 9_007_199_254_740_991, ...more });
      expect(payments.asked).to.have.nested.property('[0][0].amount', 9007199254740991n);
      expect(payments.asked).to.have.nested.property('[0][0]').that.deep.includes(more);
      expect(payments.asked).not.to.have.nested.property('[0][0].respondAsync');
      expect(payments.asked).to.have.nested.property('[0][1].actor', 'anonymous');
    });

    it('gives a payment its id by the key', async () => {
      const idOf = async (key: string) =>
        at((await post('', ORDER, { 'Idempotency-Key': key })).json, 'data', 'id');
      const id = await idOf('k1');
      expect(await idOf('"k1"')).to.equal(id);
      expect(await idOf('k2')).not.to.equal(id);
    });

    it('answers 202 in doubt, and where to look', async () => {
      payments.next = 'in-doubt';
      const answer = await post('', ORDER);
      expect(answer.status).to.equal(202);
      const place = answer.headers.get('Location')?.replace('/v1/payments/', '');
      expect(place).to.equal(at(answer.json, 'data', 'id'));
      expect(at(answer.json, 'data')).to.include({ status: 'AUTHORIZING' });
      expect(at(answer.json, 'data', 'amounts')).to.include({ inDoubt: '50000' });
      expect(answer.headers.has('Preference-Applied')).to.equal(false);
    });

    it('does not make the caller wait who prefers so', async () => {
      payments.next = 'in-doubt';
      for (const prefer of ['respond-async', 'wait=10, Respond-Async; x=1']) {
        const answer = await post('', ORDER, { ...KEY, Prefer: prefer });
        expect(answer.status).to.equal(202);
        expect(answer.headers.get('Preference-Applied')).to.equal('respond-async');
        expect(payments.asked.pop()).to.have.nested.property('[0].respondAsync', true);
      }
      for (const prefer of ['wait=10', 'respond-asynchronously', 'not-respond-async']) {
        const answer = await post('', ORDER, { ...KEY, Prefer: prefer });
        expect(answer.headers.has('Preference-Applied'), prefer).to.equal(false);
        expect(payments.asked.pop()).not.to.have.nested.property('[0].respondAsync');
      }
    });

    it('does not claim to have heeded it where the outcome was known', async () => {
      const answer = await post('', ORDER, { ...KEY, Prefer: 'respond-async' });
      expect(answer.status).to.equal(201);
      expect(answer.headers.has('Preference-Applied')).to.equal(false);
    });

    it('answers 402 to a decline, naming the payment and the reason but no token', async () => {
      payments.next = 'declined';
      const answer = await post('', { ...ORDER, method: { type: 'card', token: 'tok_declined' } });
      expect(answer.status).to.equal(402);
      expect(answer.json).to.include({
        code: 'PAYMENT_DECLINED',
        message: 'the gateway declined: insufficient_funds',
      });
      const errors = at(answer.json, 'errors');
      expect(at(errors, 0)).to.include({ field: 'id', reason: 'the payment is DECLINED' });
      expect(at(errors, 0, 'value')).to.match(/^[0-9a-f-]{36}$/);
      expect(at(errors, 1)).to.deep.equal({
        field: 'decline.code',
        value: 'insufficient_funds',
        reason: 'REJECT_CARD_PAYMENT: limit of the card exceeded',
      });
      expect(at(errors, 2)).to.include({ field: 'decline.retryable', value: 'true' });
      expect(answer.text).not.to.include('tok_declined');
      expect(answer.headers.get('X-Position')).to.equal('90');
      expect(answer.headers.get('ETag')).to.equal('"v3"');
    });

    it('refuses If-Match, since a new payment has no revision', async () => {
      const answer = await post('', ORDER, { ...KEY, 'If-Match': '*' });
      expect(answer.status).to.equal(412);
      expect(payments.asked).to.have.length(0);
    });
  });

  describe('the routes of one payment', () => {
    for (const [what, body, status] of ON_PAYMENT) {
      it(`/${what} answers ${status}`, async () => {
        const answer = await post(`/p-1/${what}`, body);
        expect(answer.status).to.equal(status);
        expect(answer.headers.get('X-Position')).to.equal('90');
        expect(answer.headers.get('ETag')).to.equal('"v3"');
        expect(at(answer.json, 'data')).to.include({ id: 'p-1', position: '90', revision: '3' });
        expect(at(answer.json, 'data', 'operation')).to.be.a('string');
        expect(payments.asked).to.have.nested.property('[0][0].paymentId', 'p-1');
      });

      it(`/${what} answers 202 in doubt, and where to look`, async () => {
        payments.next = 'in-doubt';
        const answer = await post(`/p-1/${what}`, body);
        expect(answer.status).to.equal(202);
        expect(answer.headers.get('Location')).to.equal('/v1/payments/p-1');
      });

      it(`/${what} wants a key, and makes another command of another payment`, async () => {
        const keyless = await post(`/p-1/${what}`, body, {});
        expect(keyless.json).to.include({ code: 'IDEMPOTENCY_KEY_REQUIRED' });
        expect(payments.asked).to.have.length(0);
        const idOf = async (payment: string) => {
          await post(`/${payment}/${what}`, body);
          return /"commandId":"[^"]+"/.exec(JSON.stringify(payments.asked.pop(), asText))?.[0];
        };
        const first = await idOf('p-1');
        expect(first).to.include('commandId');
        expect(await idOf('p-1')).to.equal(first);
        expect(await idOf('p-2')).not.to.equal(first);
      });

      it(`/${what} heeds If-Match`, async () => {
        for (const condition of ['"v2"', 'v3', 'W/"v3"', '']) {
          const answer = await post(`/p-1/${what}`, body, { ...KEY, 'If-Match': condition });
          expect(answer.status, condition).to.equal(412);
          expect(answer.json).to.include({ code: 'REVISION_MISMATCH' });
          expect(at(answer.json, 'errors', 0)).to.include({ field: 'If-Match', value: condition });
          expect(at(answer.json, 'errors', 0, 'reason')).to.include('"v3"');
        }
        for (const condition of ['"v3"', '*', '"v2", "v3"']) {
          const answer = await post(`/p-1/${what}`, body, { ...KEY, 'If-Match': condition });
          expect(answer.status, condition).to.equal(status);
        }
      });
    }

    const declines: readonly [what: string, code: string][] = [
      ['captures', 'CAPTURE_DECLINED'],
      ['refunds', 'REFUND_DECLINED'],
      ['void', 'VOID_DECLINED'],
    ];
    for (const [what, code] of declines) {
      const body = what === 'refunds' ? { reason: 'x' } : {};
      it(`/${what} answers 402 ${code}`, async () => {
        payments.next = 'declined';
        const answer = await post(`/p-1/${what}`, body);
        expect(answer.status).to.equal(402);
        expect(answer.json).to.include({ code });
        expect(at(answer.json, 'errors', 0)).to.include({ field: 'id', value: 'p-1' });
      });

      it(`/${what} answers 502 where the gateway does not take the request`, async () => {
        payments.next = 'gateway-refuses';
        const answer = await post(`/p-1/${what}`, body);
        expect(answer.status).to.equal(502);
        expect(answer.json).to.include({ code: 'GATEWAY_REFUSED' });
        expect(at(answer.json, 'errors', 1)).to.include({ field: 'decline.code' });
      });
    }

    it('tells of the capture and of the refund', async () => {
      const captured = await post('/p-1/captures', { amount: '20000' });
      const capture = at(captured.json, 'data', 'captureOperation');
      expect(capture).to.include({ amount: '20000', status: 'SUCCEEDED' });
      expect(at(capture, 'id')).to.equal(at(captured.json, 'data', 'operation'));
      expect(at(captured.json, 'data')).to.include({ capture: 'manual' });
      payments.next = 'in-doubt';
      const refunded = await post('/p-1/refunds', { amount: '5000', reason: 'came back' });
      const refund = at(refunded.json, 'data', 'refund');
      expect(refund).to.include({ amount: '5000', status: 'UNKNOWN' });
      expect(at(refund, 'id')).to.equal(at(refunded.json, 'data', 'operation'));
    });

    it('takes all that is left where no amount is given', async () => {
      for (const what of ['captures', 'void']) {
        const bare = { method: 'POST', headers: KEY };
        const answer = await send(`${server.url}/v1/payments/p-1/${what}`, bare);
        expect(answer.status).to.be.oneOf([200, 201]);
      }
      expect(payments.asked).not.to.have.nested.property('[0][0].amount');
    });
  });

  describe('money in doubt', () => {
    it('passes on what a person says', async () => {
      const said = { operation: 'p-1-1', outcome: 'failed', reason: 'not there', gatewayId: 'g-9' };
      await post('/p-1/resolution', said);
      expect(payments.asked).to.have.nested.property('[0][0]').that.deep.includes(said);
    });

    it('asks the gateway now, without a key', async () => {
      expect((await post('/p-1/inquiry', {}, {})).status).to.equal(200);
      expect(payments.asked)
        .to.have.nested.property('[0][0]')
        .that.deep.equals({ paymentId: 'p-1' });
      payments.next = 'in-doubt';
      const still = await post('/p-1/inquiry', {}, {});
      expect(still.status).to.equal(202);
      expect(still.headers.get('Location')).to.equal('/v1/payments/p-1');
      expect((await post('/p-1/inquiry', {}, { 'If-Match': '*' })).status).to.equal(412);
    });

    it('is no failure of the question where the gateway had declined', async () => {
      payments.next = 'declined';
      expect((await post('/p-1/inquiry', {}, {})).status).to.equal(200);
      const said = { operation: 'c-1', outcome: 'failed', reason: 'not on the statement' };
      expect((await post('/p-1/resolution', said)).status).to.equal(200);
    });
  });

  it('makes an Idempotency-Key', async () => {
    const answer = await send(`${server.url}/v1/idempotency-keys`, { body: {} });
    expect(answer.status).to.equal(201);
    expect(at(answer.json, 'data')).to.deep.equal({ key: FRESH });
    const wrong = await send(`${server.url}/v1/idempotency-keys`, { body: { n: 2 } });
    expect(wrong.status).to.equal(400);
  });

  describe('a repeated request', () => {
    const outcomes = [
      ['done', 201],
      ['in-doubt', 202],
      ['declined', 402],
      ['gateway-refuses', 502],
    ] as const;
    for (const [outcome, status] of outcomes) {
      it(`has the same answer, and says so: ${status}`, async () => {
        payments.next = outcome;
        const first = await post('', ORDER);
        payments.replayed = true;
        const again = await post('', ORDER);
        expect(first.status).to.equal(status);
        expect(first.headers.has('Idempotent-Replayed')).to.equal(false);
        expect(again.status).to.equal(status);
        expect(again.headers.get('Idempotent-Replayed')).to.equal('true');
        expect(again.json).to.deep.equal(first.json);
        expect(again.headers.get('Location')).to.equal(first.headers.get('Location'));
      });
    }
  });

  describe('what the command side refuses', () => {
    const codes: readonly RefusalCode[] = [
      'ZERO_AMOUNT',
      'CURRENCY_UNKNOWN',
      'CAPTURE_EXCEEDS_AUTHORIZED',
      'REFUND_EXCEEDS_CAPTURED',
      'ILLEGAL_STATE',
      'DUPLICATE_REQUEST',
      'CAPTURE_MODE_UNSUPPORTED',
      'TOO_MANY_OPERATIONS',
      'NOT_FOUND',
      'IDEMPOTENCY_KEY_REUSED',
      'REQUEST_IN_PROGRESS',
      'CONTENTION',
      'GATEWAY_UNAVAILABLE',
    ];
    for (const code of codes) {
      const known: Code = code;
      it(`${code} is ${STATUS_OF[known]}`, async () => {
        payments.next = code;
        for (const [path, body] of [
          ['', ORDER],
          ['/p-1/captures', {}],
        ] as const) {
          const answer = await post(path, body);
          expect(answer.status).to.equal(STATUS_OF[known]);
          expect(answer.json).to.deep.equal({
            code,
            message: `refused: ${code}`,
            errors: [{ field: 'id', value: 'p-1', reason: `because ${code}` }],
          });
        }
      });
    }

    it('says when the gateway may be asked again', async () => {
      payments.next = 'GATEWAY_UNAVAILABLE';
      const after = async () => (await post('', ORDER)).headers.get('Retry-After');
      expect(await after()).to.equal('5');
      for (const [seconds, sent] of [
        [29.2, '30'],
        [12, '12'],
        [0, '1'],
      ] as const) {
        payments.retryAfterSeconds = seconds;
        expect(await after()).to.equal(sent);
      }
    });

    for (const fault of [new StorageFull('/srv/secret'), new StoreUnavailable('/srv/secret')]) {
      it(`tells nothing of the inside of ${fault.name}`, async () => {
        payments.next = fault;
        const answer = await post('', ORDER);
        expect(answer.status).to.be.oneOf([503, 507]);
        expect(answer.text).not.to.include('secret');
      });
    }
  });

  it('refuses a body above 256 KiB', async () => {
    const answer = await post('', { ...ORDER, description: 'x'.repeat(COMMAND_BYTES) });
    expect(answer.status).to.equal(413);
    expect(payments.asked).to.have.length(0);
  });

  it('is served to those who have a key, where keys are asked for', async () => {
    const apiKeys = [{ name: 'shop', sha256: Buffer.alloc(32) }];
    const guarded = await serveRoutes(
      paymentRoutes(payments, () => FRESH),
      { apiKeys },
    );
    try {
      const url = `${guarded.url}/v1/payments`;
      expect((await send(url, { body: ORDER, headers: KEY })).status).to.equal(401);
      expect(payments.asked).to.have.length(0);
    } finally {
      await guarded.stop();
    }
  });
});

function asText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

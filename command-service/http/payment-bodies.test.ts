import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  at,
  send,
  serveRoutes,
  type TestAnswer,
  type TestServer,
} from '../../shared/testing/http.js';
import { FakePayments } from '../testing/fake-payments.js';
import { paymentRoutes } from './payment-routes.js';

const METHOD = { type: 'card', token: 'tok_ok' };
const ORDER = {
  orderId: 'order-1001',
  sellerId: 'seller-7',
  amount: '50000',
  currency: 'KRW',
  method: METHOD,
};
const RESOLUTION = { operation: 'c-1', outcome: 'done', reason: 'on the statement' };
const KEY = { 'Idempotency-Key': 'order-1001' };
const CARD = '4111111111111111';

describe('the bodies of payments', () => {
  let payments: FakePayments;
  let server: TestServer;

  beforeEach(async () => {
    payments = new FakePayments();
    server = await serveRoutes(paymentRoutes(payments, () => 'never asked'));
  });

  afterEach(() => server.stop());

  const post = (path: string, body: unknown): Promise<TestAnswer> =>
    send(`${server.url}${path}`, { body, headers: KEY });

  /** Expects that this field was refused, and that nobody was asked to do anything. */
  const expectWrong = (answer: TestAnswer, field: string): void => {
    expect(answer.json).to.include({ code: 'VALIDATION_FAILED' });
    expect(answer.status).to.equal(400);
    expect(at(answer.json, 'errors', 0, 'field')).to.equal(field);
    expect(payments.asked, 'asked').to.have.length(0);
  };

  const amounts = ['10.5', '1e3', '-5', '007', '0x1', '', ' 5', '9223372036854775808'];
  for (const amount of [...amounts, 10.5, -5, 2 ** 53, true, null, ['5'], { value: '5' }]) {
    it(`do not have the amount ${JSON.stringify(amount)}`, async () => {
      expectWrong(await post('/v1/payments', { ...ORDER, amount }), 'amount');
      expectWrong(await post('/v1/payments/p-1/captures', { amount }), 'amount');
      expectWrong(await post('/v1/payments/p-1/refunds', { amount, reason: 'x' }), 'amount');
      expectWrong(await post('/payments/capture/p-1', { amount }), 'amount');
    });
  }

  it('leave 0 and unknown currencies to the command side, which names the rule', async () => {
    payments.next = 'ZERO_AMOUNT';
    expect((await post('/v1/payments', { ...ORDER, amount: '0' })).status).to.equal(422);
    expect((await post('/v1/payments/p-1/captures', { amount: 0 })).status).to.equal(422);
    payments.next = 'CURRENCY_UNKNOWN';
    expect((await post('/v1/payments', { ...ORDER, currency: 'XXX' })).status).to.equal(422);
  });

  const method = (more: object) => ({ ...ORDER, method: { ...METHOD, ...more } });
  const begun: readonly [title: string, field: string, body: unknown][] = [
    ['without an order', 'orderId', { ...ORDER, orderId: undefined }],
    ['with an empty order', 'orderId', { ...ORDER, orderId: '' }],
    ['with a blank in the order', 'orderId', { ...ORDER, orderId: 'a b' }],
    ['with an order too long', 'orderId', { ...ORDER, orderId: 'x'.repeat(65) }],
    ['with an order that is a number', 'orderId', { ...ORDER, orderId: 1001 }],
    ['with a colon in the seller', 'sellerId', { ...ORDER, sellerId: 'a:b' }],
    ['with a seller too long', 'sellerId', { ...ORDER, sellerId: 'x'.repeat(65) }],
    ['with a currency in small letters', 'currency', { ...ORDER, currency: 'krw' }],
    ['without a method', 'method', { ...ORDER, method: undefined }],
    ['with a method that is a text', 'method', { ...ORDER, method: 'tok_ok' }],
    ['with another type of method', 'method.type', method({ type: 'points' })],
    ['without a token', 'method.token', method({ token: undefined })],
    ['with an empty token', 'method.token', method({ token: '' })],
    ['with a token too long', 'method.token', method({ token: 'x'.repeat(201) })],
    ['with a token that is no ASCII', 'method.token', method({ token: 'tök' })],
    ['with a token in quotes', 'method.token', method({ token: '"tok"' })],
    ['with a capture that is none', 'capture', { ...ORDER, capture: 'later' }],
    ['with a control character', 'description', { ...ORDER, description: 'a\u0000b' }],
    ['with a description too long', 'description', { ...ORDER, description: 'x'.repeat(501) }],
    ['with metadata that is no text', 'metadata.a', { ...ORDER, metadata: { a: 1 } }],
    ['with an unknown field', 'customer', { ...ORDER, customer: 'ann' }],
    ['that are lists', 'body', [ORDER]],
  ];
  for (const [title, field, body] of begun) {
    it(`are refused ${title}`, async () => {
      expectWrong(await post('/v1/payments', body), field);
      expectWrong(await post('/payments/authorize', body), field);
    });
  }

  const others: readonly [path: string, field: string, body: unknown][] = [
    ['/v1/payments/p-1/captures', 'note', { note: 'x' }],
    ['/v1/payments/p-1/void', 'amount', { amount: '5' }],
    ['/v1/payments/p-1/void', 'reason', { reason: '' }],
    ['/v1/payments/p-1/refunds', 'reason', {}],
    ['/v1/payments/p-1/refunds', 'reason', { reason: 'x'.repeat(501) }],
    ['/v1/payments/p-1/resolution', 'outcome', { ...RESOLUTION, outcome: 'maybe' }],
    ['/v1/payments/p-1/resolution', 'operation', { ...RESOLUTION, operation: 'a b' }],
    ['/v1/payments/p-1/resolution', 'reason', { operation: 'c-1', outcome: 'done' }],
    ['/v1/payments/p-1/resolution', 'gatewayId', { ...RESOLUTION, gatewayId: '' }],
    ['/v1/payments/p-1/inquiry', 'operation', { operation: 'c-1' }],
    ['/v1/payments/p%201/captures', 'id', {}],
    [`/v1/payments/${'x'.repeat(65)}/captures`, 'id', {}],
    ['/payments/capture/p%201', 'paymentId', {}],
    ['/payments/refund/p-1', 'reason', { reason: '' }],
    ['/v1/payments/p-1/captures?dry=1', 'dry', {}],
  ];
  for (const [path, field, body] of others) {
    it(`are refused: ${path} ${field}`, async () => {
      expectWrong(await post(path, body), field);
    });
  }

  describe('hold no card', () => {
    const spelled = [CARD, '4111 1111 1111 1111', '4111-1111-1111-1111', '4111.1111.1111.1111'];
    const places: readonly ((number: string) => readonly [field: string, body: object])[] = [
      (number) => ['method.token', method({ token: number })],
      (number) => ['orderId', { ...ORDER, orderId: number }],
      (number) => ['sellerId', { ...ORDER, sellerId: number }],
    ];
    for (const number of spelled) {
      it(`as ${number}, in no id`, async () => {
        for (const place of places) {
          const [field, body] = place(number);
          const answer = await post('/v1/payments', body);
          expectWrong(answer, field);
          expect(at(answer.json, 'errors', 0, 'value')).to.equal('');
          expect(answer.text).not.to.match(/4111[ .-]?1111/);
        }
      });
    }

    it('in no text, label or longer id either', async () => {
      const wrong: readonly [path: string, body: object][] = [
        ['/v1/payments', { ...ORDER, description: `card ${CARD}` }],
        ['/v1/payments', { ...ORDER, metadata: { card: CARD } }],
        ['/v1/payments', { ...ORDER, metadata: { [CARD]: 'x' } }],
        ['/v1/payments', { ...ORDER, orderId: `card-${CARD}` }],
        ['/v1/payments', method({ token: `tok_${CARD}` })],
        ['/v1/payments/p-1/refunds', { reason: CARD }],
        ['/v1/payments/p-1/void', { reason: CARD }],
        ['/v1/payments/p-1/resolution', { ...RESOLUTION, reason: CARD }],
        ['/v1/payments/p-1/resolution', { ...RESOLUTION, gatewayId: CARD }],
      ];
      for (const [path, body] of wrong) {
        const answer = await post(path, body);
        expect(answer.json).to.include({ code: 'VALIDATION_FAILED' });
        expect(answer.text).not.to.include(CARD);
      }
      expect(payments.asked).to.have.length(0);
    });

    it('in fields that are no fields of ours', async () => {
      const secret = '7319';
      const wrong: readonly [path: string, field: string, body: unknown][] = [
        ['/v1/payments', 'cvv', { ...ORDER, cvv: secret }],
        ['/v1/payments', 'pan', { ...ORDER, pan: CARD }],
        ['/v1/payments', 'method.cvc', method({ cvc: Number(secret) })],
        ['/v1/payments', 'method.number', method({ number: CARD, cvv: secret })],
        ['/v1/payments', 'method.type', method({ type: { cvv: secret, pan: CARD } })],
        ['/v1/payments', 'method', { ...ORDER, method: [{ cvv: secret, pan: CARD }] }],
        ['/v1/payments', 'amount', { ...ORDER, amount: { cvv: secret } }],
        ['/v1/payments', 'body', [{ cvv: secret, pan: CARD }]],
        ['/v1/payments/p-1/captures', 'cvv', { cvv: secret }],
        ['/payments/authorize', 'method.cvv', method({ cvv: secret })],
      ];
      for (const [path, field, body] of wrong) {
        const answer = await post(path, body);
        expectWrong(answer, field);
        expect(answer.text, field).not.to.include(secret);
        expect(answer.text, field).not.to.include(CARD);
      }
    });

    afterEach(() => {
      const logged = server.logged.map((line) => line.replace(/"correlationId":"[^"]*"/, ''));
      expect(logged).not.to.have.length(0);
      expect(logged.join('')).not.to.match(/4111[ .-]?1111|"7319"|tok_/);
    });
  });

  it('may have ids with digits that a card number would have, where they are UUIDs', async () => {
    const orderId = '41111111-1111-4111-8111-111111111111';
    expect((await post('/v1/payments', { ...ORDER, orderId })).status).to.equal(201);
    const token = 'tviva20240605132745Jtkz1';
    expect((await post('/v1/payments', method({ token }))).status).to.equal(201);
    payments.next = 'declined';
    const declined = await post(`/v1/payments/${orderId}/captures`, {});
    expect(at(declined.json, 'errors', 0, 'value')).to.equal(orderId);
  });
});

import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DECLINE_CODES, type PaymentGateway } from '../../ports/payment-gateway.js';
import {
  inquiryOf,
  never,
  said,
  TOSS_KEY,
  TOSS_ORDER,
  tossPayment,
} from '../../testing/toss-samples.js';
import {
  startTossServer,
  TOSS_NOW,
  TOSS_SECRET_KEY,
  tossError,
  type TossServer,
} from '../../testing/toss-server.js';
import { meaningOf, TOSS_CODES } from './error-codes.js';
import { openToss } from './toss.js';

describe('Toss Payments, what it says', () => {
  let server: TossServer;
  let toss: PaymentGateway;

  beforeEach(async () => {
    server = await startTossServer();
    toss = openToss({ url: `${server.url}/`, secretKey: TOSS_SECRET_KEY });
    server.approve(TOSS_KEY, TOSS_ORDER, 15_000);
  });
  afterEach(async () => {
    await toss.close();
    await server.close();
  });

  async function confirmed(): Promise<void> {
    expect(said(await toss.authorize(tossPayment, never()))).to.equal('done 15000 KRW');
  }

  describe('its error codes', () => {
    it('are in the table once each, with neutral codes that exist', () => {
      expect(TOSS_CODES.length).to.be.above(100);
      for (const code of TOSS_CODES) {
        expect(code).to.match(/^[A-Z_]+$/);
        const meaning = meaningOf(code);
        if (meaning?.kind !== 'unknown') expect(DECLINE_CODES).to.include(meaning?.code);
      }
    });

    const errors: readonly [status: number, code: string, expected: string][] = [
      [403, 'REJECT_CARD_COMPANY', 'declined card_declined REJECT_CARD_COMPANY'],
      [403, 'REJECT_CARD_PAYMENT', 'declined insufficient_funds REJECT_CARD_PAYMENT'],
      [400, 'INVALID_CARD_EXPIRATION', 'declined invalid_expiry_date INVALID_CARD_EXPIRATION'],
      [400, 'INVALID_CARD_LOST_OR_STOLEN', 'declined pickup_card INVALID_CARD_LOST_OR_STOLEN'],
      [400, 'DUPLICATED_ORDER_ID', 'refused duplicate_order DUPLICATED_ORDER_ID'],
      [401, 'UNAUTHORIZED_KEY', 'refused config_error UNAUTHORIZED_KEY'],
      [404, 'NOT_FOUND_PAYMENT', 'refused processing_error NOT_FOUND_PAYMENT'],
      [400, 'A_CODE_OF_NEXT_YEAR', 'refused processing_error A_CODE_OF_NEXT_YEAR'],
      [400, 'ALREADY_PROCESSED_PAYMENT', 'unknown unavailable'],
      [400, 'PROVIDER_ERROR', 'unknown unavailable'],
      [409, 'IDEMPOTENT_REQUEST_PROCESSING', 'unknown unavailable'],
      [409, 'A_CODE_OF_NEXT_YEAR', 'unknown unavailable'],
      [429, 'A_CODE_OF_NEXT_YEAR', 'unknown unavailable'],
      [500, 'FAILED_INTERNAL_SYSTEM_PROCESSING', 'unknown unavailable'],
      // An error of the server is no decision, whatever its code.
      [500, 'REJECT_CARD_COMPANY', 'unknown unavailable'],
    ];
    for (const [status, code, expected] of errors) {
      it(`HTTP ${status} ${code}: ${expected}`, async () => {
        server.answerNext(tossError(status, code));
        expect(said(await toss.authorize(tossPayment, never()))).to.equal(expected);
      });
    }

    it('tell whether the same may succeed later, and what Toss said', async () => {
      server.answerNext(tossError(403, 'REJECT_CARD_PAYMENT', '한도초과 4242-4242-4242-4242'));
      const answer = await toss.authorize(tossPayment, never());
      expect(answer.kind === 'declined' ? answer.decline : answer).to.deep.equal({
        code: 'insufficient_funds',
        pgCode: 'REJECT_CARD_PAYMENT',
        pgMessage: '한도초과 ************4242',
        retryable: true,
      });
    });
  });

  describe('inquiry', () => {
    it('asks by our order id and changes nothing', async () => {
      await confirmed();
      const told = await toss.inquire(inquiryOf('authorize'), never());
      expect(said(told)).to.equal('done 15000 KRW');
      expect(server.calls.at(-1)).to.deep.equal({
        method: 'GET',
        path: `/v1/payments/orders/${TOSS_ORDER}`,
        idempotencyKey: undefined,
        body: undefined,
      });
      expect(server.executed()).to.equal(1);
    });

    it('asks by the payment key where the order was paid with another one', async () => {
      await confirmed();
      server.approve('another-key', TOSS_ORDER, 15_000);
      await toss.authorize({ ...tossPayment, reference: 'p-2-1', token: 'another-key' }, never());
      const told = await toss.inquire(inquiryOf('authorize'), never());
      expect(told).to.deep.include({ kind: 'done', gatewayId: TOSS_KEY });
      const lost = inquiryOf('authorize', { token: 'a-key-never-confirmed' });
      expect(said(await toss.inquire(lost, never()))).to.equal('not-found');
    });

    const statuses: readonly [status: string, approved: boolean, expected: string][] = [
      ['DONE', true, 'done 15000 KRW'],
      ['PARTIAL_CANCELED', true, 'done 15000 KRW'],
      ['CANCELED', true, 'done 15000 KRW'],
      ['CANCELED', false, 'declined not_processed CANCELED'],
      ['ABORTED', false, 'declined not_processed ABORTED'],
      ['EXPIRED', false, 'declined not_processed EXPIRED'],
      ['READY', false, 'pending'],
      ['IN_PROGRESS', false, 'pending'],
      ['WAITING_FOR_DEPOSIT', false, 'pending'],
      ['SOMETHING_NEW', false, 'pending'],
    ];
    for (const [status, approved, expected] of statuses) {
      it(`${status}${approved ? '' : ', not approved'}: ${expected}`, async () => {
        const approvedAt = approved ? TOSS_NOW : null;
        server.answerNext({
          status: 200,
          body: { ...server.payment(TOSS_KEY), status, approvedAt },
        });
        expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal(expected);
      });
    }

    it('tells why a payment was not approved', async () => {
      server.approve(TOSS_KEY, TOSS_ORDER, 15_000, {
        confirm: tossError(403, 'REJECT_CARD_PAYMENT'),
      });
      await toss.authorize(tossPayment, never());
      expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal(
        'declined insufficient_funds REJECT_CARD_PAYMENT',
      );
    });

    it('takes an error for no answer, but for one', async () => {
      const errors: readonly [number, string, string][] = [
        [404, 'NOT_FOUND_PAYMENT', 'not-found'],
        [404, 'NOT_FOUND', 'no-answer'],
        [400, 'NOT_FOUND_PAYMENT', 'no-answer'],
        [401, 'UNAUTHORIZED_KEY', 'no-answer'],
        [403, 'FORBIDDEN_REQUEST', 'no-answer'],
        [429, 'TOO_MANY_REQUESTS', 'no-answer'],
        [500, 'COMMON_ERROR', 'no-answer'],
      ];
      for (const [status, code, expected] of errors) {
        server.answerNext(tossError(status, code));
        expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal(expected);
      }
    });

    it('about a refund, takes a payment that is not found for no answer', async () => {
      expect(said(await toss.inquire(inquiryOf('refund'), never()))).to.equal('no-answer');
    });

    it('quotes what is in an address', async () => {
      await toss.inquire(inquiryOf('authorize', { orderId: 'a/../b?c' }), never());
      expect(server.calls.at(-1)?.path).to.equal('/v1/payments/orders/a%2F..%2Fb%3Fc');
    });
  });
});

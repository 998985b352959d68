import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { AuthorizeRequest, PaymentGateway } from '../../ports/payment-gateway.js';
import {
  inquiryOf,
  never,
  said,
  TOSS_KEY,
  TOSS_ORDER,
  tossFollowUp,
  tossPayment,
  tossRefund,
} from '../../testing/toss-samples.js';
import {
  startTossServer,
  TOSS_NOW,
  TOSS_SECRET_KEY,
  tossError,
  type TossServer,
} from '../../testing/toss-server.js';
import { openToss } from './toss.js';

describe('Toss Payments', () => {
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

  describe('authorise', () => {
    it('confirms with our reference as the idempotency key and the amount as a number', async () => {
      const answer = await toss.authorize(tossPayment, never());
      expect(server.calls).to.deep.equal([
        {
          method: 'POST',
          path: '/v1/payments/confirm',
          idempotencyKey: 'p-1-1',
          body: { paymentKey: TOSS_KEY, orderId: TOSS_ORDER, amount: 15_000 },
        },
      ]);
      expect(answer).to.deep.include({
        kind: 'done',
        gatewayId: TOSS_KEY,
        amount: 15_000n,
        currency: 'KRW',
        occurredAt: Date.parse(TOSS_NOW),
      });
    });

    it('keeps of the answer neither secrets nor who the buyer is', async () => {
      const answer = await toss.authorize(tossPayment, never());
      const raw = answer.kind === 'done' ? answer.raw : '';
      expect(raw).to.include('"status":"DONE"').and.include('12341234****123*');
      expect(raw).not.to.include('secret').and.not.include('Kim');
    });

    it('answers a repetition like the first, and does it once', async () => {
      const first = await toss.authorize(tossPayment, never());
      expect(await toss.authorize(tossPayment, never())).to.deep.equal(first);
      expect(server.executed()).to.equal(1);
    });

    it('sends nothing that Toss cannot do', async () => {
      const wrong: readonly [Partial<AuthorizeRequest>, string][] = [
        [{ capture: false }, 'refused unsupported_feature NOT_SENT'],
        [{ currency: 'USD' }, 'refused unsupported_feature NOT_SENT'],
        [{ amount: 2n ** 53n }, 'refused invalid_amount NOT_SENT'],
        [{ amount: 0n }, 'refused invalid_amount NOT_SENT'],
        [{ token: '..' }, 'refused processing_error NOT_SENT'],
        [{ orderId: '.' }, 'refused processing_error NOT_SENT'],
      ];
      for (const [changes, expected] of wrong) {
        const request = { ...tossPayment, ...changes };
        expect(said(await toss.authorize(request, never()))).to.equal(expected);
        const asked = inquiryOf('authorize', { ...request, kind: 'authorize' });
        expect(said(await toss.inquire(asked, never()))).to.equal('not-found');
      }
      expect(server.calls).to.deep.equal([]);
    });

    it('has no separate capture and no void', async () => {
      const request = tossFollowUp;
      const expected = 'refused unsupported_feature NOT_SENT';
      expect(toss.capturesSeparately).to.equal(false);
      expect(said(await toss.capture(request, never()))).to.equal(expected);
      expect(said(await toss.void(request, never()))).to.equal(expected);
      for (const kind of ['capture', 'void'] as const) {
        expect(said(await toss.inquire(inquiryOf(kind), never()))).to.equal('not-found');
      }
      expect(server.calls).to.deep.equal([]);
    });

    it('sends the largest amount that a JSON number can tell, to the last digit', async () => {
      server.approve(TOSS_KEY, TOSS_ORDER, Number.MAX_SAFE_INTEGER);
      const amount = BigInt(Number.MAX_SAFE_INTEGER);
      const answer = await toss.authorize({ ...tossPayment, amount }, never());
      expect(answer).to.deep.include({ kind: 'done', amount });
    });

    it('does not take an amount for exact that is none', async () => {
      await confirmed();
      const body = server.payment(TOSS_KEY);
      for (const totalAmount of [2 ** 53, 10.5, '15000', -1]) {
        server.answerNext({ status: 200, body: { ...body, totalAmount } });
        expect(said(await toss.authorize(tossPayment, never()))).to.equal('unknown garbled');
      }
    });

    it('repeats the amount and currency Toss tells, whatever was asked', async () => {
      await confirmed();
      const body = { ...server.payment(TOSS_KEY), totalAmount: 14_999, currency: 'JPY' };
      server.answerNext({ status: 200, body });
      expect(said(await toss.authorize(tossPayment, never()))).to.equal('done 14999 JPY');
    });

    it('does not take a status for an outcome that is none', async () => {
      for (const status of ['IN_PROGRESS', 'WAITING_FOR_DEPOSIT', 'SOMETHING_NEW']) {
        server.answerNext({ status: 200, body: { ...server.payment(TOSS_KEY), status } });
        expect(said(await toss.authorize(tossPayment, never()))).to.equal('unknown garbled');
      }
    });
  });

  describe('refund', () => {
    beforeEach(confirmed);

    it('cancels a part, with our reference in the reason and as the idempotency key', async () => {
      const answer = await toss.refund(tossRefund, never());
      expect(server.calls.at(-1)).to.deep.equal({
        method: 'POST',
        path: `/v1/payments/${TOSS_KEY}/cancel`,
        idempotencyKey: 'r-1',
        body: { cancelReason: '구매자 변심 [r-1]', cancelAmount: 4_000 },
      });
      const { cancels } = server.payment(TOSS_KEY);
      expect(answer).to.deep.include({
        kind: 'done',
        gatewayId: cancels?.[0]?.transactionKey,
        amount: 4_000n,
        currency: 'KRW',
        occurredAt: Date.parse(TOSS_NOW),
      });
      expect(answer.kind === 'done' ? answer.raw : '').not.to.include('expected');
    });

    it('does it once, however often it is asked', async () => {
      const first = await toss.refund(tossRefund, never());
      expect(await toss.refund(tossRefund, never())).to.deep.equal(first);
      expect(server.payment(TOSS_KEY).balanceAmount).to.equal(11_000);
    });

    it('notes when Toss is left with another balance than expected', async () => {
      const answer = await toss.refund({ ...tossRefund, remaining: 10_000n }, never());
      expect(said(answer)).to.equal('done 4000 KRW');
      expect(answer.kind === 'done' ? answer.raw : '').to.match(
        /^balance 11000, expected 10000; \{/,
      );
    });

    it('keeps a long reason within 200 characters, and the reference whole', async () => {
      const reference = `r-${'x'.repeat(62)}`;
      const reason = `${'가'.repeat(132)}😀${'나'.repeat(400)}`;
      expect(said(await toss.refund({ ...tossRefund, reference, reason }, never()))).to.equal(
        'done 4000 KRW',
      );
      const sent = server.payment(TOSS_KEY).cancels?.[0]?.cancelReason ?? '';
      expect(sent.length).to.be.within(199, 200);
      expect(sent).not.to.match(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
      expect(sent.endsWith(` [${reference}]`)).to.equal(true);
    });

    it('keeps of a long answer the refund itself, and of the rest as much as there is room for', async () => {
      for (let part = 0; part < 30; part++) {
        const reason = `part ${part} ${'😀'.repeat(60)}`;
        const request = { ...tossRefund, amount: 10n, reference: `r-${part}`, reason };
        const answer = await toss.refund(request, never());
        const raw = answer.kind === 'done' ? answer.raw : '';
        expect(raw.length).to.be.at.most(2_000);
        expect(raw).to.include(`part ${part} `).and.include(`[r-${part}]`);
      }
    });

    it('is told apart from others of the same amount', async () => {
      const second = { ...tossRefund, reference: 'r-2', reason: 'a second one [r-1]' };
      await toss.refund(tossRefund, never());
      await toss.refund(second, never());
      const [one, other] = server.payment(TOSS_KEY).cancels ?? [];
      const ask = async (reference: string): Promise<string> => {
        const told = await toss.inquire(inquiryOf('refund', { reference }), never());
        return told.kind === 'done' ? told.gatewayId : told.kind;
      };
      expect(await ask('r-1')).to.equal(one?.transactionKey);
      expect(await ask('r-2')).to.equal(other?.transactionKey);
      expect(await ask('r-3')).to.equal('not-found');
      expect(await ask('1')).to.equal('not-found');
    });

    it('is declined above the balance', async () => {
      const answer = await toss.refund({ ...tossRefund, amount: 15_001n }, never());
      expect(said(answer)).to.equal('declined invalid_amount NOT_CANCELABLE_AMOUNT');
    });

    it('of a payment that is canceled already: the list of cancellations tells', async () => {
      await toss.refund({ ...tossRefund, amount: 15_000n, remaining: 0n }, never());
      const other = { ...tossRefund, reference: 'r-2' };
      expect(said(await toss.refund(other, never()))).to.equal(
        'declined invalid_amount ALREADY_CANCELED_PAYMENT',
      );
      server.answerNext(tossError(400, 'ALREADY_CANCELED_PAYMENT'));
      expect(said(await toss.refund(tossRefund, never()))).to.equal('done 15000 KRW');
      server.answerNext(tossError(400, 'ALREADY_CANCELED_PAYMENT'));
      server.failNext('503');
      expect(said(await toss.refund(other, never()))).to.equal('unknown unavailable');
    });

    it('that Toss has not finished is not known yet', async () => {
      await toss.refund(tossRefund, never());
      const body = server.payment(TOSS_KEY);
      const [cancel] = body.cancels ?? [];
      const as = (cancelStatus: string): unknown => ({
        ...body,
        cancels: [{ ...cancel, cancelStatus }],
      });
      server.answerNext({ status: 200, body: as('IN_PROGRESS') });
      expect(said(await toss.refund(tossRefund, never()))).to.equal('unknown garbled');
      server.answerNext({ status: 200, body: as('IN_PROGRESS') });
      expect(said(await toss.inquire(inquiryOf('refund'), never()))).to.equal('pending');
      server.answerNext({ status: 200, body: as('ABORTED') });
      expect(said(await toss.inquire(inquiryOf('refund'), never()))).to.equal(
        'declined processing_error ABORTED',
      );
    });

    it('that is not in the answer is not known', async () => {
      server.answerNext({ status: 200, body: { ...server.payment(TOSS_KEY), cancels: null } });
      expect(said(await toss.refund(tossRefund, never()))).to.equal('unknown garbled');
    });
  });
});

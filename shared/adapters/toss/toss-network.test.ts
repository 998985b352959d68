import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { PaymentGateway } from '../../ports/payment-gateway.js';
import { paymentGatewayContract } from '../../testing/payment-gateway-contract.js';
import {
  inquiryOf,
  never,
  said,
  TOSS_KEY,
  TOSS_ORDER,
  tossPayment,
  tossRefund,
} from '../../testing/toss-samples.js';
import {
  startTossServer,
  TOSS_SECRET_KEY,
  tossError,
  type TossFault,
  type TossServer,
} from '../../testing/toss-server.js';
import { openToss } from './toss.js';

describe('Toss Payments over a network', () => {
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

  describe('when the network fails', () => {
    const faults: readonly [TossFault, expected: string][] = [
      ['reset', 'unknown reset'],
      ['truncated', 'unknown reset'],
      ['503', 'unknown unavailable'],
      ['proxy-page', 'unknown garbled'],
      ['broken-json', 'unknown garbled'],
      ['endless', 'unknown garbled'],
      ['redirect', 'unknown garbled'],
      ['other-payment', 'unknown garbled'],
    ];
    for (const [fault, expected] of faults) {
      it(`${fault}: ${expected}, and an inquiry finds out`, async () => {
        server.failNext(fault);
        expect(said(await toss.authorize(tossPayment, never()))).to.equal(expected);
        expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal(
          'done 15000 KRW',
        );
        server.failNext(fault);
        expect(said(await toss.refund(tossRefund, never()))).to.equal(expected);
        expect(said(await toss.inquire(inquiryOf('refund'), never()))).to.equal('done 4000 KRW');
        server.failNext(fault);
        server.failNext(fault);
        expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal('no-answer');
      });
    }

    it('no answer in time: unknown, and an inquiry finds out', async () => {
      const timeout = new AbortController();
      server.failNext('silent');
      const received = server.received();
      const answer = toss.authorize(tossPayment, timeout.signal);
      await received;
      timeout.abort(new Error('too late'));
      expect(said(await answer)).to.equal('unknown timeout');
      expect(said(await toss.inquire(inquiryOf('authorize'), never()))).to.equal('done 15000 KRW');
    });

    it('never shows the key', async () => {
      const answers: unknown[] = [];
      const secret = Buffer.from(`${TOSS_SECRET_KEY}:`).toString('base64');
      const failing = openToss({
        url: server.url,
        secretKey: TOSS_SECRET_KEY,
        fetch: (_url, init) => Promise.reject(new Error(JSON.stringify(init?.headers))),
      });
      answers.push(await failing.authorize(tossPayment, never()));
      answers.push(await failing.inquire(inquiryOf('authorize'), never()));
      const shown = JSON.stringify(answers);
      expect(shown).to.include('reset').and.include('no-answer');
      expect(shown).not.to.include(secret).and.not.include(TOSS_SECRET_KEY);
    });
  });
});

paymentGatewayContract(
  'Toss Payments',
  {
    capturesSeparately: false,
    tokens: {
      ok: 'key_ok',
      declined: 'key_declined',
      'done-unanswered': 'key_done_unanswered',
      'lost-unanswered': 'key_lost_unanswered',
      'done-reset': 'key_done_reset',
      unavailable: 'key_unavailable',
      'done-garbled': 'key_done_garbled',
      'refund-declined': 'key_refund_declined',
    },
    currency: 'KRW',
  },
  async () => {
    const server = await startTossServer();
    const approve = (key: string, fate: Parameters<TossServer['approve']>[3] = {}): void => {
      server.approve(key, 'order-1', 50_000, fate);
    };
    approve('key_ok');
    approve('key_declined', { confirm: tossError(403, 'REJECT_CARD_COMPANY') });
    approve('key_done_unanswered', { failing: { fault: 'silent', done: true } });
    approve('key_lost_unanswered', { failing: { fault: 'silent', done: false } });
    approve('key_done_reset', { failing: { fault: 'reset', done: true } });
    approve('key_unavailable', { failing: { fault: '503', done: false } });
    approve('key_done_garbled', { failing: { fault: 'broken-json', done: true } });
    approve('key_refund_declined', { cancel: tossError(403, 'NOT_CANCELABLE_PAYMENT') });
    const gateway = openToss({ url: server.url, secretKey: TOSS_SECRET_KEY });
    return {
      gateway,
      dead: (isDead) => server.dead(isDead),
      cleanup: async () => {
        await gateway.close();
        await server.close();
      },
    };
  },
);

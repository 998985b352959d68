import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isLive, statusOf } from '../../shared/payments/amounts.js';
import {
  ended,
  giveBack,
  paid,
  pay,
  Shop,
  take,
  type PaymentProcess,
} from '../testing/open-test-payments.js';
import { BY_TEST } from '../testing/processes.js';

const orderId = 'order-1';

async function using(
  work: (shop: Shop, process: PaymentProcess) => Promise<void>,
  shop = new Shop(),
): Promise<void> {
  await work(shop, await shop.open());
  shop.audit();
  await shop.close();
}

describe('an order', () => {
  it('has one live payment, which is named to whoever wants another', () =>
    using(async (shop, { payments }) => {
      const first = pay({ orderId });
      expect(ended(await payments.authorize(first, BY_TEST))).to.equal('done');
      const answer = await payments.authorize(pay({ orderId }), BY_TEST);
      expect(ended(answer)).to.equal('DUPLICATE_REQUEST');
      if (answer.kind !== 'refused') throw new Error('not refused');
      const { errors } = answer.refusal;
      const named = errors.find(({ field }) => field === 'paymentId');
      expect(named?.value).to.equal(first.commandId);
      expect(shop.gateway.calls).to.have.length(1);
      shop.settled();
    }));

  it('of another merchant is another order', () =>
    using(async (shop, { payments }) => {
      expect(ended(await payments.authorize(pay({ orderId }), BY_TEST))).to.equal('done');
      const other = { actor: 'other', correlationId: 'c' };
      expect(ended(await payments.authorize(pay({ orderId }), other))).to.equal('done');
      shop.settled();
    }));

  it('can be paid again once its payment is declined, voided, refunded or over', () =>
    using(async (shop, process) => {
      const { payments } = process;
      shop.gateway.fate = () => ({ does: 'decline' });
      const declined = await payments.authorize(pay({ orderId }), BY_TEST);
      expect(ended(declined)).to.equal('PAYMENT_DECLINED');
      shop.gateway.fate = () => ({});
      const voided = await paid(process, { orderId });
      expect(ended(await payments.void(take(voided), BY_TEST))).to.equal('done');
      const refunded = await paid(process, { orderId, capture: 'auto' });
      expect(ended(await payments.refund(giveBack(refunded), BY_TEST))).to.equal('done');
      shop.gateway.expiresAfterMs = 1_000;
      const over = await paid(process, { orderId });
      shop.gateway.expire(over);
      await shop.later(1_000, process);
      await paid(process, { orderId });
      const statuses = shop.settled().payments.map(statusOf);
      expect(statuses).to.deep.equal(['DECLINED', 'VOIDED', 'REFUNDED', 'EXPIRED', 'AUTHORIZED']);
    }));

  it('stays with a payment in doubt', () =>
    using(async (shop, process) => {
      shop.gateway.fate = () => ({ does: 'lost', says: 'reset' });
      await process.payments.authorize(pay({ orderId }), BY_TEST);
      const another = pay({ orderId });
      const refused = await process.payments.authorize(another, BY_TEST);
      expect(ended(refused)).to.equal('DUPLICATE_REQUEST');
      await shop.untilQuiet(process);
      shop.gateway.fate = () => ({});
      // Nothing was stored under its key, so that it may be used again.
      expect(ended(await process.payments.authorize(another, BY_TEST))).to.equal('done');
      shop.settled();
    }));

  it('is taken over from a payment whose process died before it was requested', () =>
    using(async (shop, process) => {
      shop.store.afterAppend = process.kill;
      const lost = pay({ orderId });
      void process.payments.authorize(lost, BY_TEST);
      await shop.time.settle();
      shop.store.afterAppend = undefined;
      expect(shop.types('order-')).to.deep.equal(['OrderClaimed']);
      const next = await shop.open();
      const second = await paid(next, { orderId });
      expect(shop.types(`payment-${lost.commandId}`)).to.deep.equal(['PaymentAbandoned']);
      const answer = await next.payments.authorize(lost, BY_TEST);
      expect(ended(answer)).to.equal('DUPLICATE_REQUEST');
      if (answer.kind !== 'refused') throw new Error('not refused');
      expect(answer.refusal.errors.map(({ value }) => value)).to.include(second);
      expect(shop.gateway.calls).to.have.length(1);
      shop.settled();
    }));

  it('is gone for a process that was merely slow: it finds out, and calls nobody', () =>
    using(async (shop, { payments }) => {
      // Between its claim and its request another process comes by.
      shop.store.beforeAppend = (stream, [event]) => {
        if (event?.type !== 'PaymentRequested') return;
        shop.store.beforeAppend = undefined;
        const id = stream.slice('payment-'.length);
        const data = JSON.stringify({ id, orderId, insteadOf: 'another' });
        const eventId = '99999999-0000-7000-8000-000000000001';
        const abandoned = { ...event, eventId, type: 'PaymentAbandoned', data };
        shop.store.appendNow(stream, 'no-stream', [abandoned]);
      };
      const slow = pay({ orderId });
      const answer = await payments.authorize(slow, BY_TEST);
      expect(ended(answer)).to.equal('DUPLICATE_REQUEST');
      expect(shop.gateway.calls).to.deep.equal([]);
      expect(ended(await payments.authorize(pay({ orderId }), BY_TEST))).to.equal('done');
      shop.settled();
    }));

  it('has at most one live payment, whoever asks for one in whichever order of things', () =>
    fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.nat(9)),
        fc.array(fc.record({ process: fc.nat(1), order: fc.nat(1) }), {
          minLength: 2,
          maxLength: 12,
          size: 'max',
        }),
        async (delays, requests) => {
          const shop = new Shop({ turns: () => Number(delays.next().value) });
          const processes = [await shop.open(), await shop.open()];
          const answers = await Promise.all(
            requests.map(({ process, order }) => {
              const { payments } = processes[process] ?? { payments: undefined };
              if (payments === undefined) throw new Error(`no process ${process}`);
              return payments.authorize(pay({ orderId: `order-${order}` }), BY_TEST);
            }),
          );
          await shop.time.settle();
          const live = shop.settled().payments.filter(isLive);
          const orders = new Set(live.map((payment) => payment.orderId));
          expect(live).to.have.length(orders.size);
          const asked = new Set(requests.map(({ order }) => order));
          const contended = answers.some((answer) => ended(answer) === 'CONTENTION');
          if (!contended) expect(orders.size, 'each order was paid by one').to.equal(asked.size);
          for (const answer of answers) {
            expect(ended(answer)).to.match(/^done$|^DUPLICATE_REQUEST$|^CONTENTION$/);
          }
          await shop.close();
        },
      ),
      { numRuns: 150 },
    ));
});

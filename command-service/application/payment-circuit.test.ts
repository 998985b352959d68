import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
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
import type { PaymentAnswer } from './payments.js';

describe('a gateway whose circuit is open', () => {
  let shop: Shop;
  let process: PaymentProcess;
  let id: string;
  beforeEach(async () => {
    shop = new Shop({ circuit: { window: 4, minimumCalls: 4, threshold: 0.5, openMs: 5_000 } });
    process = await shop.open();
    id = await paid(process);
  });
  afterEach(async () => {
    shop.audit();
    await shop.close();
  });

  /** The gateway answers nothing any more, until the circuit is open. */
  async function cutOff(): Promise<void> {
    shop.gateway.fate = () => ({ does: 'lost', says: 'unavailable' });
    shop.gateway.inquiryFate = () => ({ instead: { kind: 'no-answer', detail: '503' } });
    for (let time = 0; time < 3; time++) await process.payments.authorize(pay(), BY_TEST);
    expect(state()).to.equal('open');
  }

  function comeBack(): void {
    shop.gateway.fate = () => ({});
    shop.gateway.inquiryFate = () => ({});
  }

  const state = () => process.gateways.get('simulator')?.breaker.state;

  it('003: is not called, nothing is stored, and it is no duplicate', async () => {
    await cutOff();
    await shop.time.advance(1_500);
    const [before, calls] = [shop.store.log.length, shop.gateway.calls.length];
    for (const answer of [
      await process.payments.authorize(pay(), BY_TEST),
      await process.payments.capture(take(id), BY_TEST),
      await process.payments.void(take(id), BY_TEST),
      await process.payments.refund(giveBack(id), BY_TEST),
      await process.payments.inquire({ paymentId: id }, BY_TEST),
    ]) {
      expect(ended(answer)).to.equal('GATEWAY_UNAVAILABLE');
      expect(answer).to.include({ retryAfterSeconds: 4 });
    }
    expect(shop.store.log).to.have.length(before);
    expect(shop.gateway.calls).to.have.length(calls);
  });

  it('does not keep from answering what was answered before', async () => {
    const capture = take(id, 100n);
    const first = await process.payments.capture(capture, BY_TEST);
    const declined = pay();
    shop.gateway.fate = () => ({ does: 'decline' });
    await process.payments.authorize(declined, BY_TEST);
    await cutOff();
    const again = await process.payments.capture(capture, BY_TEST);
    expect(again).to.deep.equal({ ...first, replayed: true });
    const declinedAgain = await process.payments.authorize(declined, BY_TEST);
    expect(ended(declinedAgain)).to.equal('replayed PAYMENT_DECLINED');
    const reused = await process.payments.authorize({ ...declined, amount: 1n }, BY_TEST);
    expect(ended(reused)).to.equal('IDEMPOTENCY_KEY_REUSED');
  });

  it('is tried again after a while, and is used again once it answers', async () => {
    await cutOff();
    comeBack();
    await shop.time.advance(4_999);
    const early = await process.payments.authorize(pay(), BY_TEST);
    expect(ended(early)).to.equal('GATEWAY_UNAVAILABLE');
    await shop.time.advance(1);
    expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('done');
    expect(state()).to.equal('closed');
    await shop.untilQuiet(process);
    shop.settled();
  });

  it('is left alone again where the try fails', async () => {
    await cutOff();
    await shop.time.advance(5_000);
    expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('in-doubt');
    expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('GATEWAY_UNAVAILABLE');
  });

  it('lets one try through, and not two', async () => {
    await cutOff();
    comeBack();
    await shop.time.advance(5_000);
    const both = await Promise.all([
      process.payments.authorize(pay(), BY_TEST),
      process.payments.authorize(pay(), BY_TEST),
    ]);
    expect(both.map(ended).sort()).to.deep.equal(['GATEWAY_UNAVAILABLE', 'done']);
  });

  const NO_CALL: Readonly<
    Record<string, (first: ReturnType<typeof pay>) => Promise<PaymentAnswer>>
  > = {
    'what was answered before': (first) => process.payments.authorize(first, BY_TEST),
    'another payment of a paid order': ({ orderId }) =>
      process.payments.authorize(pay({ orderId }), BY_TEST),
    'a refund of nothing': ({ commandId }) => process.payments.refund(giveBack(commandId), BY_TEST),
    'another capture under a key': ({ commandId }) =>
      process.payments.capture({ ...take(commandId), amount: 0n }, BY_TEST),
    'a capture at another revision': ({ commandId }) =>
      process.payments.capture({ ...take(commandId), ifRevision: () => false }, BY_TEST),
  };
  for (const [what, send] of Object.entries(NO_CALL)) {
    it(`is not kept shut by ${what}, for which it is not called`, async () => {
      const first = pay();
      await process.payments.authorize(first, BY_TEST);
      await cutOff();
      comeBack();
      await shop.time.advance(5_000);
      expect(ended(await send(first))).not.to.equal('done');
      expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('done');
    });
  }

  it('is found to be back by the janitor, too', async () => {
    await cutOff();
    comeBack();
    await shop.later(5_000, process);
    expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('done');
  });
});

import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import { refundable, statusOf } from '../../shared/payments/amounts.js';
import { operationOf } from '../../shared/payments/payment.js';
import {
  AMOUNT,
  commandId,
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

describe('payments', () => {
  let shop: Shop;
  let process: PaymentProcess;
  beforeEach(async () => {
    shop = new Shop();
    process = await shop.open();
  });
  afterEach(async () => {
    shop.audit();
    expect(process.failed).to.deep.equal([]);
    await shop.close();
  });

  const stored = (stream: string): readonly DecodedEvent[] =>
    shop.store.log.filter((event) => event.stream.startsWith(stream)).map(decodeEvent);

  it('are authorised, and answered as they are in the log', async () => {
    const answer = told(await process.payments.authorize(pay(), BY_TEST));
    expect(shop.types()).to.deep.equal(['PaymentRequested', 'AttemptStarted', 'PaymentAuthorized']);
    expect(statusOf(answer.payment)).to.equal('AUTHORIZED');
    expect(answer).to.include({ kind: 'done', replayed: false });
    expect(answer.payment).to.include({ authorized: AMOUNT, captured: 0n, revision: 2n });
    expect(answer.payment.position).to.equal(shop.store.log.at(-1)?.position);
    expect(answer.operation).to.equal(`${answer.payment.id}-1`);
    expect(shop.settled().balance('9010:simulator')).to.equal(AMOUNT);
  });

  it('are captured in parts, and the default is all that is left', async () => {
    const id = await paid(process);
    const first = told(await process.payments.capture(take(id, 20_000n), BY_TEST));
    expect(statusOf(first.payment)).to.equal('PARTIALLY_CAPTURED');
    const rest = told(await process.payments.capture(take(id), BY_TEST));
    expect(statusOf(rest.payment)).to.equal('CAPTURED');
    expect(operationOf(rest.payment, rest.operation)).to.include({ amount: 30_000n });
    const audit = shop.settled();
    expect(audit.balance('1110:simulator')).to.equal(AMOUNT);
    expect(audit.balance('2010:seller-1')).to.equal(-AMOUNT);
    expect(audit.balance('9010:simulator')).to.equal(0n);
  });

  it('never capture more than was authorised', async () => {
    const id = await paid(process);
    const above = await process.payments.capture(take(id, AMOUNT + 1n), BY_TEST);
    expect(ended(above)).to.equal('CAPTURE_EXCEEDS_AUTHORIZED');
    await process.payments.capture(take(id, 49_999n), BY_TEST);
    const more = await process.payments.capture(take(id, 2n), BY_TEST);
    expect(ended(more)).to.equal('CAPTURE_EXCEEDS_AUTHORIZED');
    expect(errorsOf(more)).to.deep.include({ field: 'capturable', value: '1' });
    expect(shop.gateway.callsOf('capture')).to.have.length(1);
    shop.settled();
  });

  it('are captured with the authorisation, in one call and one append', async () => {
    const answer = told(await process.payments.authorize(pay({ capture: 'auto' }), BY_TEST));
    expect(statusOf(answer.payment)).to.equal('CAPTURED');
    expect(shop.gateway.calls).to.have.length(1);
    const [authorized, captured] = stored('payment-').slice(-2);
    expect(authorized?.event.type).to.equal('PaymentAuthorized');
    expect(captured?.event.type).to.equal('PaymentCaptured');
    expect(captured?.event.data).to.include({ operation: answer.operation, remaining: 0n });
    expect(captured?.metadata.causationId).to.equal(authorized?.eventId);
    expect(shop.settled().balance('2010:seller-1')).to.equal(-AMOUNT);
  });

  it('are voided before they are captured, and not after', async () => {
    const id = await paid(process);
    const command = { paymentId: id, commandId: commandId(), reason: 'changed their mind' };
    const voided = told(await process.payments.void(command, BY_TEST));
    expect(statusOf(voided.payment)).to.equal('VOIDED');
    expect(ended(await process.payments.capture(take(id), BY_TEST))).to.equal('ILLEGAL_STATE');
    const again = { paymentId: id, commandId: commandId() };
    expect(ended(await process.payments.void(again, BY_TEST))).to.equal('ILLEGAL_STATE');
    const captured = await paid(process, { capture: 'auto' });
    const late = await process.payments.void(
      { paymentId: captured, commandId: commandId() },
      BY_TEST,
    );
    expect(ended(late)).to.equal('ILLEGAL_STATE');
    expect(shop.settled().balance('9011:simulator')).to.equal(0n);
  });

  it('are refunded in parts, up to what was captured', async () => {
    const id = await paid(process, { capture: 'auto' });
    const part = told(await process.payments.refund(giveBack(id, 20_000n), BY_TEST));
    expect(statusOf(part.payment)).to.equal('PARTIALLY_REFUNDED');
    expect(refundable(part.payment)).to.equal(30_000n);
    const above = await process.payments.refund(giveBack(id, 30_001n), BY_TEST);
    expect(ended(above)).to.equal('REFUND_EXCEEDS_CAPTURED');
    expect(errorsOf(above)).to.deep.include({ field: 'refundable', value: '30000' });
    const rest = told(await process.payments.refund(giveBack(id), BY_TEST));
    expect(statusOf(rest.payment)).to.equal('REFUNDED');
    expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('ILLEGAL_STATE');
    expect(shop.settled().balance('1110:simulator')).to.equal(0n);
  });

  it('keep a decline, with the reason, and answer it again', async () => {
    shop.gateway.fate = () => ({ does: 'decline' });
    const command = pay();
    const answer = told(await process.payments.authorize(command, BY_TEST));
    expect(ended(answer)).to.equal('PAYMENT_DECLINED');
    expect(statusOf(answer.payment)).to.equal('DECLINED');
    const outcome = operationOf(answer.payment, answer.operation)?.outcome;
    expect(outcome).to.deep.include({ failure: 'declined', by: 'answer' });
    expect(outcome?.decline).to.include({ code: 'card_declined', pgCode: 'REJECTED' });
    const again = await process.payments.authorize(command, BY_TEST);
    expect(ended(again)).to.equal('replayed PAYMENT_DECLINED');
    expect(shop.gateway.calls).to.have.length(1);
    shop.settled();
  });

  it('tell a refusal of the request from a decline', async () => {
    shop.gateway.fate = () => ({ does: 'refuse' });
    expect(ended(await process.payments.authorize(pay(), BY_TEST))).to.equal('GATEWAY_REFUSED');
  });

  for (const [what, kind] of [
    ['capture', 'CAPTURE_DECLINED'],
    ['void', 'VOID_DECLINED'],
    ['refund', 'REFUND_DECLINED'],
  ] as const) {
    it(`can ask again, with a new key, for a ${what} that was declined`, async () => {
      const id = await paid(process, { capture: what === 'refund' ? 'auto' : 'manual' });
      const send = () => {
        const command = giveBack(id);
        if (what === 'capture') return process.payments.capture(take(id), BY_TEST);
        return what === 'void'
          ? process.payments.void(take(id), BY_TEST)
          : process.payments.refund(command, BY_TEST);
      };
      shop.gateway.fate = () => ({ does: 'decline' });
      expect(ended(await send())).to.equal(kind);
      shop.gateway.fate = () => ({});
      expect(ended(await send())).to.equal('done');
      shop.settled();
    });
  }

  it('say what came of what, who did it, when and why', async () => {
    const id = await paid(process, { capture: 'auto' });
    await shop.time.advance(13 * 3_600_000);
    const by = { actor: 'shop', correlationId: 'corr-2', causationId: 'mail-1' };
    const command = giveBack(id, 700n);
    await process.payments.refund(command, by);
    const [asked, done] = stored(`payment-${id}`).slice(-2);
    expect(asked?.metadata).to.include({
      commandId: command.commandId,
      correlationId: 'corr-2',
      causationId: 'mail-1',
      actor: 'shop',
      // One in the morning in Seoul.
      effectiveDate: '2026-11-21',
    });
    expect(asked?.metadata.fingerprint).to.be.a('string');
    expect(done?.metadata).to.include({
      commandId: command.commandId,
      correlationId: 'corr-2',
      causationId: asked?.eventId,
      actor: 'gateway:simulator',
      occurredAt: shop.time.now,
      effectiveDate: '2026-11-21',
    });
    expect(done?.event.data).to.include({ gatewayId: 'pg-2', answer: '{"id":"pg-2"}' });
  });

  it('take in the time of the gateway, and never an accounting day before the last', async () => {
    const occurredAt = shop.time.now - 3 * 86_400_000;
    shop.gateway.fate = () => ({
      instead: {
        kind: 'done',
        gatewayId: 'g',
        amount: AMOUNT,
        currency: 'KRW',
        occurredAt,
        raw: 'number 4111111111111111',
      },
    });
    const id = await paid(process);
    const last = stored(`payment-${id}`).at(-1);
    expect(last?.metadata).to.include({ occurredAt, effectiveDate: '2026-11-20' });
    expect(last?.event.data).not.to.have.property('answer', 'number 4111111111111111');
    shop.time.now -= 2 * 86_400_000;
    await process.payments.capture(take(id), BY_TEST);
    const days = stored(`payment-${id}`).map(({ metadata }) => metadata.effectiveDate);
    expect(new Set(days)).to.deep.equal(new Set(['2026-11-20']));
  });

  it('are refused where there is no such payment', async () => {
    const paymentId = commandId();
    for (const answer of [
      await process.payments.capture(take(paymentId), BY_TEST),
      await process.payments.void(take(paymentId), BY_TEST),
      await process.payments.refund(giveBack(paymentId), BY_TEST),
      await process.payments.inquire({ paymentId }, BY_TEST),
    ]) {
      expect(ended(answer)).to.equal('NOT_FOUND');
    }
    expect(shop.types()).to.deep.equal([]);
  });

  for (const [what, fields, code] of [
    ['of nothing', { amount: 0n }, 'ZERO_AMOUNT'],
    ['below nothing', { amount: -1n }, 'ZERO_AMOUNT'],
    ['in no currency', { currency: 'XXQ' }, 'CURRENCY_UNKNOWN'],
  ] as const) {
    it(`${what} are refused, and do not take their order`, async () => {
      const command = pay(fields);
      expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal(code);
      expect(shop.types('order-')).to.deep.equal([]);
      const good = pay({ orderId: command.orderId });
      expect(ended(await process.payments.authorize(good, BY_TEST))).to.equal('done');
    });
  }

  it('are refused to be captured later at a gateway that cannot', async () => {
    shop.gateway.capturesSeparately = false;
    const manual = await process.payments.authorize(pay(), BY_TEST);
    expect(ended(manual)).to.equal('CAPTURE_MODE_UNSUPPORTED');
    const auto = await process.payments.authorize(pay({ capture: 'auto' }), BY_TEST);
    expect(ended(auto)).to.equal('done');
  });

  it('do not wait for the gateway where that was asked', async () => {
    const answer = told(await process.payments.authorize(pay({ respondAsync: true }), BY_TEST));
    expect(ended(answer)).to.equal('in-doubt');
    expect(statusOf(answer.payment)).to.equal('AUTHORIZING');
    await shop.time.settle();
    expect(statusOf(shop.settled().payment(answer.payment.id))).to.equal('AUTHORIZED');
  });

  it('have no more operations than a stream can be read with', async () => {
    const id = await paid(process, { capture: 'auto' });
    for (let number = 1; number < 200; number++) {
      expect(ended(await process.payments.refund(giveBack(id, 1n), BY_TEST))).to.equal('done');
    }
    const answer = await process.payments.refund(giveBack(id, 1n), BY_TEST);
    expect(ended(answer)).to.equal('TOO_MANY_OPERATIONS');
    shop.settled();
  });
});

type Told = Extract<PaymentAnswer, { payment: object; operation: string }>;

function told(answer: PaymentAnswer): Told {
  if (answer.kind === 'refused' || answer.kind === 'mismatch') throw new Error(ended(answer));
  return answer;
}

function errorsOf(answer: PaymentAnswer): readonly object[] {
  if (answer.kind !== 'refused') throw new Error(ended(answer));
  return answer.refusal.errors.map(({ field, value }) => ({ field, value }));
}

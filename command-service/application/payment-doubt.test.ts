import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { operationOf } from '../../shared/payments/payment.js';
import { statusOf } from '../../shared/payments/amounts.js';
import { DECLINE } from '../testing/fake-gateway.js';
import {
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
import type { ResolveOperation } from './payments.js';

const OPERATOR = { actor: 'kim', correlationId: 'desk-1' };

describe('a payment with something in doubt', () => {
  let shop: Shop;
  let process: PaymentProcess;
  beforeEach(async () => {
    shop = new Shop();
    process = await shop.open();
  });
  afterEach(async () => {
    shop.audit();
    await shop.close();
  });

  /** Lets the next calls be done, or lost, and nobody hear of it. */
  const silently = async <Value>(does: 'as-asked' | 'lost', work: () => Promise<Value>) => {
    shop.gateway.fate = () => ({ does, says: 'reset' });
    const value = await work();
    shop.gateway.fate = () => ({});
    return value;
  };

  describe('asks the gateway before it refuses anything', () => {
    it('and refunds what had been captured after all', async () => {
      const id = await paid(process);
      await silently('as-asked', () => process.payments.capture(take(id), BY_TEST));
      expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('done');
      expect(statusOf(shop.settled().payment(id))).to.equal('REFUNDED');
    });

    it('and captures again what a decline nobody heard of had left', async () => {
      const id = await paid(process);
      shop.gateway.fate = () => ({ does: 'decline', says: 'reset' });
      await process.payments.capture(take(id, 30_000n), BY_TEST);
      shop.gateway.fate = () => ({});
      const answer = await process.payments.capture(take(id, 40_000n), BY_TEST);
      expect(ended(answer)).to.equal('done');
      expect(shop.settled().payment(id)).to.include({ captured: 40_000n });
    });

    it('and refunds more once it knows of a refund that it was declined', async () => {
      const id = await paid(process, { capture: 'auto' });
      shop.gateway.fate = () => ({ does: 'decline', says: 'reset' });
      await process.payments.refund(giveBack(id, 30_000n), BY_TEST);
      shop.gateway.fate = () => ({});
      expect(ended(await process.payments.refund(giveBack(id, 40_000n), BY_TEST))).to.equal('done');
      shop.settled();
    });

    it('and voids what was authorised, as it finds', async () => {
      const command = pay();
      await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
      const voided = await process.payments.void(take(command.commandId), BY_TEST);
      expect(ended(voided)).to.equal('done');
      expect(statusOf(shop.settled().payment(command.commandId))).to.equal('VOIDED');
    });

    for (const instead of [
      { kind: 'no-answer', detail: '503' },
      { kind: 'pending', raw: '' },
      'throw',
    ] as const) {
      it(`and refuses where it learns nothing: ${typeof instead === 'string' ? instead : instead.kind}`, async () => {
        const id = await paid(process);
        await silently('as-asked', () => process.payments.capture(take(id), BY_TEST));
        shop.gateway.inquiryFate = () => ({ instead });
        const answer = await process.payments.refund(giveBack(id), BY_TEST);
        expect(ended(answer)).to.equal('ILLEGAL_STATE');
        expect(shop.gateway.inquiries).to.have.length(1);
      });
    }

    it('but not where nothing is in doubt', async () => {
      const id = await paid(process);
      expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('ILLEGAL_STATE');
      expect(shop.gateway.inquiries).to.deep.equal([]);
    });
  });

  it('never lets what is in doubt be spent a second time', async () => {
    const id = await paid(process, { capture: 'auto' });
    await silently('as-asked', () => process.payments.refund(giveBack(id, 30_000n), BY_TEST));
    shop.gateway.inquiryFate = () => ({ instead: { kind: 'no-answer', detail: '' } });
    const above = await process.payments.refund(giveBack(id, 20_001n), BY_TEST);
    expect(ended(above)).to.equal('REFUND_EXCEEDS_CAPTURED');
    expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('done');
    shop.gateway.inquiryFate = () => ({});
    await shop.untilQuiet(process);
    expect(statusOf(shop.settled().payment(id))).to.equal('REFUNDED');
  });

  describe('is resolved by a person', () => {
    const resolution = (
      paymentId: string,
      fields: Partial<ResolveOperation> = {},
    ): ResolveOperation => ({
      paymentId,
      commandId: commandId(),
      operation: `${paymentId}-1`,
      outcome: 'done',
      reason: 'seen in their back office',
      ...fields,
    });

    it('as done, with the reason, and the gateway is not asked any more', async () => {
      const command = pay();
      await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
      const id = command.commandId;
      const said = resolution(id, { gatewayId: 'pg-1' });
      expect(ended(await process.payments.resolve(said, OPERATOR))).to.equal('done');
      const [event] = shop.store.log.filter(({ type }) => type === 'PaymentAuthorized');
      expect(event?.data).to.contain('"reason":"seen in their back office"');
      expect(event?.data).to.contain('"by":"operator"').and.contain('"gatewayId":"pg-1"');
      expect(event?.metadata).to.contain('"actor":"kim"').and.contain(said.commandId);
      await shop.untilQuiet(process);
      expect(shop.gateway.inquiries).to.deep.equal([]);
      expect(ended(await process.payments.capture(take(id), BY_TEST))).to.equal('done');
      shop.settled();
    });

    it('as failed, and a reservation goes back', async () => {
      const id = await paid(process, { capture: 'auto' });
      const command = giveBack(id, 20_000n);
      await silently('lost', () => process.payments.refund(command, BY_TEST));
      const said = resolution(id, { operation: command.commandId, outcome: 'failed' });
      expect(ended(await process.payments.resolve(said, OPERATOR))).to.equal('done');
      const audit = shop.settled();
      expect(audit.balance('2130:seller-1')).to.equal(0n);
      const outcome = operationOf(audit.payment(id), command.commandId)?.outcome;
      expect(outcome).to.include({ by: 'operator', failure: 'not-processed' });
      const again = await process.payments.refund(command, BY_TEST);
      expect(ended(again)).to.equal('replayed REFUND_DECLINED');
    });

    it('once: the same again changes nothing, the contrary is refused', async () => {
      const command = pay();
      await silently('lost', () => process.payments.authorize(command, BY_TEST));
      const id = command.commandId;
      const said = resolution(id, { outcome: 'failed' });
      await process.payments.resolve(said, OPERATOR);
      const before = shop.store.log.length;
      expect(ended(await process.payments.resolve(said, OPERATOR))).to.equal('replayed done');
      const contrary = await process.payments.resolve(resolution(id), OPERATOR);
      expect(ended(contrary)).to.equal('ILLEGAL_STATE');
      expect(shop.store.log).to.have.length(before);
    });

    it('and only where it is in doubt', async () => {
      const id = await paid(process);
      expect(ended(await process.payments.resolve(resolution(id), OPERATOR))).to.equal(
        'ILLEGAL_STATE',
      );
      const unknown = resolution(id, { operation: commandId() });
      expect(ended(await process.payments.resolve(unknown, OPERATOR))).to.equal('NOT_FOUND');
      const nowhere = resolution(commandId());
      expect(ended(await process.payments.resolve(nowhere, OPERATOR))).to.equal('NOT_FOUND');
    });

    it('and only at the revision they meant', async () => {
      const command = pay();
      await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
      const id = command.commandId;
      const ifRevision = (revision: bigint | undefined) => revision === 1n;
      const stale = await process.payments.resolve(resolution(id, { ifRevision }), OPERATOR);
      expect(stale.kind).to.equal('mismatch');
      expect(stale).to.have.nested.property('payment.revision', 2n);
      await process.payments.inquire({ paymentId: id }, BY_TEST);
      expect(shop.settled().payment(id).operations[0]?.outcome?.by).to.equal('inquiry');
    });

    it('or by the gateway, whoever comes first: the other changes nothing', async () => {
      for (const outcome of ['done', 'failed'] as const) {
        const command = pay();
        await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
        const id = command.commandId;
        await Promise.all([
          process.payments.inquire({ paymentId: id }, BY_TEST),
          process.payments.resolve(resolution(id, { outcome }), OPERATOR),
        ]);
        await shop.untilQuiet(process);
        expect(statusOf(shop.settled().payment(id))).to.be.oneOf(['AUTHORIZED', 'VOIDED']);
      }
    });
  });

  describe('is asked about by hand', () => {
    it('with the outcome, where the gateway knows it', async () => {
      const command = pay();
      await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
      const answer = await process.payments.inquire({ paymentId: command.commandId }, BY_TEST);
      expect(ended(answer)).to.equal('done');
      shop.settled();
    });

    it('and stays in doubt where the gateway does not say', async () => {
      const command = pay();
      await silently('as-asked', () => process.payments.authorize(command, BY_TEST));
      shop.gateway.inquiryFate = () => ({ instead: { kind: 'no-answer', detail: '' } });
      const answer = await process.payments.inquire({ paymentId: command.commandId }, BY_TEST);
      expect(ended(answer)).to.equal('in-doubt');
    });

    it('about every outcome where nothing is in doubt, and a contradiction is written down', async () => {
      const id = await paid(process, { capture: 'auto' });
      await process.payments.refund(giveBack(id, 1n), BY_TEST);
      shop.gateway.inquiryFate = ({ kind }) =>
        kind === 'refund' ? { instead: { kind: 'declined', decline: DECLINE, raw: 'no' } } : {};
      for (let time = 0; time < 2; time++) {
        expect(ended(await process.payments.inquire({ paymentId: id }, BY_TEST))).to.equal('done');
      }
      expect(shop.gateway.inquiries).to.have.length(4);
      const { contradictions, refunded } = shop.audit().payment(id);
      expect(contradictions.map(({ told, by }) => `${told} ${by}`)).to.deep.equal([
        'failed inquiry',
      ]);
      expect(refunded).to.equal(1n);
    });

    it('while the call is still running, and is not said to be settled', async () => {
      shop.gateway.fate = () => ({ says: 'silence' });
      const command = pay();
      const running = process.payments.authorize(command, BY_TEST);
      await shop.time.settle();
      const answer = await process.payments.inquire({ paymentId: command.commandId }, BY_TEST);
      expect(ended(answer)).to.equal('in-doubt');
      await shop.ends(running);
    });
  });
});

import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { statusOf } from '../../shared/payments/amounts.js';
import { operationOf } from '../../shared/payments/payment.js';
import type { GatewayAnswer } from '../../shared/ports/payment-gateway.js';
import { reversalOf } from '../domain/outcome.js';
import { DECLINE, Gate, type Fate } from '../testing/fake-gateway.js';
import {
  AMOUNT,
  commandId,
  ended,
  giveBack,
  paid,
  pay,
  SETTLES_MS,
  Shop,
  take,
  TIMEOUT_MS,
  type PaymentProcess,
} from '../testing/open-test-payments.js';
import { BY_TEST } from '../testing/processes.js';
import type { PaymentAnswer } from './payments.js';

const OPERATOR = { actor: 'kim', correlationId: 'desk-1' };

describe('an answer that comes late', () => {
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

  /** A payment whose outcome is unknown, and the gate its answer, or its request, waits behind. */
  async function silent(
    fate: (gate: Gate) => Fate,
    fields: Parameters<typeof pay>[0] = {},
  ): Promise<{ command: ReturnType<typeof pay>; id: string; gate: Gate }> {
    const gate = new Gate();
    shop.gateway.fate = () => fate(gate);
    const command = pay(fields);
    const answer = await shop.ends(process.payments.authorize(command, BY_TEST));
    expect(ended(answer)).to.equal('in-doubt');
    shop.gateway.fate = () => ({});
    return { command, id: command.commandId, gate };
  }

  const failByHand = (id: string, operation = `${id}-1`) =>
    process.payments.resolve(
      { paymentId: id, commandId: commandId(), operation, outcome: 'failed', reason: 'by phone' },
      OPERATOR,
    );

  it('is taken, whoever has given up waiting for it', async () => {
    const { id, gate } = await silent((answers) => ({ answers }));
    expect(shop.audit().inDoubt).to.equal(AMOUNT);
    gate.open();
    await shop.time.settle();
    expect(statusOf(shop.settled().payment(id))).to.equal('AUTHORIZED');
    expect(shop.gateway.inquiries).to.deep.equal([]);
  });

  it('is taken as a decline, too', async () => {
    const { command, id, gate } = await silent((answers) => ({ does: 'decline', answers }));
    gate.open();
    await shop.time.settle();
    expect(statusOf(shop.settled().payment(id))).to.equal('DECLINED');
    const again = await process.payments.authorize(command, BY_TEST);
    expect(ended(again)).to.equal('replayed PAYMENT_DECLINED');
  });

  it('changes nothing when the same was heard before', async () => {
    const { id, gate } = await silent((answers) => ({ answers }));
    await process.payments.inquire({ paymentId: id }, BY_TEST);
    const before = shop.store.log.length;
    gate.open();
    await shop.time.settle();
    expect(shop.store.log).to.have.length(before);
    shop.settled();
  });

  it('is not listened for, for ever', async () => {
    const { id, gate } = await silent((answers) => ({ says: 'silence', answers }));
    await shop.time.advance(60_000);
    gate.open();
    await shop.time.settle();
    expect(shop.time.waiting).to.equal(0);
    expect(shop.audit().payment(id).operations[0]?.status).to.equal('unknown');
  });

  it('says nothing when it is none', async () => {
    const { gate } = await silent((answers) => ({ says: 'reset', answers }));
    const before = shop.store.log.length;
    gate.open();
    await shop.time.settle();
    expect(shop.store.log).to.have.length(before);
  });

  for (const [capture, undone, status] of [
    ['manual', 'void', 'VOIDED'],
    ['auto', 'refund', 'REFUNDED'],
  ] as const) {
    describe(`that an authorisation (${capture}) was made, after it had been given up`, () => {
      it(`leads to a ${undone} at once`, async () => {
        const { id, gate } = await silent((answers) => ({ answers }), { capture });
        expect(ended(await failByHand(id))).to.equal('done');
        gate.open();
        await shop.time.settle();
        const payment = shop.settled().payment(id);
        expect(statusOf(payment)).to.equal(status);
        expect(operationOf(payment, reversalOf(id))?.kind).to.equal(undone);
      });

      it('does so when the process dies before the gateway is called for it', async () => {
        const { id, gate } = await silent((answers) => ({ answers }), { capture });
        await failByHand(id);
        shop.store.afterAppend = () => process.kill();
        gate.open();
        await shop.time.settle();
        shop.store.afterAppend = undefined;
        expect(shop.gateway.callsOf(undone)).to.deep.equal([]);
        const next = await shop.open();
        await shop.untilQuiet(next);
        expect(statusOf(shop.settled().payment(id))).to.equal(status);
      });

      it('does so when the call for it is lost', async () => {
        const { id, gate } = await silent((answers) => ({ answers }), { capture });
        await failByHand(id);
        shop.gateway.fate = ({ time }) => (time === 1 ? { does: 'lost', says: 'reset' } : {});
        gate.open();
        await shop.time.settle();
        await shop.untilQuiet(process);
        expect(statusOf(shop.settled().payment(id))).to.equal(status);
      });

      it('does so when its answer is lost, and once only', async () => {
        const { id, gate } = await silent((answers) => ({ answers }), { capture });
        await failByHand(id);
        shop.gateway.fate = () => ({ says: 'reset' });
        gate.open();
        await shop.time.settle();
        await shop.untilQuiet(process);
        expect(statusOf(shop.settled().payment(id))).to.equal(status);
        expect(shop.gateway.callsOf(undone)).to.have.length(1);
      });

      it('does not tell the caller, who was told no, that it is done', async () => {
        const { command, id, gate } = await silent((answers) => ({ answers }), { capture });
        await failByHand(id);
        const first = await process.payments.authorize(command, BY_TEST);
        expect(ended(first)).to.equal('replayed PAYMENT_DECLINED');
        gate.open();
        await shop.time.settle();
        expect(await process.payments.authorize(command, BY_TEST)).to.deep.equal(first);
      });

      it('leaves another payment of the order alone', async () => {
        const orderId = `order-late-${capture}`;
        const { id, gate } = await silent((answers) => ({ answers }), { capture, orderId });
        await failByHand(id);
        const second = await paid(process, { orderId, capture });
        gate.open();
        await shop.time.settle();
        const audit = shop.settled();
        expect(statusOf(audit.payment(id))).to.equal(status);
        expect(statusOf(audit.payment(second))).to.be.oneOf(['AUTHORIZED', 'CAPTURED']);
      });
    });
  }

  it('that a capture was made, after it had been given up, is posted today', async () => {
    const id = await paid(process);
    const gate = new Gate();
    shop.gateway.fate = () => ({ answers: gate });
    const command = take(id, 20_000n);
    await shop.ends(process.payments.capture(command, BY_TEST));
    await failByHand(id, command.commandId);
    const told = await process.payments.capture(command, BY_TEST);
    expect(ended(told)).to.equal('replayed CAPTURE_DECLINED');
    gate.open();
    await shop.time.settle();
    expect(shop.settled().payment(id)).to.include({ captured: 20_000n });
    expect(await process.payments.capture(command, BY_TEST)).to.deep.equal(told);
  });

  it('that a refund was made, after it had been given up, is posted with its reservation', async () => {
    const id = await paid(process, { capture: 'auto' });
    const gate = new Gate();
    shop.gateway.fate = () => ({ answers: gate });
    const command = giveBack(id, 20_000n);
    await shop.ends(process.payments.refund(command, BY_TEST));
    await failByHand(id, command.commandId);
    expect(shop.audit().balance('2130:seller-1')).to.equal(0n);
    gate.open();
    await shop.time.settle();
    expect(shop.settled().balance('2010:seller-1')).to.equal(20_000n - AMOUNT);
  });

  it('that there is no room for is written down, and the books stand', async () => {
    const id = await paid(process, { capture: 'auto' });
    const gate = new Gate();
    shop.gateway.fate = () => ({ does: 'lost', answers: gate, instead: doneWith(AMOUNT) });
    const command = giveBack(id);
    await shop.ends(process.payments.refund(command, BY_TEST));
    await failByHand(id, command.commandId);
    shop.gateway.fate = () => ({});
    expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('done');
    gate.open();
    await shop.time.settle();
    const payment = shop.audit().payment(id);
    expect(payment).to.include({ refunded: AMOUNT });
    expect(payment.contradictions).to.have.length(1);
  });

  describe('that contradicts what was heard before', () => {
    const contradicted = async (fate: (gate: Gate) => Fate): Promise<string> => {
      const { id, gate } = await silent(fate);
      shop.gateway.inquiryFate = (_inquiry, time) =>
        time === 1 ? { instead: { kind: 'declined', decline: DECLINE, raw: 'first no' } } : {};
      await process.payments.inquire({ paymentId: id }, BY_TEST);
      expect(statusOf(shop.audit().payment(id))).to.equal('DECLINED');
      gate.open();
      await shop.time.settle();
      return id;
    };

    it('is written down and asked about; what the gateway then says is the truth', async () => {
      const id = await contradicted((answers) => ({ answers }));
      expect(shop.gateway.inquiries).to.have.length(2);
      const payment = shop.settled().payment(id);
      expect(payment.contradictions).to.have.length(1);
      expect(statusOf(payment)).to.equal('VOIDED');
    });

    it('is left in the books where the gateway stands by what it said first', async () => {
      const id = await contradicted((answers) => ({
        does: 'decline',
        answers,
        instead: doneWith(AMOUNT),
      }));
      const payment = shop.settled().payment(id);
      expect(statusOf(payment)).to.equal('DECLINED');
      expect(payment.contradictions.map(({ told, by }) => `${told} ${by}`)).to.deep.equal([
        'done answer',
      ]);
    });

    it('is written down where the books have it as done', async () => {
      const gate = new Gate();
      shop.gateway.fate = () => ({
        answers: gate,
        instead: { kind: 'declined', decline: DECLINE, raw: 'no' },
      });
      const command = pay();
      await shop.ends(process.payments.authorize(command, BY_TEST));
      await process.payments.inquire({ paymentId: command.commandId }, BY_TEST);
      gate.open();
      await shop.time.settle();
      const payment = shop.settled().payment(command.commandId);
      expect(statusOf(payment)).to.equal('AUTHORIZED');
      expect(payment.contradictions).to.have.length(1);
      expect(shop.gateway.inquiries).to.have.length(2);
    });
  });

  describe('of another amount', () => {
    it('is no outcome: a person has to look', async () => {
      shop.gateway.fate = () => ({ instead: doneWith(AMOUNT - 1n) });
      const command = pay();
      const answer = await process.payments.authorize(command, BY_TEST);
      expect(ended(answer)).to.equal('in-doubt');
      const { operations } = shop.audit().payment(command.commandId);
      expect(operations[0]?.unknown?.reason).to.equal('mismatch');
    });

    it('is written down once, however often the gateway repeats it', async () => {
      shop.gateway.inquiryFate = () => ({ instead: doneWith(AMOUNT - 1n) });
      const { id } = await silent(() => ({ says: 'reset' }));
      await process.payments.inquire({ paymentId: id }, BY_TEST);
      await process.payments.inquire({ paymentId: id }, BY_TEST);
      const unknown = shop.types().filter((type) => type === 'OutcomeUnknown');
      expect(unknown).to.have.length(2);
      const { since, reason } = shop.audit().payment(id).operations[0]?.unknown ?? {};
      expect(reason).to.equal('mismatch');
      expect(since).to.equal(shop.time.now);
    });
  });

  it('after the gateway had twice said that it knows nothing, is the truth all the same', async () => {
    const { id, gate } = await silent((arrives) => ({ arrives }));
    await shop.time.advance(SETTLES_MS - TIMEOUT_MS - 1);
    expect(ended(await ask(process, id))).to.equal('in-doubt');
    await shop.time.advance(1);
    expect(ended(await ask(process, id))).to.equal('in-doubt');
    expect(ended(await ask(process, id))).to.equal('done');
    expect(statusOf(shop.audit().payment(id))).to.equal('DECLINED');
    gate.open();
    await shop.time.settle();
    expect(statusOf(shop.settled().payment(id))).to.equal('VOIDED');
  });
});

function ask({ payments }: PaymentProcess, paymentId: string): Promise<PaymentAnswer> {
  return payments.inquire({ paymentId }, BY_TEST);
}

function doneWith(amount: bigint): Extract<GatewayAnswer, { kind: 'done' }> {
  const said = { gatewayId: 'pg-odd', currency: 'KRW', raw: '{}', occurredAt: 1_700_000_000_000 };
  return { kind: 'done', amount, ...said };
}

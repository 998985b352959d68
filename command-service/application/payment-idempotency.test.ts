import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { statusOf } from '../../shared/payments/amounts.js';
import { Gate } from '../testing/fake-gateway.js';
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
import type { AuthorizePayment, PaymentAnswer } from './payments.js';

describe('the same command again', () => {
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

  const counted = (answers: readonly PaymentAnswer[]) => {
    const counts = new Map<string, number>();
    for (const each of answers.map(ended)) counts.set(each, (counts.get(each) ?? 0) + 1);
    return Object.fromEntries(counts);
  };

  it('sent by 50 at once, is carried out once', async () => {
    const gate = new Gate();
    shop.gateway.fate = () => ({ answers: gate });
    const command = pay();
    const all = Array.from({ length: 50 }, () => process.payments.authorize(command, BY_TEST));
    await shop.time.settle();
    gate.open();
    expect(counted(await Promise.all(all))).to.deep.equal({ done: 1, REQUEST_IN_PROGRESS: 49 });
    expect(shop.gateway.calls).to.have.length(1);
    shop.settled();
  });

  it('sent by 50 to two processes at once, is carried out once', async () => {
    const other = await shop.open();
    for (const work of ['authorize', 'capture', 'refund', 'void'] as const) {
      const paymentId = await paid(process, { capture: work === 'refund' ? 'auto' : 'manual' });
      const before = shop.gateway.calls.length;
      const command = { ...giveBack(paymentId), ...pay() };
      const all = Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? process : other).payments[work](command, BY_TEST),
      );
      const answers = counted(await Promise.all(all));
      const again = (answers['REQUEST_IN_PROGRESS'] ?? 0) + (answers['replayed done'] ?? 0);
      expect([answers['done'], again], work).to.deep.equal([1, 49]);
      expect(shop.gateway.calls, work).to.have.length(before + 1);
    }
    shop.settled();
  });

  it('is answered as the first time, whatever came later', async () => {
    const authorize = pay();
    const first = await process.payments.authorize(authorize, BY_TEST);
    const id = authorize.commandId;
    const capture = take(id, 20_000n);
    const captured = await process.payments.capture(capture, BY_TEST);
    const refund = giveBack(id, 5_000n);
    const refunded = await process.payments.refund(refund, BY_TEST);
    await process.payments.capture(take(id), BY_TEST);
    await process.payments.refund(giveBack(id), BY_TEST);
    const before = shop.store.log.length;
    for (const { payments } of [process, await shop.open()]) {
      for (const [one, answer] of [
        [await payments.authorize(authorize, BY_TEST), first],
        [await payments.capture(capture, BY_TEST), captured],
        [await payments.refund(refund, BY_TEST), refunded],
      ]) {
        expect(one).to.deep.equal({ ...answer, replayed: true });
      }
    }
    expect(shop.store.log).to.have.length(before);
    shop.settled();
  });

  it('is answered with the captured payment, where that was one call', async () => {
    const command = pay({ capture: 'auto' });
    const first = await process.payments.authorize(command, BY_TEST);
    await process.payments.refund(giveBack(command.commandId), BY_TEST);
    const again = await process.payments.authorize(command, BY_TEST);
    expect(again).to.deep.equal({ ...first, replayed: true });
    if (again.kind === 'done') expect(statusOf(again.payment)).to.equal('CAPTURED');
  });

  it('while it is in doubt, is answered so, and not carried out again', async () => {
    shop.gateway.fate = () => ({ says: 'reset' });
    const command = pay();
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('in-doubt');
    const other = await shop.open();
    for (const { payments } of [process, other]) {
      const again = await payments.authorize(command, BY_TEST);
      expect(ended(again)).to.equal('replayed in-doubt');
    }
    expect(shop.gateway.calls).to.have.length(1);
  });

  const OTHERS: Readonly<Record<string, (command: AuthorizePayment) => AuthorizePayment>> = {
    amount: (command) => ({ ...command, amount: AMOUNT + 1n }),
    currency: (command) => ({ ...command, currency: 'USD' }),
    order: (command) => ({ ...command, orderId: 'another' }),
    seller: (command) => ({ ...command, sellerId: 'another' }),
    card: (command) => ({ ...command, method: { type: 'card', token: 'tok_other' } }),
    'capture mode': (command) => ({ ...command, capture: 'auto' }),
    description: (command) => ({ ...command, description: 'x' }),
    labels: (command) => ({ ...command, metadata: { a: 'b' } }),
  };
  for (const [what, change] of Object.entries(OTHERS)) {
    it(`with another ${what} is another command, and refused`, async () => {
      const command = pay();
      await process.payments.authorize(command, BY_TEST);
      const answer = await process.payments.authorize(change(command), BY_TEST);
      expect(ended(answer)).to.equal('IDEMPOTENCY_KEY_REUSED');
      expect(shop.gateway.calls).to.have.length(1);
      // The order it named, if another, is free.
      const free = pay({ orderId: 'another' });
      expect(ended(await process.payments.authorize(free, BY_TEST))).to.equal('done');
    });
  }

  it('with a default said out loud is the same command', async () => {
    const command = pay();
    await process.payments.authorize(command, BY_TEST);
    const same = { ...command, capture: 'manual', respondAsync: true } as const;
    expect(ended(await process.payments.authorize(same, BY_TEST))).to.equal('replayed done');
  });

  it('with another amount, reason or meaning is refused, on a payment too', async () => {
    const id = await paid(process, { capture: 'auto' });
    const command = giveBack(id, 100n);
    await process.payments.refund(command, BY_TEST);
    for (const answer of [
      await process.payments.refund({ ...command, amount: 101n }, BY_TEST),
      await process.payments.refund({ ...command, reason: 'x' }, BY_TEST),
      await process.payments.capture(command, BY_TEST),
      await process.payments.void(command, BY_TEST),
    ]) {
      expect(ended(answer)).to.equal('IDEMPOTENCY_KEY_REUSED');
    }
    expect(shop.gateway.callsOf('refund')).to.have.length(1);
  });

  it('is a conflict for merchants who want it so, whatever it asked', async () => {
    const strict = await shop.open({ repetitionConflicts: (merchant) => merchant === 'test' });
    const command = pay();
    const first = await strict.payments.authorize(command, BY_TEST);
    expect(ended(first)).to.equal('done');
    const again = await strict.payments.authorize(command, BY_TEST);
    expect(ended(again)).to.equal('DUPLICATE_REQUEST');
    if (again.kind === 'refused') {
      expect(again.refusal.errors.map(({ value }) => value)).to.include(command.commandId);
    }
    const capture = take(command.commandId);
    await strict.payments.capture(capture, BY_TEST);
    expect(ended(await strict.payments.capture(capture, BY_TEST))).to.equal('DUPLICATE_REQUEST');
    expect(shop.gateway.calls).to.have.length(2);
    const lax = { actor: 'another', correlationId: 'c' };
    expect(ended(await strict.payments.capture(capture, lax))).to.equal('replayed done');
  });

  describe('meant for a revision', () => {
    const at = (wanted: bigint) => (revision: bigint | undefined) => revision === wanted;

    it('is carried out at that one only, and stores nothing else', async () => {
      const id = await paid(process);
      const stale = await process.payments.capture({ ...take(id), ifRevision: at(1n) }, BY_TEST);
      expect(stale).to.have.nested.property('payment.revision', 2n);
      expect(stale.kind).to.equal('mismatch');
      expect(shop.gateway.callsOf('capture')).to.deep.equal([]);
      const good = await process.payments.capture({ ...take(id), ifRevision: at(2n) }, BY_TEST);
      expect(ended(good)).to.equal('done');
    });

    it('does not rest on what this process remembers', async () => {
      const id = await paid(process);
      const other = await shop.open();
      await other.payments.capture(take(id, 1n), BY_TEST);
      const stale = await process.payments.capture({ ...take(id), ifRevision: at(2n) }, BY_TEST);
      expect(stale.kind).to.equal('mismatch');
    });

    it('that this process has not heard of yet is carried out all the same', async () => {
      const id = await paid(process);
      const other = await shop.open();
      await other.payments.capture(take(id, 1n), BY_TEST);
      const command = { ...take(id), ifRevision: at(4n) };
      expect(ended(await process.payments.capture(command, BY_TEST))).to.equal('done');
    });

    it('lets one of two through', async () => {
      const id = await paid(process);
      const other = await shop.open();
      const answers = await Promise.all(
        [process, other].map(({ payments }) =>
          payments.capture({ ...take(id, 10n), ifRevision: at(2n) }, BY_TEST),
        ),
      );
      expect(counted(answers)).to.deep.equal({ done: 1, mismatch: 1 });
      shop.settled();
    });

    it('is answered as before when it was carried out before', async () => {
      const id = await paid(process);
      const command = { ...take(id), ifRevision: at(2n) };
      expect(ended(await process.payments.capture(command, BY_TEST))).to.equal('done');
      expect(ended(await process.payments.capture(command, BY_TEST))).to.equal('replayed done');
    });
  });

  it('with keys of their own, 50 at once are all carried out', async () => {
    const id = await paid(process, { capture: 'auto' });
    const all = Array.from({ length: 50 }, () =>
      process.payments.refund(giveBack(id, 1_000n), BY_TEST),
    );
    expect(counted(await Promise.all(all))).to.deep.equal({ done: 50 });
    expect(shop.settled().payment(id)).to.include({ refunded: AMOUNT });
  });

  it('two refunds at once over the cap: one of them is refused, in whichever process', async () => {
    const other = await shop.open();
    for (const second of [process, other]) {
      const id = await paid(process, { capture: 'auto' });
      const answers = await Promise.all([
        process.payments.refund(giveBack(id, 30_000n), BY_TEST),
        second.payments.refund(giveBack(id, 30_000n), BY_TEST),
      ]);
      expect(counted(answers)).to.deep.equal({ done: 1, REFUND_EXCEEDS_CAPTURED: 1 });
    }
    expect(shop.gateway.callsOf('refund')).to.have.length(2);
    shop.settled();
  });

  it('a capture and a void at once: one of them is refused', async () => {
    const other = await shop.open();
    const id = await paid(process);
    const answers = await Promise.all([
      process.payments.capture(take(id), BY_TEST),
      other.payments.void({ paymentId: id, commandId: commandId() }, BY_TEST),
    ]);
    expect(counted(answers)).to.deep.equal({ done: 1, ILLEGAL_STATE: 1 });
    shop.settled();
  });
});

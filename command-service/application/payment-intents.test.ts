import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { statusOf } from '../../shared/payments/amounts.js';
import { StorageFull, StoreUnavailable } from '../../shared/ports/event-store.js';
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

describe('the intent comes before the call, the outcome after', () => {
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

  it('whatever is asked of the gateway', async () => {
    const atCall: string[] = [];
    shop.gateway.onCall = ({ kind, reference }) => {
      const last = shop.store.log.at(-1);
      expect(last?.data).to.contain(`"operation":"${reference}"`);
      atCall.push(`${kind} after ${last?.type ?? 'nothing'}`);
    };
    const id = await paid(process);
    await process.payments.capture(take(id, 20_000n), BY_TEST);
    await process.payments.refund(giveBack(id), BY_TEST);
    const other = await paid(process);
    await process.payments.void({ paymentId: other, commandId: commandId() }, BY_TEST);
    expect(atCall).to.deep.equal([
      'authorize after AttemptStarted',
      'capture after CaptureStarted',
      'refund after RefundRequested',
      'authorize after AttemptStarted',
      'void after VoidStarted',
    ]);
    shop.settled();
  });

  it('and where the intent cannot be stored the gateway is not called', async () => {
    shop.store.beforeAppend = (stream) => {
      if (stream.startsWith('payment-')) throw new StorageFull('the disk is full');
    };
    const command = pay();
    const failure = await process.payments
      .authorize(command, BY_TEST)
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(StorageFull);
    expect(shop.gateway.calls).to.deep.equal([]);
    shop.store.beforeAppend = undefined;
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('done');
    shop.settled();
  });

  it('and where the outcome cannot be stored it is in doubt, until the gateway is asked', async () => {
    shop.store.beforeAppend = (_stream, [event]) => {
      if (event?.type === 'PaymentAuthorized') throw new StorageFull('the disk is full');
    };
    const command = pay();
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('in-doubt');
    expect(process.failed).to.have.length(1);
    const again = await process.payments.authorize(command, BY_TEST);
    expect(ended(again)).to.equal('REQUEST_IN_PROGRESS');
    shop.store.beforeAppend = undefined;
    await shop.later(20_000, process);
    expect(statusOf(shop.settled().payment(command.commandId))).to.equal('AUTHORIZED');
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('replayed done');
    expect(shop.gateway.callsOf('authorize')).to.have.length(1);
  });

  it('and one whose storing is in doubt itself is not called for, and ends as not processed', async () => {
    shop.store.afterAppend = (_stream, [event]) => {
      if (event?.type === 'CaptureStarted') throw new StoreUnavailable('no answer');
    };
    const id = await paid(process);
    const command = take(id);
    const failure = await process.payments
      .capture(command, BY_TEST)
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(StoreUnavailable);
    shop.store.afterAppend = undefined;
    await shop.untilQuiet(process);
    expect(shop.settled().payment(id)).to.include({ captured: 0n });
    const again = await process.payments.capture(command, BY_TEST);
    expect(ended(again)).to.equal('replayed CAPTURE_DECLINED');
    expect(ended(await process.payments.capture(take(id), BY_TEST))).to.equal('done');
  });

  it('001: a retry after a passing failure is not dropped as a duplicate', async () => {
    shop.gateway.fate = () => ({ does: 'lost', says: 'unavailable' });
    const command = pay();
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('in-doubt');
    // The same key tells how it stands, and asks nothing of the gateway a second time.
    const waiting = await process.payments.authorize(command, BY_TEST);
    expect(ended(waiting)).to.equal('replayed in-doubt');
    shop.gateway.fate = () => ({});
    await shop.untilQuiet(process);
    const final = await process.payments.authorize(command, BY_TEST);
    expect(ended(final)).to.equal('replayed PAYMENT_DECLINED');
    const { orderId } = command;
    expect(ended(await process.payments.authorize(pay({ orderId }), BY_TEST))).to.equal('done');
    expect(shop.gateway.callsOf(`${command.commandId}-1`)).to.have.length(1);
    shop.settled();
  });

  it('003: a crash right after the call leaves no charge that nobody knows of', async () => {
    shop.gateway.onCall = () => process.kill();
    const command = pay({ capture: 'auto' });
    void process.payments.authorize(command, BY_TEST);
    await shop.time.settle();
    expect(shop.gateway.truth(command.commandId)).to.include({ captured: AMOUNT });
    shop.gateway.onCall = undefined;
    const next = await shop.open();
    await shop.later(20_000, next);
    expect(statusOf(shop.settled().payment(command.commandId))).to.equal('CAPTURED');
  });

  it('003: a time-out is not a failure', async () => {
    shop.gateway.fate = () => ({ says: 'silence' });
    const command = pay();
    const answer = await shop.ends(process.payments.authorize(command, BY_TEST));
    expect(ended(answer)).to.equal('in-doubt');
    const audit = shop.audit();
    expect(statusOf(audit.payment(command.commandId))).to.equal('AUTHORIZING');
    expect(audit.inDoubt).to.equal(AMOUNT);
    expect(shop.types()).not.to.include('AttemptDeclined');
    const [operation] = audit.payment(command.commandId).operations;
    expect(operation?.unknown).to.include({ reason: 'timeout', since: shop.time.now });
  });

  for (const says of ['timeout', 'reset', 'unavailable', 'garbled', 'throw'] as const) {
    it(`guesses nothing of a call that ends with "${says}"`, async () => {
      for (const does of ['as-asked', 'lost', 'decline'] as const) {
        shop.gateway.fate = () => ({ does, says });
        const command = pay();
        expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('in-doubt');
        const [operation] = shop.audit().payment(command.commandId).operations;
        expect(operation?.unknown?.reason).to.equal(says === 'throw' ? 'garbled' : says);
      }
      await shop.untilQuiet(process);
      const statuses = shop.settled().payments.map(statusOf);
      expect(statuses).to.deep.equal(['AUTHORIZED', 'DECLINED', 'DECLINED']);
    });
  }

  describe('closing', () => {
    it('waits for what is running, and takes nothing more', async () => {
      const gate = new Gate();
      shop.gateway.fate = () => ({ answers: gate });
      const running = process.payments.authorize(pay(), BY_TEST);
      const beside = await process.payments.authorize(pay({ respondAsync: true }), BY_TEST);
      expect(ended(beside)).to.equal('in-doubt');
      await shop.time.settle();
      let isClosed = false;
      const closed = process.payments.close().then(() => {
        isClosed = true;
      });
      await shop.time.settle();
      expect(isClosed).to.equal(false);
      const refused = await process.payments
        .authorize(pay(), BY_TEST)
        .catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Error);
      gate.open();
      expect(ended(await running)).to.equal('done');
      await closed;
      shop.settled();
    });

    it('does not wait for an answer that is merely listened for', async () => {
      const gate = new Gate();
      shop.gateway.fate = () => ({ says: 'silence', answers: gate });
      const running = process.payments.authorize(pay(), BY_TEST);
      expect(ended(await shop.ends(running))).to.equal('in-doubt');
      await process.payments.close();
      gate.open();
      await shop.time.settle();
      expect(shop.time.waiting, 'given up, so nothing is waited for').to.equal(0);
    });
  });
});

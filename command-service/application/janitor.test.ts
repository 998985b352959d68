import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorageFull } from '../../shared/ports/event-store.js';
import { statusOf } from '../../shared/payments/amounts.js';
import { Gate, type InquiryFate } from '../testing/fake-gateway.js';
import {
  AMOUNT,
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
import { SCHEDULE_MS } from './janitor.js';

const PENDING: InquiryFate = { instead: { kind: 'pending', raw: '' } };
const DAY_MS = 86_400_000;

describe('the janitor', () => {
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

  /** A payment of which nothing was heard, and that the gateway has made, or not. */
  async function doubtful(does: 'as-asked' | 'lost' = 'as-asked'): Promise<string> {
    shop.gateway.fate = () => ({ does, says: 'reset' });
    const command = pay();
    expect(ended(await process.payments.authorize(command, BY_TEST))).to.equal('in-doubt');
    shop.gateway.fate = () => ({});
    await shop.time.settle();
    return command.commandId;
  }

  const asked = () => shop.gateway.inquiries.length;
  const status = (id: string) => shop.audit().payment(id).operations[0]?.status;

  it('asks the gateway on its schedule to the millisecond, then leaves it to a person', async () => {
    expect(SCHEDULE_MS).to.deep.equal([
      5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000,
    ]);
    const id = await doubtful();
    shop.gateway.inquiryFate = () => PENDING;
    let passed = 0;
    for (const [index, after] of SCHEDULE_MS.entries()) {
      await shop.later(after - 1 - passed, process);
      expect(asked(), `before ${after}`).to.equal(index);
      await shop.later(1, process);
      expect(asked(), `at ${after}`).to.equal(index + 1);
      await shop.later(0, process);
      expect(asked(), `at ${after}, once`).to.equal(index + 1);
      passed = after;
    }
    for (let days = 0; days < 10; days++) await shop.later(DAY_MS, process);
    expect(asked()).to.equal(SCHEDULE_MS.length);
    expect(status(id)).to.equal('unknown');
  });

  it('makes up once for what it missed, and goes on with the schedule', async () => {
    await doubtful();
    shop.gateway.inquiryFate = () => PENDING;
    await shop.time.advance(130_000);
    const next = await shop.open();
    await shop.later(0, next);
    await shop.later(400_000, next);
    expect(asked()).to.equal(1);
    await shop.later(70_000, next);
    expect(asked()).to.equal(2);
  });

  it('finds out what was done', async () => {
    const id = await doubtful();
    await shop.later(5_000, process);
    expect(statusOf(shop.settled().payment(id))).to.equal('AUTHORIZED');
    expect(process.ledger.payments.sizes()).to.deep.include({ openOperations: 0 });
  });

  for (const [what, fate] of [
    ['fails', { instead: { kind: 'no-answer', detail: '503' } }],
    ['is not answered', { instead: 'silence' }],
    ['meets a defect', { instead: 'throw' }],
    ['finds the gateway still at it', PENDING],
  ] as const) {
    it(`takes an inquiry that ${what} for no answer`, async () => {
      const id = await doubtful('lost');
      shop.gateway.inquiryFate = () => fate;
      const before = shop.store.log.length;
      await shop.untilQuiet(process);
      expect(asked()).to.be.above(4);
      expect(shop.store.log).to.have.length(before);
      expect(status(id)).to.equal('unknown');
    });
  }

  describe('told that the gateway knows nothing', () => {
    it('waits for its time-out to be over, then believes it the second time', async () => {
      const id = await doubtful('lost');
      await shop.later(30_000, process);
      expect(asked()).to.equal(1);
      expect(shop.types()).not.to.include('OutcomeNotFound');
      await shop.later(90_000, process);
      expect(shop.types().at(-1)).to.equal('OutcomeNotFound');
      expect(status(id)).to.equal('unknown');
      await shop.later(480_000, process);
      const [operation] = shop.settled().payment(id).operations;
      expect(operation?.outcome).to.include({ failure: 'not-processed', by: 'inquiry' });
      expect(operation?.outcome?.decline).to.include({ code: 'not_processed', retryable: true });
      expect(shop.types().at(-1)).to.equal('AttemptDeclined');
    });

    it('does not count what two processes were told at the same time as twice', async () => {
      const id = await doubtful('lost');
      const other = await shop.open();
      await shop.time.advance(SETTLES_MS + TIMEOUT_MS);
      await Promise.all([process.payments.lookAfter(), other.payments.lookAfter()]);
      expect(asked()).to.equal(2);
      expect(status(id)).to.equal('unknown');
      await shop.untilQuiet(process, other);
      expect(statusOf(shop.settled().payment(id))).to.equal('DECLINED');
    });

    it('does not count what two who asked at once were told as twice', async () => {
      const id = await doubtful('lost');
      await shop.time.advance(SETTLES_MS);
      const inquiry = { paymentId: id };
      await Promise.all([
        process.payments.inquire(inquiry, BY_TEST),
        process.payments.inquire(inquiry, BY_TEST),
      ]);
      expect(asked()).to.equal(2);
      expect(status(id)).to.equal('unknown');
    });

    it('gives back what a refund had reserved', async () => {
      const id = await paid(process, { capture: 'auto' });
      shop.gateway.fate = () => ({ does: 'lost', says: 'reset' });
      await process.payments.refund(giveBack(id, 20_000n), BY_TEST);
      expect(shop.audit().balance('2130:seller-1')).to.equal(-20_000n);
      await shop.untilQuiet(process);
      expect(shop.settled().balance('2130:seller-1')).to.equal(0n);
      shop.gateway.fate = () => ({});
      expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('done');
      expect(shop.settled().payment(id)).to.include({ refunded: AMOUNT });
    });
  });

  it('leaves alone what this process is still waiting for', async () => {
    shop.gateway.fate = () => ({ says: 'silence' });
    const running = process.payments.authorize(pay(), BY_TEST);
    await shop.time.advance(TIMEOUT_MS - 1);
    await process.payments.lookAfter();
    expect(asked()).to.equal(0);
    expect(ended(await shop.ends(running))).to.equal('in-doubt');
  });

  it('leaves it alone whatever the clock jumps to', async () => {
    const gate = new Gate();
    shop.gateway.fate = () => ({ answers: gate });
    const running = process.payments.authorize(pay(), BY_TEST);
    await shop.time.settle();
    shop.time.now += DAY_MS;
    await process.payments.lookAfter();
    expect(shop.types().at(-1)).to.equal('AttemptStarted');
    gate.open();
    expect(ended(await running)).to.equal('done');
    shop.settled();
  });

  it('leaves alone what another process may still be waiting for', async () => {
    const other = await shop.open();
    shop.gateway.fate = () => ({ says: 'silence' });
    const command = pay();
    void process.payments.authorize(command, BY_TEST);
    await shop.time.settle();
    process.kill();
    await shop.later(TIMEOUT_MS + 1_999, other);
    expect(shop.types().at(-1)).to.equal('AttemptStarted');
    await shop.later(1, other);
    expect(shop.types().slice(-2)).to.deep.equal(['OutcomeUnknown', 'PaymentAuthorized']);
    const [event] = shop.store.log.filter(({ type }) => type === 'OutcomeUnknown');
    expect(event?.data).to.contain('"interrupted"');
    shop.settled();
  });

  it('looks after the others where one goes wrong, and after that one again soon', async () => {
    const first = await doubtful();
    const second = await doubtful();
    // The last step of the schedule: there is no other after it.
    await shop.time.advance(2 * DAY_MS);
    shop.store.beforeAppend = (stream) => {
      if (stream === `payment-${first}`) throw new StorageFull('the disk is full');
    };
    await shop.later(0, process);
    expect([status(first), status(second)]).to.deep.equal(['unknown', 'done']);
    expect(process.failed).to.have.length(1);
    await shop.later(500, process);
    expect(asked(), 'and not at every round').to.equal(2);
    shop.store.beforeAppend = undefined;
    await shop.later(30_000, process);
    expect(status(first)).to.equal('done');
    shop.settled();
  });

  it('goes round once at a time', async () => {
    await doubtful();
    shop.gateway.inquiryFate = () => PENDING;
    await shop.time.advance(5_000);
    await Promise.all([process.payments.lookAfter(), process.payments.lookAfter()]);
    expect(asked()).to.equal(1);
  });

  describe('of an authorisation whose time is over', () => {
    const WEEK_MS = 7 * DAY_MS;
    let id: string;
    beforeEach(async () => {
      shop.gateway.expiresAfterMs = WEEK_MS;
      id = await paid(process);
      await process.payments.capture(take(id, 20_000n), BY_TEST);
    });

    it('asks the gateway, and ends it where that agrees', async () => {
      await shop.later(WEEK_MS - 1, process);
      expect(asked()).to.equal(0);
      shop.gateway.expire(id);
      await shop.later(1, process);
      const audit = shop.settled();
      expect(audit.payment(id)).to.include({ expired: 30_000n, captured: 20_000n });
      expect(shop.types().at(-1)).to.equal('AuthorizationExpired');
      expect(audit.balance('9010:simulator')).to.equal(0n);
      expect(ended(await process.payments.refund(giveBack(id), BY_TEST))).to.equal('done');
      await shop.later(DAY_MS, process);
      expect(asked()).to.equal(1);
    });

    it('asks again an hour later where that disagrees', async () => {
      await shop.later(WEEK_MS, process);
      expect(asked()).to.equal(1);
      await shop.later(3_599_999, process);
      expect(asked()).to.equal(1);
      expect(shop.audit().payment(id)).to.include({ expired: 0n });
      shop.gateway.expire(id);
      await shop.later(1, process);
      expect(shop.settled().payment(id)).to.include({ expired: 30_000n });
    });

    it('does not ask once nothing is left to capture', async () => {
      await process.payments.capture(take(id), BY_TEST);
      await shop.later(WEEK_MS, process);
      expect(asked()).to.equal(0);
    });

    it('lets a capture under way have its outcome first', async () => {
      await shop.time.advance(WEEK_MS - 1);
      shop.gateway.fate = () => ({ says: 'reset' });
      await process.payments.capture(take(id, 10_000n), BY_TEST);
      shop.gateway.expire(id);
      await shop.later(1, process);
      expect(shop.audit().payment(id)).to.include({ expired: 0n });
      await shop.later(5_000, process);
      await shop.later(3_600_000, process);
      expect(shop.settled().payment(id)).to.include({ captured: 30_000n, expired: 20_000n });
    });

    it('and no capture is begun any more, whatever the gateway says', async () => {
      await shop.time.advance(WEEK_MS);
      expect(ended(await process.payments.capture(take(id), BY_TEST))).to.equal('ILLEGAL_STATE');
      expect(shop.gateway.callsOf('capture')).to.have.length(1);
    });
  });

  it('takes an authorisation nobody heard of, and that is over by now, for none', async () => {
    const id = await doubtful();
    shop.gateway.expire(id);
    await shop.later(5_000, process);
    expect(statusOf(shop.audit().payment(id))).to.equal('DECLINED');
    expect(shop.audit().open).to.deep.equal([]);
  });
});

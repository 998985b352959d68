import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decodeEvent } from '../../shared/events/codec.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  account,
  BY_TEST,
  day,
  done,
  grant,
  NOON,
  outcome,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import type { PlaceHold, SettleHold } from './ledger.js';
import type { OpenLedger } from './open-ledger.js';

const ANN = account('points:ann');
const STREAM = 'account-points:ann';

describe('holds', () => {
  let store: RacingEventStore;
  let processes: Processes;
  let ledger: OpenLedger;
  beforeEach(async () => {
    store = new RacingEventStore();
    processes = new Processes(store);
    ledger = await processes.open();
    done(await ledger.declareAccount(POINTS, BY_TEST));
    done(await ledger.postEntry(grant('g', ANN, 100n), BY_TEST));
  });
  afterEach(async () => {
    store.beforeAppend = undefined;
    await processes.close();
  });

  const place = (fields: Partial<PlaceHold> = {}, by = ledger) =>
    by.placeHold(
      {
        id: 'h',
        account: ANN,
        amount: 60n,
        currency: 'KRW',
        expiresAt: NOON + 1000,
        description: 'a basket',
        ...fields,
      },
      BY_TEST,
    );
  const settle = (fields: Partial<SettleHold> = {}, by = ledger) =>
    by.settleHold(
      { account: ANN, id: 'h', commandId: 'c-1', to: account('4010'), ...fields },
      BY_TEST,
    );
  const release = (commandId = 'c-2', by = ledger) =>
    by.releaseHold({ account: ANN, id: 'h', commandId }, BY_TEST);
  const take = async (id: string, amount: bigint, by = ledger) =>
    outcome(await by.postEntry(spend(id, ANN, amount), BY_TEST));
  const ofStream = () =>
    store.log
      .filter(({ stream }) => stream === STREAM)
      .map((recorded) => decodeEvent(recorded).event.type);

  it('gives expired money back today, whatever day the entry that needs it is for', async () => {
    done(await place());
    processes.now = NOON + 1000;
    const backdated = { ...spend('s', ANN, 100n), effectiveDate: day('2026-01-05') };
    expect(outcome(await ledger.postEntry(backdated, BY_TEST))).to.equal('done');
    const days = store.log
      .filter(({ stream }) => stream === STREAM)
      .map((recorded) => decodeEvent(recorded))
      .map(({ event, metadata }) => [event.type, metadata.effectiveDate, metadata.occurredAt]);
    expect(days).to.deep.equal([
      ['HoldPlaced', '2026-11-20', undefined],
      ['HoldReleased', '2026-11-20', undefined],
      ['EntryPosted', '2026-01-05', undefined],
    ]);
  });

  it('sets money aside, and pays it out', async () => {
    expect(done(await place())).to.deep.include({
      id: 'h',
      account: ANN,
      status: 'held',
      amount: 60n,
      currency: 'KRW',
      expiresAt: NOON + 1000,
      stream: STREAM,
      revision: 0n,
    });
    expect(await take('s', 41n)).to.equal('INSUFFICIENT_BALANCE');
    expect(done(await settle({ amount: 45n }))).to.deep.include({
      status: 'settled',
      amount: 45n,
      currency: 'KRW',
      revision: 1n,
    });
    expect(await take('s', 56n)).to.equal('INSUFFICIENT_BALANCE');
    expect(await take('s', 55n)).to.equal('done');
    expect(ofStream()).to.deep.equal(['HoldPlaced', 'HoldSettled', 'EntryPosted']);
  });

  it('gives money back', async () => {
    done(await place());
    expect(done(await release())).to.deep.include({ status: 'released', amount: 60n });
    expect(await take('s', 100n)).to.equal('done');
  });

  it('refuses accounts that cannot be held on, or paid to', async () => {
    expect(outcome(await place({ account: account('1010') }))).to.equal('ACCOUNT_NOT_GUARDED');
    expect(outcome(await place({ account: account('nope') }))).to.equal('ACCOUNT_UNKNOWN');
    expect(outcome(await place({ account: account(`${ANN}:held`) }))).to.equal('ACCOUNT_RESERVED');
    expect(outcome(await place({ amount: 101n }))).to.equal('INSUFFICIENT_BALANCE');
    done(await place());
    expect(outcome(await settle({ to: account('nope') }))).to.equal('ACCOUNT_UNKNOWN');
    expect(outcome(await settle({ to: account('points:bob:held') }))).to.equal('ACCOUNT_RESERVED');
    expect(outcome(await settle({ id: 'other' }))).to.equal('NOT_FOUND');
    expect(outcome(await settle({ account: account('points:bob') }))).to.equal('NOT_FOUND');
  });

  it('lets two guarded accounts take part in one act', async () => {
    done(await place());
    expect(outcome(await settle({ to: account('points:bob') }))).to.equal('done');
    const other = await processes.open();
    const back = await other.postEntry(spend('s', 'points:bob', 60n), BY_TEST);
    expect(outcome(back)).to.equal('done');
  });

  describe('a command that is sent again', () => {
    it('answers as before: place', async () => {
      const first = done(await place());
      const other = await processes.open();
      processes.now += 5000;
      for (const by of [ledger, other]) {
        expect(await place({}, by)).to.deep.equal({ kind: 'done', value: first, replayed: true });
        expect(outcome(await place({ amount: 61n }, by))).to.equal('IDEMPOTENCY_KEY_REUSED');
      }
      await ledger.expireHolds();
      expect(outcome(await place())).to.equal('replayed');
      expect(ofStream()).to.deep.equal(['HoldPlaced', 'HoldReleased']);
    });

    it('answers as before: settle', async () => {
      done(await place());
      const first = done(await settle());
      const other = await processes.open();
      for (const by of [ledger, other]) {
        expect(await settle({}, by)).to.deep.equal({ kind: 'done', value: first, replayed: true });
        expect(outcome(await settle({ amount: 1n }, by))).to.equal('IDEMPOTENCY_KEY_REUSED');
        expect(outcome(await settle({ commandId: 'x' }, by))).to.equal('HOLD_CLOSED');
        expect(outcome(await release('x', by))).to.equal('HOLD_CLOSED');
      }
      expect(ofStream()).to.deep.equal(['HoldPlaced', 'HoldSettled']);
    });

    it('answers as before: release', async () => {
      done(await place());
      const first = done(await release());
      const other = await processes.open();
      for (const by of [ledger, other]) {
        expect(await release('c-2', by)).to.deep.equal({
          kind: 'done',
          value: first,
          replayed: true,
        });
        expect(outcome(await release('c-3', by))).to.equal('HOLD_CLOSED');
        expect(outcome(await settle({}, by))).to.equal('HOLD_CLOSED');
      }
    });

    it('is refused while the first runs', async () => {
      const running = place();
      expect(outcome(await place())).to.equal('REQUEST_IN_PROGRESS');
      done(await running);
    });

    it('by two processes at once is carried out once', async () => {
      const other = await processes.open();
      const placed = await Promise.all([place(), place({}, other)]);
      expect(placed.map(outcome).sort()).to.deep.equal(['done', 'replayed']);
      const settled = await Promise.all([settle(), settle({}, other)]);
      expect(settled.map(outcome).sort()).to.deep.equal(['done', 'replayed']);
      expect(ofStream()).to.deep.equal(['HoldPlaced', 'HoldSettled']);
    });

    it('after a crash between claim and hold is completed once', async () => {
      store.beforeAppend = (stream) => {
        if (stream === STREAM) throw new StoreUnavailable('gone');
      };
      let fault: unknown;
      await place().catch((error: unknown) => (fault = error));
      expect(fault).to.be.instanceOf(StoreUnavailable);
      store.beforeAppend = undefined;
      expect(outcome(await settle())).to.equal('NOT_FOUND');
      expect(outcome(await place())).to.equal('done');
      expect(outcome(await place())).to.equal('replayed');
      expect(ofStream()).to.deep.equal(['HoldPlaced']);
    });
  });

  it('settles and releases at once in two processes: one of them wins', async () => {
    const other = await processes.open();
    done(await place());
    const answers = await Promise.all([settle(), release('c-2', other)]);
    expect(answers.map(outcome).sort()).to.deep.equal(['HOLD_CLOSED', 'done']);
    expect(ofStream()).to.have.length(2);
  });

  describe('when its time is over', () => {
    beforeEach(async () => {
      done(await place());
      done(await place({ id: 'later', amount: 10n, expiresAt: NOON + 9000 }));
      processes.now = NOON + 1000;
    });

    it('cannot be settled, before and after it is given back', async () => {
      expect(outcome(await settle())).to.equal('HOLD_EXPIRED');
      await ledger.expireHolds();
      expect(outcome(await settle())).to.equal('HOLD_EXPIRED');
      expect(outcome(await release())).to.equal('HOLD_EXPIRED');
    });

    it('is given back by whoever looks, once; others stay', async () => {
      const other = await processes.open();
      await Promise.all([ledger.expireHolds(), other.expireHolds(), ledger.expireHolds()]);
      expect(ofStream()).to.deep.equal(['HoldPlaced', 'HoldPlaced', 'HoldReleased']);
      expect(await take('s', 91n)).to.equal('INSUFFICIENT_BALANCE');
      expect(await take('s', 90n)).to.equal('done');
      processes.now = NOON + 9000;
      await other.expireHolds();
      expect(ofStream()).to.have.length(5);
      expect(other.metrics().openHolds).to.equal(0);
    });

    it('is given back by a command that needs the money, in the same append', async () => {
      expect(await take('small', 30n)).to.equal('done');
      expect(ofStream()).to.have.length(3);
      const answer = done(await ledger.postEntry(spend('large', ANN, 60n), BY_TEST));
      expect(ofStream().slice(3)).to.deep.equal(['HoldReleased', 'EntryPosted']);
      const stored = store.log.at(-1);
      expect([answer.revision, answer.position]).to.deep.equal([
        stored?.revision,
        stored?.position,
      ]);
      expect(await take('large', 60n)).to.equal('replayed');
    });

    it('ends however many there are', async () => {
      done(await ledger.postEntry(grant('g2', ANN, 1000n), BY_TEST));
      for (let index = 0; index < 450; index++) {
        done(await place({ id: `h-${index}`, amount: 1n, expiresAt: NOON + 2000 }));
      }
      processes.now = NOON + 2000;
      const appends: number[] = [];
      store.beforeAppend = (_stream, events) => appends.push(events.length);
      await ledger.expireHolds();
      expect(appends).to.deep.equal([200, 200, 51]);
    });
  });

  it('settles right behind its own placing, and once the janitor is in between', async () => {
    const placed = place({ expiresAt: NOON + 1000 });
    done(await placed);
    processes.now = NOON + 1000;
    const [, settled, released] = await Promise.all([
      ledger.expireHolds(),
      settle(),
      ledger.postEntry(spend('s', ANN, 100n), BY_TEST),
    ]);
    expect(outcome(settled)).to.equal('HOLD_EXPIRED');
    expect(outcome(released)).to.equal('done');
  });
});

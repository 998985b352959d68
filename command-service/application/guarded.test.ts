import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decodeEvent } from '../../shared/events/codec.js';
import type { LegInput } from '../../shared/ledger/entry.js';
import {
  AppendTooLarge,
  MAX_APPEND_BYTES,
  StoreUnavailable,
  type NewEvent,
} from '../../shared/ports/event-store.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  account,
  BY_TEST,
  done,
  grant,
  legs,
  NOON,
  outcome,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import type { OpenLedger } from './open-ledger.js';

const ANN = 'points:ann';
const STREAM = 'account-points:ann';

describe('guarded accounts', () => {
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
    store.afterAppend = undefined;
    await processes.close();
  });

  const take = (id: string, amount: bigint, by = ledger) =>
    by.postEntry(spend(id, ANN, amount), BY_TEST);
  const postedIds = () =>
    store.log.flatMap((recorded) => {
      const { event } = decodeEvent(recorded);
      return event.type === 'EntryPosted' ? [event.data.id] : [];
    });

  it('puts what reduces one into its stream, what adds to it into a stream of its own', async () => {
    const value = done(await take('s', 60n));
    expect(value).to.deep.include({ id: 's', stream: STREAM, revision: 0n });
    const claim = store.log.find(({ stream }) => stream === 'entry-s');
    expect(claim?.data).to.equal('{"id":"s","stream":"account-points:ann","afterRevision":"-1"}');
    expect(done(await ledger.postEntry(grant('g2', ANN, 1n), BY_TEST)).stream).to.equal('entry-g2');
  });

  it('never goes below the floor, and says what there is', async () => {
    done(await take('a', 60n));
    const refused = await take('b', 41n);
    if (refused.kind !== 'refused') throw new Error('overdrawn');
    expect(refused.refusal.code).to.equal('INSUFFICIENT_BALANCE');
    expect(refused.refusal.errors[1]).to.deep.include({ field: 'available', value: '40' });
    expect(postedIds()).not.to.include('b');
    expect(store.log.some(({ stream }) => stream === 'entry-b')).to.equal(false);
    expect(outcome(await take('c', 40n))).to.equal('done');
    done(await ledger.postEntry(grant('g2', ANN, 41n), BY_TEST));
    expect(outcome(await take('b', 41n))).to.equal('done');
  });

  it('guards the account of the code itself, behind its declaration', async () => {
    done(await ledger.postEntry(grant('code', 'points', 5n), BY_TEST));
    const take5 = await ledger.postEntry(spend('c', 'points', 5n), BY_TEST);
    expect(done(take5)).to.deep.include({ stream: 'account-points', revision: 1n });
    expect(outcome(await ledger.postEntry(spend('d', 'points', 1n), BY_TEST))).to.equal(
      'INSUFFICIENT_BALANCE',
    );
    expect(outcome(await ledger.declareAccount(POINTS, BY_TEST))).to.equal('replayed');
  });

  it('splits what does not fit one append, counted in the bytes that are stored', async () => {
    const label = '가'.repeat(500);
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, label]));
    store.beforeAppend = (_stream, events) => {
      const bytes = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
      if (bytes > MAX_APPEND_BYTES) throw new AppendTooLarge(`${bytes} bytes`);
    };
    const commands = Array.from({ length: 20 }, (_, i) => ({
      ...spend(`s-${i}`, ANN, 1n),
      metadata,
    }));
    const answers = await ledger.postEntries(commands, BY_TEST);
    expect(answers.map(outcome)).to.deep.equal(commands.map(() => 'done'));
  });

  it('recognises its own event in a state that is forgotten and folded anew', async () => {
    const other = await processes.open();
    const read = store.readStream.bind(store);
    let appends = 0;
    let retried: readonly NewEvent[] = [];
    store.beforeAppend = (stream, events) => {
      if (stream !== STREAM) return;
      appends += 1;
      if (appends !== 1) return;
      // Claimed by all three; then there is too little for the last, which waits for its turn.
      retried = events.slice(2);
      const [first] = events;
      if (first === undefined) throw new Error('nothing is appended');
      store.appendNow(STREAM, 'no-stream', [
        { ...first, data: first.data.replaceAll('"30"', '"20"').replace('"a"', '"x"') },
      ]);
    };
    store.readStream = async (stream, options) => {
      if (stream === STREAM && appends === 2) {
        appends += 1;
        done(await other.postEntry(grant('g2', ANN, 100n), BY_TEST));
        store.appendNow(STREAM, 2n, retried);
        const unknown = { id: 'u', description: 'u', legs: legs('nowhere', '4010', 1n) };
        expect(outcome(await ledger.postEntry(unknown, BY_TEST))).to.equal('ACCOUNT_UNKNOWN');
        ledger.forget();
      }
      return read(stream, options);
    };
    const three = [spend('a', ANN, 30n), spend('b', ANN, 30n), spend('j', ANN, 40n)];
    const answers = await ledger.postEntries(three, BY_TEST);
    expect(answers.map(outcome)).to.deep.equal(['done', 'done', 'replayed']);
    expect(postedIds().filter((id) => id === 'j')).to.have.length(1);
  });

  it('refuses to reduce two, and to touch held money', async () => {
    const two = [...legs(ANN, '4010', 1n), ...legs('points:bob', '4010', 1n)];
    const post = async (lines: readonly LegInput[]) =>
      outcome(await ledger.postEntry({ id: 'x', description: 'x', legs: lines }, BY_TEST));
    expect(await post(two)).to.equal('MULTIPLE_GUARDED_ACCOUNTS');
    expect(await post(legs(`${ANN}:held`, '4010', 1n))).to.equal('ACCOUNT_RESERVED');
    expect(await post(legs('1010', `${ANN}:held`, 1n))).to.equal('ACCOUNT_RESERVED');
  });

  it('moves between two of one owner, and knows the increase by the other’s stream', async () => {
    const moved = { id: 'm', description: 'gift', legs: legs(ANN, 'points:bob', 70n) };
    expect(done(await ledger.postEntry(moved, BY_TEST)).stream).to.equal(STREAM);
    const other = await processes.open();
    expect(outcome(await other.postEntry(spend('s', 'points:bob', 70n), BY_TEST))).to.equal('done');
    expect(outcome(await take('t', 31n, other))).to.equal('INSUFFICIENT_BALANCE');
    expect(outcome(await take('t', 30n, other))).to.equal('done');
  });

  it('sees what another process gave a moment ago', async () => {
    const other = await processes.open();
    done(await take('a', 100n, other));
    done(await other.postEntry(grant('g2', ANN, 30n), BY_TEST));
    done(await take('b', 30n));
    expect(outcome(await take('c', 1n, other))).to.equal('INSUFFICIENT_BALANCE');
  });

  it('refuses on nothing it has not just read: neither other streams nor its own', async () => {
    // A subscription that never gets on: only what is read on purpose is known.
    const slow = new RacingEventStore({ lag: () => Infinity });
    const others = new Processes(slow);
    const [one, two] = [await others.open(), await others.open()];
    done(await one.declareAccount(POINTS, BY_TEST));
    done(await one.postEntry(grant('g', ANN, 100n), BY_TEST));
    done(await take('a', 40n, two));
    const hold = { id: 'h', account: account(ANN), amount: 30n, currency: 'KRW' };
    done(await one.placeHold({ ...hold, expiresAt: NOON + 1, description: 'x' }, BY_TEST));
    done(await take('b', 20n, two));
    done(await one.releaseHold({ account: account(ANN), id: 'h', commandId: 'r' }, BY_TEST));
    expect(outcome(await take('c', 41n, two))).to.equal('INSUFFICIENT_BALANCE');
    expect(outcome(await take('d', 40n, two))).to.equal('done');
    await others.close();
  });

  it('decides and appends many together, in one append, in their order', async () => {
    const streams: string[] = [];
    store.beforeAppend = (stream) => streams.push(stream);
    const batch = Array.from({ length: 12 }, (_, index) => spend(`s-${index}`, ANN, 10n));
    const answers = await ledger.postEntries(batch, BY_TEST);
    expect(answers.map(outcome)).to.deep.equal([
      ...Array.from({ length: 10 }, () => 'done'),
      'INSUFFICIENT_BALANCE',
      'INSUFFICIENT_BALANCE',
    ]);
    expect(streams.filter((stream) => stream === STREAM)).to.have.length(1);
    const positions = answers.slice(0, 10).map((answer) => done(answer).position);
    expect(positions).to.deep.equal(
      store.log.filter(({ stream }) => stream === STREAM).map(({ position }) => position),
    );
    const again = await ledger.postEntries(batch, BY_TEST);
    expect(again.slice(0, 10)).to.deep.equal(
      answers.slice(0, 10).map((answer) => ({ ...answer, replayed: true })),
    );
  });

  it('splits what does not fit one append', async () => {
    done(await ledger.postEntry(grant('g2', ANN, 10_000n), BY_TEST));
    const appends: number[] = [];
    store.beforeAppend = (stream, events) => {
      if (stream === STREAM) appends.push(events.length);
    };
    const batch = Array.from({ length: 700 }, (_, index) => ({
      ...spend(`s-${index}`, ANN, 1n),
      description: 'x'.repeat(2000),
    }));
    const answers = await ledger.postEntries(batch, BY_TEST);
    expect(answers.every((answer) => outcome(answer) === 'done')).to.equal(true);
    expect(appends.reduce((sum, length) => sum + length, 0)).to.equal(700);
    expect(Math.max(...appends)).to.be.below(300);
  });

  describe('a request that is sent again', () => {
    it('answers as before, also when nothing is left', async () => {
      const first = done(await take('s', 100n));
      const other = await processes.open();
      ledger.forget();
      for (const each of [ledger, other]) {
        expect(await take('s', 100n, each)).to.deep.equal({
          kind: 'done',
          value: first,
          replayed: true,
        });
        expect(outcome(await take('s', 99n, each))).to.equal('IDEMPOTENCY_KEY_REUSED');
        expect(outcome(await take('s', 1n, each))).to.equal('IDEMPOTENCY_KEY_REUSED');
      }
      expect(postedIds().filter((id) => id === 's')).to.have.length(1);
    });

    it('is refused while the first one runs', async () => {
      const running = take('s', 1n);
      expect(outcome(await take('s', 1n))).to.equal('REQUEST_IN_PROGRESS');
      expect(outcome(await running)).to.equal('done');
    });

    it('is carried out once by two processes at once', async () => {
      const other = await processes.open();
      const answers = await Promise.all([take('s', 60n), take('s', 60n, other)]);
      expect(answers.map(outcome).sort()).to.deep.equal(['done', 'replayed']);
      expect(postedIds().filter((id) => id === 's')).to.have.length(1);
    });
  });

  describe('a crash', () => {
    const crashAt = (stream: string, when: 'beforeAppend' | 'afterAppend') => {
      store[when] = (appended) => {
        if (appended === stream) throw new StoreUnavailable('gone');
      };
    };
    const fault = async (answer: Promise<unknown>) => {
      let caught: unknown;
      await answer.catch((error: unknown) => (caught = error));
      expect(caught).to.be.instanceOf(StoreUnavailable);
      store.beforeAppend = undefined;
      store.afterAppend = undefined;
    };
    const points = [
      ['before the claim', 'entry-s', 'beforeAppend', 'done'],
      ['after the claim, unanswered', 'entry-s', 'afterAppend', 'done'],
      ['between claim and entry', STREAM, 'beforeAppend', 'done'],
      ['after the entry, unanswered', STREAM, 'afterAppend', 'replayed'],
    ] as const;
    for (const [where, stream, when, then] of points) {
      for (const retriedBy of ['the same process', 'another']) {
        it(`${where}: ${retriedBy} completes it, once`, async () => {
          crashAt(stream, when);
          await fault(take('s', 60n));
          const again = retriedBy === 'another' ? await processes.open() : ledger;
          expect(outcome(await take('s', 60n, again))).to.equal(then);
          expect(outcome(await take('s', 60n, again))).to.equal('replayed');
          expect(outcome(await take('s', 61n, again))).to.equal('IDEMPOTENCY_KEY_REUSED');
          expect(postedIds().filter((id) => id === 's')).to.have.length(1);
          expect(outcome(await take('t', 41n, again))).to.equal('INSUFFICIENT_BALANCE');
        });
      }
    }

    it('leaves no more than a claim where the money is gone by the retry', async () => {
      crashAt(STREAM, 'beforeAppend');
      await fault(take('s', 60n));
      done(await take('t', 50n));
      expect(outcome(await take('s', 60n))).to.equal('INSUFFICIENT_BALANCE');
      done(await ledger.postEntry(grant('g2', ANN, 10n), BY_TEST));
      expect(outcome(await take('s', 60n))).to.equal('done');
    });
  });

  it('gives up, having stored nothing, when others are always first', async () => {
    const other = await processes.open();
    done(await take('warm', 1n));
    let nested = 0;
    store.beforeAppend = (stream, events) => {
      if (stream !== STREAM || !events.some(({ data }) => data.includes('"id":"s"'))) return;
      const last = store.log.findLast((event) => event.stream === STREAM);
      if (last === undefined) return;
      // Another writer, right before: the store has no hook for it, so the log is written directly.
      nested += 1;
      store.appendNow(STREAM, last.revision, [
        { ...last, eventId: `other-${nested}`, data: last.data.replace('"warm"', `"w-${nested}"`) },
      ]);
    };
    expect(outcome(await take('s', 1n))).to.equal('CONTENTION');
    expect(nested).to.equal(8);
    store.beforeAppend = undefined;
    expect(postedIds()).not.to.include('s');
    expect(outcome(await take('s', 1n, other))).to.equal('done');
  });
});

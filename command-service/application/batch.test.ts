import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  BY_TEST,
  done,
  grant,
  legs,
  outcome,
  plain,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import type { PostEntry } from './ledger.js';
import type { OpenLedger } from './open-ledger.js';

const ANN = 'points:ann';
const BOB = 'points:bob';

describe('a batch that brings money and spends it', () => {
  let processes: Processes;
  let ledger: OpenLedger;
  beforeEach(async () => {
    processes = new Processes(new RacingEventStore({ turns: () => 20 }));
    ledger = await processes.open();
    done(await ledger.declareAccount(POINTS, BY_TEST));
  });
  afterEach(() => processes.close());

  const outcomes = async (...entries: readonly PostEntry[]) =>
    (await ledger.postEntries(entries, BY_TEST)).map(outcome);

  it('spends what earlier entries of it brought, along a chain too, and no more', async () => {
    const gift = { id: 'gift', description: 'to bob', legs: legs(ANN, BOB, 10n) };
    expect(
      await outcomes(
        grant('g', ANN, 10n),
        gift,
        spend('b', BOB, 7n),
        spend('b2', BOB, 4n),
        spend('b3', BOB, 3n),
      ),
    ).to.deep.equal(['done', 'done', 'done', 'INSUFFICIENT_BALANCE', 'done']);
  });
});

describe('a batch in which an entry fails while others are being stored', () => {
  it('fails as a whole, and is nobody’s rejection meanwhile', async () => {
    const store = new RacingEventStore();
    const processes = new Processes(store);
    const ledger = await processes.open();
    done(await ledger.declareAccount(POINTS, BY_TEST));
    const append = store.append.bind(store);
    store.append = async (stream, ...rest) => {
      if (stream === 'entry-slow') for (let turn = 0; turn < 10; turn++) await nextTurn();
      if (stream === 'entry-failing') throw new Error('the store is away');
      return append(stream, ...rest);
    };
    const nobodys: unknown[] = [];
    const note = (reason: unknown) => nobodys.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      const batch = [plain('slow'), grant('g', ANN, 9n), spend('failing', ANN, 1n)];
      const failed: unknown = await ledger.postEntries(batch, BY_TEST).catch((e: unknown) => e);
      expect(failed).to.be.an('error').with.property('message', 'the store is away');
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener);
      await processes.close();
    }
    expect(nobodys).to.deep.equal([]);
    expect(store.log.map(({ stream }) => stream)).to.include('entry-slow');
  });
});

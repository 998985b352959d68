import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  BY_TEST,
  done,
  grant,
  legs,
  outcome,
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

import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decodeEvent } from '../../shared/events/codec.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  BY_TEST,
  day,
  done,
  grant,
  legs,
  outcome,
  plain,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import { reversalId } from './fingerprint.js';
import type { ReverseEntry } from './ledger.js';
import type { OpenLedger } from './open-ledger.js';

describe('reversing an entry', () => {
  let store: RacingEventStore;
  let processes: Processes;
  let ledger: OpenLedger;
  beforeEach(async () => {
    store = new RacingEventStore();
    processes = new Processes(store);
    ledger = await processes.open();
    done(await ledger.declareAccount(POINTS, BY_TEST));
    done(await ledger.postEntry(plain('e'), BY_TEST));
  });
  afterEach(() => processes.close());

  const command = (fields: Partial<ReverseEntry> = {}): ReverseEntry => ({
    id: 'e',
    commandId: 'c-1',
    reason: 'a mistake',
    ...fields,
  });
  const reverse = (fields: Partial<ReverseEntry> = {}) =>
    ledger.reverseEntry(command(fields), BY_TEST);
  const posted = () => store.log.filter(({ type }) => type === 'EntryPosted');

  it('posts the same legs with the sides exchanged, and says what it undoes', async () => {
    const value = done(await reverse({ effectiveDate: day('2026-11-19') }));
    const stored = posted().at(-1);
    if (stored === undefined) throw new Error('nothing stored');
    const { event, metadata } = decodeEvent(stored);
    expect(event.data).to.deep.equal({
      id: value.id,
      description: 'a mistake',
      entry: { legs: [...legs('4010', '1010', 500n)].reverse() },
      reverses: 'e',
    });
    expect(metadata.commandId).to.equal('c-1');
    expect(value.effectiveDate).to.equal('2026-11-19');
  });

  it('happens once: a retry repeats, anything else is refused', async () => {
    const first = done(await reverse());
    expect(await reverse()).to.deep.equal({ kind: 'done', value: first, replayed: true });
    expect(outcome(await reverse({ reason: 'other' }))).to.equal('IDEMPOTENCY_KEY_REUSED');
    const refused = await reverse({ commandId: 'c-2' });
    if (refused.kind !== 'refused') throw new Error('reversed twice');
    expect(refused.refusal.code).to.equal('ALREADY_REVERSED');
    expect(refused.refusal.errors[0]?.value).to.equal(first.id);
    expect(posted()).to.have.length(2);
  });

  it('refuses what is not there, and days out of range', async () => {
    expect(outcome(await reverse({ id: 'none' }))).to.equal('NOT_FOUND');
    expect(outcome(await reverse({ effectiveDate: day('2026-12-01') }))).to.equal(
      'EFFECTIVE_DATE_OUT_OF_RANGE',
    );
  });

  it('can itself be reversed', async () => {
    const { id } = done(await reverse());
    done(await reverse({ id, commandId: 'c-2' }));
    expect(outcome(await reverse({ id, commandId: 'c-3' }))).to.equal('ALREADY_REVERSED');
    expect(posted()).to.have.length(3);
  });

  it('happens once when many ask at once, here and in other processes', async () => {
    const others = [ledger, await processes.open(), await processes.open()];
    const answers = await Promise.all(
      others.flatMap((each, index) => [
        each.reverseEntry(command({ commandId: `a-${index}` }), BY_TEST),
        each.reverseEntry(command({ commandId: `b-${index}` }), BY_TEST),
      ]),
    );
    const outcomes = answers.map(outcome);
    expect(outcomes.filter((each) => each === 'done')).to.have.length(1);
    expect(outcomes.filter((each) => each === 'REQUEST_IN_PROGRESS')).to.have.length(3);
    expect(outcomes.filter((each) => each === 'ALREADY_REVERSED')).to.have.length(2);
    expect(posted()).to.have.length(2);
  });

  it('is refused where the money has been spent, and possible once it is back', async () => {
    done(await ledger.postEntry(grant('g', 'points:ann', 10n), BY_TEST));
    done(await ledger.postEntry(spend('s', 'points:ann', 4n), BY_TEST));
    const undo = (commandId: string) => reverse({ id: 'g', commandId });
    expect(outcome(await undo('c-1'))).to.equal('INSUFFICIENT_BALANCE');
    done(await reverse({ id: 's', commandId: 'c-2' }));
    const value = done(await undo('c-3'));
    expect(value.stream).to.equal('account-points:ann');
    expect(await undo('c-3')).to.deep.equal({ kind: 'done', value, replayed: true });
    expect(outcome(await undo('c-1'))).to.equal('ALREADY_REVERSED');
  });

  it('finds the entry in the stream of a guarded account', async () => {
    done(await ledger.postEntry(grant('g', 'points:ann', 10n), BY_TEST));
    done(await ledger.postEntry(spend('s', 'points:ann', 4n), BY_TEST));
    const value = done(await reverse({ id: 's', commandId: 'c-2' }));
    // It gives back, so it can break nothing.
    expect(value.stream).to.equal(`entry-${value.id}`);
    expect(outcome(await ledger.postEntry(spend('t', 'points:ann', 10n), BY_TEST))).to.equal(
      'done',
    );
  });

  it('is refused where its id was given to another entry', async () => {
    done(await ledger.postEntry(grant('g', 'points:ann', 10n), BY_TEST));
    done(await ledger.postEntry(grant('h', 'points:bob', 10n), BY_TEST));
    done(await ledger.postEntry(plain(reversalId('e')), BY_TEST));
    expect(outcome(await reverse())).to.equal('IDEMPOTENCY_KEY_REUSED');
    const other = plain('f');
    done(await ledger.postEntry(other, BY_TEST));
    done(await ledger.postEntry(spend(reversalId('f'), 'points:ann', 1n), BY_TEST));
    expect(outcome(await reverse({ id: 'f' }))).to.equal('IDEMPOTENCY_KEY_REUSED');
    // A reversal in a stream of its own account, whose id is claimed for another one.
    const taking = spend(reversalId('h'), 'points:ann', 8n);
    done(await ledger.postEntry(taking, BY_TEST));
    expect(outcome(await reverse({ id: 'h' }))).to.equal('IDEMPOTENCY_KEY_REUSED');
  });

  it('cannot take from two guarded accounts at once', async () => {
    const both = legs('1010', 'points:ann', 3n).concat(legs('1010', 'points:bob', 4n));
    done(await ledger.postEntry({ id: 'two', description: 'x', legs: both }, BY_TEST));
    expect(outcome(await reverse({ id: 'two', commandId: 'c' }))).to.equal(
      'MULTIPLE_GUARDED_ACCOUNTS',
    );
  });
});

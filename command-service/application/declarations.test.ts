import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BUILT_IN_CHART } from '../../shared/ledger/chart.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import { BY_TEST, done, grant, outcome, POINTS, Processes } from '../testing/processes.js';

describe('declaring accounts', () => {
  let store: RacingEventStore;
  let processes: Processes;
  beforeEach(() => {
    store = new RacingEventStore();
    processes = new Processes(store);
  });
  afterEach(() => processes.close());

  it('begins with the built-in chart, once, however many processes open the log', async () => {
    await Promise.all([processes.open(), processes.open(), processes.open()]);
    await processes.open();
    expect(store.log.map(({ type }) => type)).to.deep.equal(
      BUILT_IN_CHART.map(() => 'AccountDeclared'),
    );
    expect(new Set(store.log.map(({ stream }) => stream)).size).to.equal(BUILT_IN_CHART.length);
    expect(store.log[0]?.metadata).to.include('"$correlationId":"genesis"').and.include('"system"');
  });

  it('declares a code; the same again answers the same; another definition is refused', async () => {
    const [one, two] = [await processes.open(), await processes.open()];
    const asked = { ...POINTS, currencies: ['USD', 'KRW', 'USD'] };
    const first = await one.declareAccount(asked, BY_TEST);
    expect(outcome(first)).to.equal('done');
    expect(done(first).definition.currencies).to.deep.equal(['KRW', 'USD']);
    for (const ledger of [one, two, await processes.open()]) {
      const again = await ledger.declareAccount(asked, BY_TEST);
      expect(again).to.deep.equal({ kind: 'done', value: done(first), replayed: true });
      expect(outcome(await ledger.declareAccount(POINTS, BY_TEST))).to.equal('ACCOUNT_EXISTS');
    }
  });

  it('refuses what is no code, and no currency', async () => {
    const ledger = await processes.open();
    for (const code of ['a:b', '', 'a b', 'x'.repeat(129)]) {
      const answer = await ledger.declareAccount({ ...POINTS, code }, BY_TEST);
      expect(outcome(answer)).to.equal('ACCOUNT_MALFORMED');
    }
    const answer = await ledger.declareAccount({ ...POINTS, currencies: ['XXX'] }, BY_TEST);
    expect(outcome(answer)).to.equal('CURRENCY_UNKNOWN');
  });

  it('is known to another process by the time it is used there', async () => {
    const [one, two] = [await processes.open(), await processes.open()];
    done(await one.declareAccount(POINTS, BY_TEST));
    expect(outcome(await two.postEntry(grant('g', 'points:ann', 5n), BY_TEST))).to.equal('done');
  });

  it('leaves one definition where two processes declare different ones at once', async () => {
    const [one, two] = [await processes.open(), await processes.open()];
    const answers = await Promise.all([
      one.declareAccount(POINTS, BY_TEST),
      two.declareAccount({ ...POINTS, floor: 9n }, BY_TEST),
    ]);
    expect(answers.map(outcome).sort()).to.deep.equal(['ACCOUNT_EXISTS', 'done']);
  });
});

import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import {
  account,
  BY_TEST,
  done,
  grant,
  NOON,
  outcome,
  plain,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import type { OpenLedger } from './open-ledger.js';

/** Counts what is read of the log as a whole. */
class CountingStore extends RacingEventStore {
  firstRead: bigint | undefined;

  override readAll(after: bigint, limit: number) {
    this.firstRead ??= after;
    return super.readAll(after, limit);
  }
}

describe('what is known of the log', () => {
  let folder: string;
  let snapshotFile: string;
  let store: CountingStore;
  let processes: Processes;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-command-'));
    snapshotFile = join(folder, 'command-snapshot.json');
    store = new CountingStore();
    processes = new Processes(store, { snapshotFile });
    const ledger = await processes.open();
    done(await ledger.declareAccount(POINTS, BY_TEST));
    done(await ledger.declareAccount({ ...POINTS, code: 'a.b', currencies: ['KRW'] }, BY_TEST));
    done(await ledger.postEntry(grant('g', 'points:ann', 100n), BY_TEST));
    done(await ledger.postEntry(grant('ab', 'a.b:ann', 9n), BY_TEST));
    done(await ledger.postEntry(plain('p'), BY_TEST));
    const hold = { account: account('points:ann'), amount: 10n, currency: 'KRW' };
    const more = { id: 'h', expiresAt: NOON + 10, description: 'x' };
    done(await ledger.placeHold({ ...hold, ...more }, BY_TEST));
    await processes.close();
    store.firstRead = undefined;
  });
  afterEach(async () => {
    await processes.close();
    await rm(folder, { recursive: true });
  });

  const knows = async (ledger: OpenLedger) => {
    const { codes, guardedBalances, openHolds, position } = ledger.metrics();
    expect([codes, guardedBalances, openHolds]).to.deep.equal([37, 2, 1]);
    expect(position).to.equal(store.log.at(-1)?.position);
    expect(outcome(await ledger.postEntry(spend('s', 'points:ann', 91n), BY_TEST))).to.equal(
      'INSUFFICIENT_BALANCE',
    );
    expect(outcome(await ledger.postEntry(spend('ab-s', 'a.b:ann', 9n), BY_TEST))).to.equal('done');
    expect(outcome(await ledger.postEntry(spend('t', 'points:ann', 90n), BY_TEST))).to.equal(
      'done',
    );
    processes.now = NOON + 10;
    await ledger.expireHolds();
    expect(ledger.metrics().openHolds).to.equal(0);
    expect(outcome(await ledger.postEntry(spend('u', 'points:ann', 10n), BY_TEST))).to.equal(
      'done',
    );
  };

  it('is read from the tail alone after a good snapshot', async () => {
    const last = store.log.at(-1);
    const other = new Processes(store);
    const late = await other.open();
    done(await late.postEntry(plain('while-away'), BY_TEST));
    await other.close();
    store.firstRead = undefined;
    const ledger = await processes.open();
    expect(store.firstRead).to.equal(last?.position);
    await knows(ledger);
  });

  const damages: readonly (readonly [string, (text: string) => string | undefined])[] = [
    ['missing', () => undefined],
    ['empty', () => ''],
    ['cut off', (text) => text.slice(0, text.length / 2)],
    ['changed in one amount', (text) => text.replace('-100', '-900')],
    ['no snapshot at all', () => '{"checksum":"x","body":7}'],
  ];
  for (const [what, damage] of damages) {
    it(`is read from the beginning when the snapshot is ${what}`, async () => {
      const text = await readFile(snapshotFile, 'utf8');
      const damaged = damage(text);
      expect(damaged).not.to.equal(text);
      if (damaged === undefined) await rm(snapshotFile);
      else await writeFile(snapshotFile, damaged);
      const ledger = await processes.open();
      expect(store.firstRead).to.equal(0n);
      await knows(ledger);
    });
  }

  it('is not taken from the snapshot of another log', async () => {
    const elsewhere = new CountingStore();
    let made = 0;
    const ids = () => `other-${made++}`;
    const others = new Processes(elsewhere, { ids });
    const first = await others.open();
    for (let index = 0; index < 10; index++) {
      done(await first.postEntry(plain(`x-${index}`), BY_TEST));
    }
    elsewhere.firstRead = undefined;
    const ledger = await others.open({ snapshotFile });
    expect(elsewhere.firstRead).to.equal(0n);
    expect(ledger.metrics().codes).to.equal(35);
    await others.close();
  });

  it('is written down now and then, and a place that cannot be written harms nobody', async () => {
    const ledger = await processes.open({ snapshotEvery: 1 });
    const before = await readFile(snapshotFile, 'utf8');
    done(await ledger.postEntry(plain('one-more'), BY_TEST));
    await processes.close();
    expect(await readFile(snapshotFile, 'utf8')).not.to.equal(before);

    const nowhere = await processes.open({ snapshotFile: join(folder, 'none', 'x.json') });
    done(await nowhere.postEntry(plain('two-more'), BY_TEST));
    await nowhere.close();
    expect(nowhere.metrics().faults).to.equal(1);
  });

  it('leaves out what it cannot read, and then keeps no snapshot', async () => {
    await rm(snapshotFile);
    const last = store.log.at(-1);
    if (last === undefined) throw new Error('empty log');
    const event = { eventId: 'future', type: 'SomethingNew', data: '{}', metadata: last.metadata };
    store.appendNow('future-1', 'no-stream', [event]);
    const ledger = await processes.open();
    expect(ledger.metrics().undecodable).to.equal(1);
    await processes.close();
    let missing: unknown;
    await readFile(snapshotFile).catch((error: unknown) => (missing = error));
    expect(missing).to.have.property('code', 'ENOENT');
  });

  it('is read on after the subscription broke off', async () => {
    let broken = 0;
    class BreakingStore extends RacingEventStore {
      override async *subscribe(after: bigint, signal: AbortSignal) {
        for await (const events of super.subscribe(after, signal)) {
          if (broken++ === 0) throw new Error('connection lost');
          yield events;
        }
      }
    }
    const breaking = new BreakingStore();
    const others = new Processes(breaking);
    const [one, two] = [await others.open(), await others.open()];
    done(await one.declareAccount(POINTS, BY_TEST));
    expect(outcome(await two.postEntry(grant('g', 'points:ann', 1n), BY_TEST))).to.equal('done');
    expect(one.metrics().faults + two.metrics().faults).to.equal(1);
    await others.close();
  });

  it('takes no commands once it is closed', async () => {
    const ledger = await processes.open();
    const last = ledger.postEntry(plain('last'), BY_TEST);
    const closing = ledger.close();
    let fault: unknown;
    await ledger.postEntry(plain('late'), BY_TEST).catch((error: unknown) => (fault = error));
    expect(fault).to.be.instanceOf(Error);
    await closing;
    expect(outcome(await last)).to.equal('done');
  });
});

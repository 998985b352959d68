import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { openMongoRebuildPlace } from '../../shared/adapters/mongodb/view-rebuild.js';
import { LIVE, ViewStates } from '../../shared/adapters/mongodb/view-state.js';
import { MongoViewStore, openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import { connect } from '../../shared/adapters/mongodb/view-connection.js';
import type { ViewEntry } from '../../shared/adapters/mongodb/view-documents.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { RebuildRunning } from '../../shared/ports/view-rebuild.js';
import type { Row, Table, ViewStore } from '../../shared/ports/view-store.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { AT_ONCE, batch, notes } from './mongo-notes.js';
import { MongoUnderTest } from './mongo-under-test.js';

const EVERYTHING = { index: 'key', prefix: [], limit: 1_000_000 };

/** Says that commits are completed as something else would. */
class ViewStatesThat extends ViewStates {
  whenWritten: (() => Promise<void>) | undefined;

  override async complete(
    view: string,
    entry: ViewEntry,
    upTo: bigint,
  ): Promise<ViewEntry | undefined> {
    await this.whenWritten?.();
    return super.complete(view, entry, upTo);
  }
}

describe('faults of the views in MongoDB', () => {
  let mongo: MongoUnderTest;
  let database: string;
  const opened: ViewStore[] = [];
  before(async () => {
    mongo = await MongoUnderTest.start('memory');
  });
  after(() => mongo.stop());
  beforeEach(() => {
    database = mongo.newDatabase();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close().catch(() => undefined);
    await mongo.drop(database);
  });

  async function open(
    more: Partial<Parameters<typeof openMongoViewStore>[0]> = {},
  ): Promise<MongoViewStore> {
    const store = await openMongoViewStore({ url: mongo.url, database, tables: [notes], ...more });
    opened.push(store);
    return store;
  }

  /** A store in which something happens between the rows of a commit and its checkpoint. */
  async function openStoppable() {
    const connection = await connect({ url: mongo.url, database });
    const states = new ViewStatesThat(connection.collections, LIVE);
    await states.create();
    const store = new MongoViewStore({ connection, states, readonly: false, times: AT_ONCE });
    opened.push(store);
    return { store, states };
  }

  const texts = async (store: ViewStore) =>
    (await store.scan(notes, EVERYTHING)).map((row) => row[1]);
  const crash = () => Promise.reject(new StoreUnavailable('crashed'));

  it('keeps a snapshot as it was while others commit', async () => {
    const store = await open();
    await store.commit(
      'v',
      batch(0n, [
        [1n, 'before'],
        [2n, 'stays'],
      ]),
    );
    await store.snapshot(async (reader) => {
      await store.commit(
        'v',
        batch(1n, [
          [1n, 'after'],
          [3n, 'new'],
        ]),
      );
      await store.commit('v', batch(2n, [[1n, 'later']]));
      expect(await reader.get(notes, [1n])).to.deep.equal([1n, 'before']);
      expect(await reader.get(notes, [3n])).to.equal(undefined);
      expect((await reader.scan(notes, EVERYTHING)).map((row) => row[1])).to.deep.equal([
        'before',
        'stays',
      ]);
      const byText = { index: 'text', prefix: [], limit: 9 };
      expect((await reader.scan(notes, byText)).map((row) => row[0])).to.deep.equal([1n, 2n]);
      const back = { ...byText, reverse: true, limit: 1 };
      expect((await reader.scan(notes, back)).map((row) => row[0])).to.deep.equal([2n]);
      const last = await reader.lastOfEach(notes, 'text', [[], []], 'bz');
      expect(last.map((row) => row?.[1])).to.deep.equal(['before', 'before']);
      expect(await reader.checkpoint('v')).to.equal(1n);
    });
    expect(await texts(store)).to.deep.equal(['later', 'stays', 'new']);
  });

  it('opens for reading where no view was ever written, and sees what is written later', async () => {
    const reader = await open({ readonly: true });
    expect(await reader.get(notes, [1n])).to.equal(undefined);
    await rejection(reader.commit('v', batch(0n, [])));
    const writer = await open();
    await writer.commit('v', batch(0n, [[1n, 'seen']]));
    expect(await reader.get(notes, [1n])).to.deep.equal([1n, 'seen']);
  });

  it('refuses a table that is stored with other columns', async () => {
    await (await open()).commit('v', batch(0n, [[1n, 'x']]));
    const changed: Table = { ...notes, columns: [...notes.columns, ['more', 'int']] };
    expect(String(await rejection(open({ tables: [changed] })))).to.contain('new version');
  });

  it('shows nothing of a commit that was not completed, and is healed by the next one', async () => {
    const { store, states } = await openStoppable();
    const reader = await open({ readonly: true });
    await store.commit(
      'v',
      batch(0n, [
        [1n, 'one'],
        [2n, 'two'],
      ]),
    );
    const half = batch(
      1n,
      [
        [1n, 'half'],
        [2n, 'half'],
        [3n, 'half'],
      ],
      4n,
    );
    states.whenWritten = crash;
    expect(await rejection(store.commit('v', half))).to.be.instanceOf(StoreUnavailable);
    // Twice, so that a crash has met what a crash has left.
    expect(await rejection(store.commit('v', half))).to.be.instanceOf(StoreUnavailable);
    expect(await rejection(store.commit('v', half))).to.be.instanceOf(StoreUnavailable);
    // However often it fails, there is no more to look through.
    const [live] = await mongo.documents(database, 'state', { _id: 'live' });
    expect(live)
      .to.have.nested.property('views.v.deadRanges')
      .deep.equal([{ from: 2n, to: 3n }]);
    expect(await reader.checkpoint('v')).to.equal(1n);
    expect(await texts(reader)).to.deep.equal(['one', 'two']);
    expect(await reader.get(notes, [3n])).to.equal(undefined);
    const byText = { index: 'text', prefix: ['half'], limit: 9 };
    expect(await reader.scan(notes, byText)).to.deep.equal([]);
    states.whenWritten = undefined;
    // Another than that which crashed: one row is not put again.
    expect(
      await store.commit(
        'v',
        batch(
          1n,
          [
            [1n, 'whole'],
            [4n, 'new'],
          ],
          3n,
        ),
      ),
    ).to.equal('committed');
    expect(await texts(reader)).to.deep.equal(['whole', 'two', 'new']);
    expect(
      await mongo.documents(database, 'notes_v1.v.1', { 'row._at': { $in: [2n, 3n, 4n] } }),
    ).to.have.length(1); // A row that was never there: nobody asks for it.
    expect(
      await mongo.documents(database, 'old.v.1', { until: { $in: [2n, 3n, 4n] } }),
    ).to.deep.equal([]);
  });

  it('lets nothing late through of a runner that was fenced while it wrote', async () => {
    const { store: slow, states } = await openStoppable();
    const fast = await open();
    await slow.commit(
      'v',
      batch(0n, [
        [1n, 'one'],
        [2n, 'two'],
      ]),
    );
    // Between the rows of the slow one and its checkpoint the fast one commits twice.
    states.whenWritten = async () => {
      await fast.checkpoint('v');
      expect(await fast.commit('v', batch(1n, [[1n, 'fast']]))).to.equal('committed');
      expect(await fast.commit('v', batch(2n, [[5n, 'fast']]))).to.equal('committed');
    };
    const late = batch(
      1n,
      [
        [1n, 'late'],
        [2n, 'late'],
        [3n, 'late'],
      ],
      9n,
    );
    expect(await slow.commit('v', late)).to.equal('fenced');
    expect(await fast.checkpoint('v')).to.equal(3n);
    expect(await texts(fast)).to.deep.equal(['fast', 'two', 'fast']);
    expect(await slow.commit('v', late)).to.equal('fenced');
    await fast.commit('v', batch(3n, [[2n, 'fast']]));
    expect(await texts(fast)).to.deep.equal(['fast', 'fast', 'fast']);
  });

  it('fences one of two runners at every step, so that each batch is counted once', async () => {
    const runners = [await open(), await open(), await open()];
    const run = async (runner: ViewStore): Promise<number> => {
      let committed = 0;
      for (;;) {
        const after = await runner.checkpoint('v');
        if (after >= 30n) return committed;
        const before = await runner.get(notes, [0n]);
        const count = BigInt(String(before?.[1] ?? '0')) + 1n;
        const rows: readonly Row[] = [
          [0n, String(count)],
          [after + 1n, 'x'],
        ];
        if ((await runner.commit('v', batch(after, rows))) === 'committed') committed++;
      }
    };
    const committed = await Promise.all(runners.map(run));
    expect(committed.reduce((a, b) => a + b, 0)).to.equal(30);
    expect(await runners[0]?.get(notes, [0n])).to.deep.equal([0n, '30']);
  });

  it('says so when a snapshot is so old that what it shows is gone', async () => {
    const store = await open({ times: AT_ONCE });
    await store.commit('v', batch(0n, [[1n, 'before']]));
    await store.snapshot(async (reader) => {
      expect(await reader.get(notes, [1n])).to.deep.equal([1n, 'before']);
      for (let n = 1n; n < 6n; n++) await store.commit('v', batch(n, [[1n, `after ${n}`]]));
      // Tidied up in the end, at the latest when the store that does it is closed.
      await store.close();
      const failed = await rejection(reader.get(notes, [1n]));
      expect(failed).to.be.instanceOf(StoreUnavailable);
    });
    expect(await mongo.documents(database, 'old.v.1', {})).to.have.length.below(5);
  });

  it('drops what a rebuild has replaced, once nobody can be reading it', async () => {
    const store = await open({ times: AT_ONCE });
    await store.commit('v', batch(0n, [[1n, 'damaged']]));
    const place = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    await place.commit('v', batch(0n, [[1n, 'rebuilt']]));
    const views = [{ name: 'v', tables: [notes] }];
    expect(await place.switchOver(views, [])).to.deep.equal({ kind: 'switched' });
    // As after an answer that was lost.
    expect(await place.switchOver(views, [])).to.deep.equal({ kind: 'switched' });
    await place.close();
    expect(await store.commit('v', batch(1n, [[1n, 'late']]))).to.equal('fenced');
    expect(await store.checkpoint('v')).to.equal(1n);
    for (let n = 1n; n < 4n; n++) await store.commit('v', batch(n, [[n, 'live']]));
    await store.close();
    const names = await mongo.collections(database);
    expect(names.filter((name) => name.startsWith('notes_v1'))).to.deep.equal(['notes_v1.v.2']);
    expect(names.filter((name) => name.startsWith('old'))).to.deep.equal(['old.v.2']);
    expect(await texts(await open())).to.deep.equal(['live', 'live', 'live']);
  });

  it('does not let a rebuild switch that has lost its lease', async () => {
    const store = await open();
    await store.commit('v', batch(0n, [[1n, 'live']]));
    const views = [{ name: 'v', tables: [notes] }];
    const lost = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    opened.push(lost);
    await lost.commit('v', batch(0n, [[1n, 'lost']]));
    await mongo.endLease(database);
    const next = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    opened.push(next);
    expect(await lost.commit('v', batch(1n, [[1n, 'lost']]))).to.equal('fenced');
    for (const whatever of [false, true]) {
      expect(await rejection(lost.switchOver(views, [], whatever))).to.be.instanceOf(
        RebuildRunning,
      );
    }
    expect(await texts(store)).to.deep.equal(['live']);
    await next.commit('v', batch(0n, [[1n, 'next']]));
    expect(await next.switchOver(views, [])).to.deep.equal({ kind: 'switched' });
    expect(await texts(store)).to.deep.equal(['next']);
  });

  it('leaves a rebuild alone when one that has lost its lease to it is closed', async () => {
    const store = await open();
    await store.commit('v', batch(0n, [[1n, 'live']]));
    const views = [{ name: 'v', tables: [notes] }];
    const lost = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    await mongo.endLease(database);
    const next = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    opened.push(next);
    await next.commit('v', batch(0n, [[1n, 'next']]));
    await lost.close();
    expect(await next.switchOver(views, [])).to.deep.equal({ kind: 'switched' });
    expect(await texts(store)).to.deep.equal(['next']);
  });

  it('puts nothing in place that another has built, whoever was last to ask for that', async () => {
    const store = await open();
    await store.commit('v', batch(0n, [[1n, 'live']]));
    const views = [{ name: 'v', tables: [notes] }];
    const slow = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    opened.push(slow);
    const [live] = await mongo.documents(database, 'state', { _id: 'live' });
    await mongo.endLease(database);
    const next = await openMongoRebuildPlace({ url: mongo.url, database, tables: [notes] });
    opened.push(next);
    await next.commit('v', batch(0n, [[1n, 'next']]));
    // As one does that took the lease, was held up for longer than that lasts, and goes on.
    const { states } = await openStoppable();
    await states.giveTo(String(live?.['builder']));
    for (const whatever of [false, true]) {
      const failed = await rejection(slow.switchOver(views, [], whatever));
      expect(failed).to.be.instanceOf(RebuildRunning);
    }
    expect(await texts(store)).to.deep.equal(['live']);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openViewStore } from '../shared/adapters/sqlite/view-store.js';
import { StorageFull, StoreUnavailable } from '../shared/ports/event-store.js';
import type { ViewStore } from '../shared/ports/view-store.js';
import { FaultyViewStore } from '../shared/testing/faulty-view-store.js';
import { ManualTime } from '../shared/testing/manual-time.js';
import { MemoryEventStore } from '../shared/testing/memory-event-store.js';
import { moved } from '../shared/testing/memory-log.js';
import { Notices } from '../shared/testing/notices.js';
import {
  recordBad,
  recordGood,
  runningTable,
  runningView,
  streamsTable,
  streamsView,
} from '../shared/testing/sample-views.js';
import type { Notice, ProjectionOptions } from './config.js';
import { canonicalDump } from './dump.js';
import { listParked } from './parked.js';
import { projectionTables, startProjection, type Projection } from './service.js';

describe('runner', () => {
  let folder: string;
  let log: MemoryEventStore;
  let store: FaultyViewStore;
  let notices: Notices<Notice>;
  const started: Projection[] = [];
  const streams = streamsView();
  const running = runningView();
  const views = [streams, running];

  const open = () => openViewStore({ folder, tables: projectionTables(views) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-runner-'));
    log = new MemoryEventStore();
    store = new FaultyViewStore(open());
    notices = new Notices();
    streams.poison.clear();
    running.poison.clear();
  });
  afterEach(async () => {
    for (const projection of started.splice(0)) await projection.stop();
    await store.close();
    await log.close();
    await rm(folder, { recursive: true });
  });

  function start(options: Partial<ProjectionOptions> = {}): Projection {
    const projection = startProjection({
      log,
      store,
      views,
      onNotice: notices.push,
      batchSize: 16,
      laggardBatchSize: 8,
      ...options,
    });
    started.push(projection);
    return projection;
  }

  function reached(view: string, position: bigint): Promise<void> {
    return notices.has((n) => n.kind === 'committed' && n.view === view && n.position === position);
  }

  function recordMany(count: number): bigint {
    let last = 0n;
    for (let i = 0; i < count; i++) last = recordGood(log, `s-${i % 5}`);
    return last;
  }

  async function dumps(of: ViewStore): Promise<readonly string[]> {
    const all = [await canonicalDump(of, streamsTable), await canonicalDump(of, runningTable)];
    return all.map(({ sha256 }) => sha256);
  }

  /** What the views must be: the same log, handled in one piece by an undisturbed runner. */
  async function expectRight(): Promise<void> {
    const other = await mkdtemp(join(tmpdir(), 'sagae-runner-'));
    const undisturbed = openViewStore({ folder: other, tables: projectionTables(views) });
    const head = await log.head();
    const seen = new Notices<Notice>();
    const projection = startProjection({ log, store: undisturbed, views, onNotice: seen.push });
    await seen.until(() => projection.health().views.every((v) => v.checkpoint === head));
    await projection.stop();
    expect(await dumps(store)).to.deep.equal(await dumps(undisturbed));
    await undisturbed.close();
    await rm(other, { recursive: true });
  }

  async function caughtUp(projection: Projection): Promise<void> {
    const head = await log.head();
    await notices.until(() => projection.health().views.every((v) => v.checkpoint === head));
  }

  it('handles what there is, then what comes', async () => {
    recordMany(100);
    const projection = start();
    await caughtUp(projection);
    for (let i = 0; i < 10; i++) await reached('running', recordMany(1));
    await caughtUp(projection);
    await expectRight();
    const health = projection.health();
    expect(health.ok).to.equal(true);
    expect(health.views.map(({ standing }) => standing.kind)).to.deep.equal(['running', 'running']);
    const lag = await projection.lag();
    expect(lag.map(({ parked }) => parked)).to.deep.equal([0, 0]);
    expect(lag.map(({ behind, ms }) => [behind, ms])).to.deep.equal([
      [0n, 0],
      [0n, 0],
    ]);
  });

  it('tells how long the oldest event waits, from the start and after a quiet time', async () => {
    const time = new ManualTime();
    let quietMs = 0;
    const clock = () => time.clock() + quietMs;
    const recordAt = (recordedAt: number) => {
      const data = { id: 's-1', description: 'a test', entry: moved('cash', 'sales', 100n) };
      const event = { type: 'EntryPosted' as const, data };
      return log.record({ event, effective: '2026-01-02', recordedAt, stream: 's-1' });
    };
    const faults = () => notices.all.filter(({ kind }) => kind === 'fault').length;
    recordAt(clock() - 5_000);
    store.failBefore(new StoreUnavailable('away'));
    const projection = start({ clock, pause: time.pause });
    await notices.until(() => faults() === 2);
    expect((await projection.lag()).map(({ ms }) => ms)).to.deep.equal([5_000, 5_000]);
    store.failBefore(undefined);
    await time.advance(5_000);
    await caughtUp(projection);
    quietMs = 3_600_000;
    store.failBefore(new StoreUnavailable('away again'));
    recordAt(clock() - 2_000);
    await notices.until(() => faults() === 4);
    expect((await projection.lag()).map(({ ms }) => ms)).to.deep.equal([2_000, 2_000]);
    store.failBefore(undefined);
  });

  it('goes on where it was when it is started again', async () => {
    recordMany(50);
    const first = start();
    await caughtUp(first);
    await first.stop();
    const commits = store.commits;
    recordMany(50);
    await caughtUp(start());
    await expectRight();
    expect(store.commits - commits).to.be.at.least(2);
  });

  it('takes a view that is behind to the others, while these go on', async () => {
    recordMany(60);
    const alone = start({ views: [streams] });
    await caughtUp(alone);
    await alone.stop();
    const both = start();
    await caughtUp(both);
    await reached('streams', recordMany(1));
    await caughtUp(both);
    await expectRight();
  });

  it('changes nothing when it fails between fold and commit, and waits with growing pauses', async () => {
    const time = new ManualTime();
    recordMany(20);
    store.failBefore(new StorageFull('no space'));
    const projection = start({ clock: time.clock, pause: time.pause, random: () => 0.5 });
    for (let i = 0; i < 4; i++) await time.advance(60_000);
    await time.asleep();
    expect(await store.checkpoint('streams')).to.equal(0n);
    expect((await canonicalDump(store, streamsTable)).rows).to.equal(0);
    expect(projection.health().ok).to.equal(false);
    const pauses = notices.all.flatMap((n) =>
      n.kind === 'fault' && n.view === 'streams' ? n.retryInMs : [],
    );
    expect(pauses.slice(0, 3)).to.deep.equal([38, 75, 150]);
    store.failBefore(undefined);
    await time.advance(60_000);
    await caughtUp(projection);
    expect(projection.health().ok).to.equal(true);
    await expectRight();
  });

  it('handles nothing twice when only the answer to a commit was lost', async () => {
    recordMany(40);
    store.failAfterNext(new StoreUnavailable('cut off'));
    await caughtUp(start());
    await expectRight();
  });

  it('waits while the log cannot be read, and goes on', async () => {
    recordMany(10);
    const projection = start();
    await caughtUp(projection);
    log.breakWith(new StoreUnavailable('gone'));
    await notices.has((n) => n.kind === 'fault' && n.view === undefined);
    expect(projection.health().log).to.contain('gone');
    log.breakWith(undefined);
    recordMany(10);
    await caughtUp(projection);
    expect(projection.health().ok).to.equal(true);
    await expectRight();
  });

  it('parks an undecodable event and the later ones of its stream, and stops what may not', async () => {
    recordGood(log, 'good');
    const before = recordGood(log, 'bad');
    const bad = recordBad(log, 'bad');
    const behind = recordGood(log, 'bad');
    const last = recordGood(log, 'good');
    const projection = start();
    await reached('streams', last);
    await notices.has((n) => n.kind === 'stopped');
    const parked = await listParked(store, 'streams');
    expect(parked.map(({ position }) => position)).to.deep.equal([bad, behind]);
    expect(parked[0]?.stream).to.equal('bad');
    expect((await store.get(streamsTable, ['bad']))?.[1]).to.equal(1n);
    expect((await store.get(streamsTable, ['good']))?.[1]).to.equal(2n);
    const [, stopped] = projection.health().views;
    expect(stopped?.standing).to.include({ kind: 'stopped', position: bad });
    expect(await store.checkpoint('running')).to.equal(before);
    expect(projection.health().ok).to.equal(false);
    expect(projection.health().views[0]?.parked).to.equal(2);
    // A parked stream stays so after a restart.
    await projection.stop();
    const later = recordGood(log, 'bad');
    start();
    await reached('streams', later);
    expect(await listParked(store, 'streams')).to.have.length(3);
  });

  it('treats an event that a fold fails on as one that cannot be decoded', async () => {
    recordMany(7);
    const poisoned = recordGood(log, 'p');
    const behind = recordGood(log, 'p');
    const last = recordMany(20);
    streams.poison.add(poisoned);
    running.poison.add(behind);
    start();
    await reached('streams', last);
    await notices.has((n) => n.kind === 'stopped' && n.position === behind);
    const parked = await listParked(store, 'streams');
    expect(parked.map(({ position }) => position)).to.deep.equal([poisoned, behind]);
    expect(parked[0]?.reason).to.contain('poisoned');
    expect(await store.checkpoint('running')).to.equal(poisoned);
  });

  it('stops a view that has handled more than the log holds', async () => {
    await store.commit('streams', { after: 0n, upTo: 1_000n, puts: [] });
    recordMany(1);
    const projection = start();
    await notices.has((n) => n.kind === 'stopped' && n.view === 'streams');
    expect(projection.health().views[0]?.standing).to.include({ kind: 'stopped' });
  });

  it('fences one of two runners, and the rows are right', async () => {
    const rivals = open();
    const eager = { standbyMs: 1 };
    recordMany(300);
    const first = start(eager);
    const second = start({ ...eager, store: rivals });
    for (let i = 0; i < 50; i++) {
      recordMany(10);
      await Promise.race([caughtUp(first), caughtUp(second)]);
    }
    expect(notices.all.some(({ kind }) => kind === 'fenced')).to.equal(true);
    await first.stop();
    await second.stop();
    await expectRight();
    await rivals.close();
  });

  it('takes over from another runner only when its checkpoint stands still', async () => {
    const time = new ManualTime();
    const rival = open();
    const standbyMs = 1_000;
    const p1 = recordMany(1);
    const projection = start({ views: [streams], clock: time.clock, pause: time.pause, standbyMs });
    await reached('streams', p1);
    await rival.checkpoint('streams');
    const rivalMoves = async (from: bigint, to: bigint) =>
      expect(await rival.commit('streams', { after: from, upTo: to, puts: [] })).to.equal(
        'committed',
      );
    // The rival is quicker: what the runner commits next is fenced.
    await rivalMoves(p1, p1);
    const p2 = recordMany(1);
    await notices.has(({ kind }) => kind === 'fenced');
    const standing = () => projection.health().views[0]?.standing.kind;
    await time.asleep();
    expect(standing()).to.equal('standby');
    await rivalMoves(p1, p2);
    await time.advance(standbyMs);
    await time.asleep();
    expect(standing()).to.equal('standby');
    await time.advance(standbyMs);
    const p3 = recordMany(1);
    await reached('streams', p3);
    expect(standing()).to.equal('running');
    await rival.close();
  });

  it('finishes the batch in hand when it is stopped', async () => {
    recordMany(100);
    const projection = start();
    await notices.has(({ kind }) => kind === 'committed');
    await projection.stop();
    const [first, second] = projection.health().views;
    expect(await store.checkpoint('streams')).to.equal(first?.checkpoint);
    expect(await store.checkpoint('running')).to.equal(second?.checkpoint);
    const commits = store.commits;
    recordMany(5);
    expect(store.commits).to.equal(commits);
  });
});

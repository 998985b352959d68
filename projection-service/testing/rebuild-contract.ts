import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RebuildRunning, type RebuildPlace } from '../../shared/ports/view-rebuild.js';
import type { Row, Table, ViewStore } from '../../shared/ports/view-store.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { MemoryEventStore } from '../../shared/testing/memory-event-store.js';
import { Notices } from '../../shared/testing/notices.js';
import {
  recordBad,
  recordGood,
  runningTable,
  runningView,
  streamsTable,
  streamsView,
} from '../../shared/testing/sample-views.js';
import { ViewHalted } from '../catch-up.js';
import type { Notice } from '../config.js';
import { canonicalDump } from '../dump.js';
import { listParked } from '../parked.js';
import { rebuildViews, type RebuildProgress } from '../rebuild.js';
import { retryParked } from '../retry-parked.js';
import { projectionTables, startProjection, type Projection } from '../service.js';
import { verifyViews, type VerifiedView } from '../verify.js';
import type { View } from '../view.js';

/** Views and a place to rebuild them in, under test. `cleanup` closes what was opened. */
export type RebuiltViewsUnderTest<Place extends RebuildPlace> = Readonly<{
  open: (tables: readonly Table[]) => Promise<ViewStore>;
  openReader: (tables: readonly Table[]) => Promise<ViewStore>;
  openPlace: (tables: readonly Table[]) => Promise<Place>;
  /** Ends a rebuild as a crash would, and lets pass what time it takes to be noticed. */
  crash: (place: Place) => Promise<void>;
  cleanLeftovers: () => Promise<void>;
  /** Views of their own, apart from these. */
  openScratch: (tables: readonly Table[]) => Promise<ViewStore>;
  cleanup: () => Promise<void>;
}>;

/** The suite every adapter of {@link RebuildPlace} has to pass, with what is done by means of it. */
export function rebuildContract<Place extends RebuildPlace>(
  name: string,
  make: () => Promise<RebuiltViewsUnderTest<Place>>,
): void {
  describe(`rebuild, verify, retry: ${name}`, () => {
    let under: RebuiltViewsUnderTest<Place>;
    let log: MemoryEventStore;
    let store: ViewStore;
    let notices: Notices<Notice>;
    const started: Projection[] = [];
    const streams = streamsView();
    const running = runningView();
    const views = [streams, running];
    const tables = projectionTables(views);

    beforeEach(async () => {
      log = new MemoryEventStore();
      under = await make();
      store = await under.open(tables);
      notices = new Notices();
      streams.poison.clear();
    });
    afterEach(async () => {
      for (const projection of started.splice(0)) await projection.stop();
      await under.cleanup();
      await log.close();
    });

    function start(): Projection {
      const onNotice = notices.push;
      const projection = startProjection({ log, store, views, onNotice, standbyMs: 1 });
      started.push(projection);
      return projection;
    }

    async function caughtUp(projection: Projection): Promise<void> {
      const head = await log.head();
      await notices.until(() => projection.health().views.every((v) => v.checkpoint === head));
    }

    async function projectAll(): Promise<void> {
      const projection = start();
      await caughtUp(projection);
      await projection.stop();
    }

    function recordMany(count: number): void {
      for (let i = 0; i < count; i++) recordGood(log, `s-${i % 5}`);
    }

    async function dumps(): Promise<readonly string[]> {
      const all = [
        await canonicalDump(store, streamsTable),
        await canonicalDump(store, runningTable),
      ];
      return all.map(({ sha256 }) => sha256);
    }

    async function rebuild(
      which: readonly View[] = views,
      onProgress: (progress: RebuildProgress) => void = () => undefined,
    ) {
      const place = await under.openPlace(projectionTables(which));
      try {
        return await rebuildViews({ log, place, views: which, onProgress });
      } finally {
        await place.close();
      }
    }

    async function verify(): Promise<readonly VerifiedView[]> {
      const scratch = await under.openScratch(tables);
      const verified = await verifyViews({ log, live: store, scratch, views });
      await scratch.close();
      return verified;
    }

    /** Changes a row behind the back of the program, keeping the checkpoint. */
    async function damage(rows: readonly Row[]): Promise<void> {
      const after = await store.checkpoint('running');
      await store.commit('running', { after, upTo: after, puts: [{ table: runningTable, rows }] });
    }

    it('moves no live checkpoint where one of the views is behind', async () => {
      recordMany(12);
      const place = await under.openPlace(tables);
      await store.commit(streams.name, { after: 0n, upTo: 5n, puts: [] });
      await store.commit(running.name, { after: 0n, upTo: 12n, puts: [] });
      for (const { name } of views) await place.commit(name, { after: 0n, upTo: 10n, puts: [] });
      const answer = await place.switchOver(views, []);
      await under.crash(place);
      expect(answer).to.deep.equal({ kind: 'behind', view: running.name, live: 12n });
      expect(await store.checkpoint(streams.name)).to.equal(5n);
    });

    it('equals the live views, and replaces damaged rows', async () => {
      recordMany(300);
      await projectAll();
      const before = await dumps();
      await damage([[7n, 'changed', 1n]]);
      expect(await dumps()).not.to.deep.equal(before);
      const progress: bigint[] = [];
      const rebuilt = await rebuild(views, ({ position }) => progress.push(position));
      const head = await log.head();
      expect(rebuilt.map(({ view, position }) => [view, position])).to.deep.equal([
        ['streams', head],
        ['running', head],
      ]);
      expect(progress.at(-1)).to.equal(head);
      expect(await dumps()).to.deep.equal(before);
      expect(await store.checkpoint('running')).to.equal(head);
    });

    it('builds one view and leaves the others alone', async () => {
      recordMany(30);
      await projectAll();
      await damage([[7n, 'changed', 1n]]);
      const before = await dumps();
      await rebuild([streams]);
      expect(await dumps()).to.deep.equal(before);
    });

    it('goes on while events are appended and the live views are written and read', async () => {
      recordMany(500);
      const projection = start();
      await caughtUp(projection);
      const reader = await under.openReader(tables);
      for (let round = 0; round < 5; round++) {
        recordMany(20);
        const rebuilding = rebuild(views, () => {
          recordMany(3);
        });
        recordMany(20);
        const seen = await reader.snapshot((snapshot) => snapshot.checkpoint('running'));
        await rebuilding;
        // What a reader sees never goes back.
        const now = await reader.snapshot((snapshot) => snapshot.checkpoint('running'));
        expect(now >= seen).to.equal(true);
      }
      recordMany(10);
      await caughtUp(projection);
      await projection.stop();
      expect((await verify()).map(({ equal }) => equal)).to.deep.equal([true, true]);
      const head = await log.head();
      expect(await reader.get(runningTable, [head])).not.to.equal(undefined);
      await reader.close();
    });

    it('keeps the live views when a view cannot be built', async () => {
      recordMany(20);
      await projectAll();
      const before = await dumps();
      recordBad(log, 'bad');
      expect(await rejection(rebuild())).to.be.instanceOf(ViewHalted);
      expect(await dumps()).to.deep.equal(before);
      expect(await rebuild([streams])).to.deep.equal([
        { view: 'streams', position: await log.head(), parked: 1 },
      ]);
      expect(await listParked(store, 'streams')).to.have.length(1);
    });

    it('rebuilds one at a time, and drops what an interrupted rebuild left', async () => {
      recordMany(20);
      await projectAll();
      const before = await dumps();
      const place = await under.openPlace(tables);
      const rows: readonly Row[] = [[1n, 'left over', 1n]];
      await place.commit('running', { after: 0n, upTo: 1n, puts: [{ table: runningTable, rows }] });
      expect(await rejection(under.openPlace(tables))).to.be.instanceOf(RebuildRunning);
      // A running rebuild is no leftover.
      await under.cleanLeftovers();
      expect(await place.get(runningTable, [1n])).to.deep.equal(rows[0]);
      expect(await dumps()).to.deep.equal(before);
      await under.crash(place);
      await under.cleanLeftovers();
      const next = await under.openPlace(tables);
      expect(await next.checkpoint('running')).to.equal(0n);
      expect(await next.get(runningTable, [1n])).to.equal(undefined);
      await next.close();
      expect(await dumps()).to.deep.equal(before);
    });

    it('finds every difference between a view and its log', async () => {
      recordMany(50);
      recordBad(log, 's-1');
      await start().stop();
      const stopped = start();
      await notices.has(({ kind }) => kind === 'stopped');
      await stopped.stop();
      expect((await verify()).map(({ equal }) => equal)).to.deep.equal([true, true]);
      const [row] = await store.scan(runningTable, { index: 'key', prefix: [], limit: 1 });
      if (row === undefined) throw new Error('no row');
      const [position, stream, total] = row;
      await damage([[position ?? null, stream ?? null, BigInt(String(total)) + 1n]]);
      const [, verdict] = await verify();
      expect(verdict?.equal).to.equal(false);
      expect(verdict?.difference).to.contain('running_v1').and.to.contain(String(total));
      await damage([row, [2n ** 60n, 'invented', 0n]]);
      expect((await verify())[1]?.difference).to.contain('invented');
    });

    it('retries parked events in order, and fences the runner', async () => {
      const good = recordGood(log, 'p');
      const poisoned = recordGood(log, 'p');
      recordGood(log, 'p');
      recordBad(log, 'q');
      recordGood(log, 'q');
      streams.poison.add(poisoned);
      const projection = startProjection({
        log,
        store,
        views: [streams],
        onNotice: notices.push,
        standbyMs: 1,
      });
      started.push(projection);
      await caughtUp(projection);
      const own = await under.open(tables);
      const first = await retryParked({ log, store: own, view: streams });
      expect(first.resolved).to.equal(0);
      expect(first.still.map(({ stream }) => stream)).to.deep.equal(['p', 'p', 'q', 'q']);
      streams.poison.clear();
      const second = await retryParked({ log, store: own, view: streams });
      expect(second.resolved).to.equal(2);
      expect(second.still.map(({ stream }) => stream)).to.deep.equal(['q', 'q']);
      expect(await store.get(streamsTable, ['p'])).to.deep.equal([
        'p',
        3n,
        [1n, 2n, 3n].reduce((digest, step) => digest * 31n + step, 7n),
      ]);
      expect(good < poisoned).to.equal(true);
      recordGood(log, 'p');
      await notices.has(({ kind }) => kind === 'fenced');
      await caughtUp(projection);
      expect((await store.get(streamsTable, ['p']))?.[1]).to.equal(4n);
      expect(await listParked(store, 'streams')).to.have.length(2);
      await own.close();
    });
  });
}

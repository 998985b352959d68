import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openRebuildPlace } from '../shared/adapters/sqlite/view-rebuild.js';
import { openViewStore, type SqliteViewStore } from '../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../shared/ports/event-store.js';
import { MemoryEventStore } from '../shared/testing/memory-event-store.js';
import { Notices } from '../shared/testing/notices.js';
import { recordGood, runningView } from '../shared/testing/sample-views.js';
import type { Notice } from './config.js';
import { rebuildViews } from './rebuild.js';
import { projectionTables, startProjection } from './service.js';
import { verifyViews } from './verify.js';

const LOST = '8aaa';
const KEPT = '8bbb';

describe('views beside another log, such as one restored from an older copy', () => {
  const views = [runningView()];
  const tables = projectionTables(views);
  let folder: string;
  let store: SqliteViewStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-other-log-'));
    store = openViewStore({ folder, tables });
    expect(await project(await logOf(LOST, 5))).to.equal('running');
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** A log of so many events, whose ids hold four hexadecimal digits that tell it from others. */
  async function logOf(digits: string, events: number): Promise<MemoryEventStore> {
    const like = new MemoryEventStore();
    for (let i = 0; i < events; i++) recordGood(like, `${digits}-${i}`);
    const log = new MemoryEventStore();
    for (const { stream, eventId, type, data, metadata } of await like.readAll(0n, events)) {
      log.recordRaw(stream, { eventId: eventId.replace('8000', digits), type, data, metadata });
    }
    return log;
  }

  /** How the view stands once it has come as far as it goes. */
  async function project(log: EventStore): Promise<string | undefined> {
    const notices = new Notices<Notice>();
    const projection = startProjection({ log, store, views, onNotice: notices.push });
    const head = await log.head();
    const [view] = projection.health().views;
    if (view === undefined) throw new Error('no view');
    await notices.until(() => {
      const { checkpoint, standing } = projection.health().views[0] ?? view;
      return standing.kind === 'stopped' || (standing.kind === 'running' && checkpoint === head);
    });
    const standing = projection.health().views[0]?.standing.kind;
    await projection.stop();
    return standing;
  }

  async function rebuild(log: EventStore): Promise<void> {
    const place = openRebuildPlace({ folder, tables });
    await rebuildViews({ log, place, views }).finally(() => place.close());
  }

  async function verify(log: EventStore) {
    const apart = await mkdtemp(join(tmpdir(), 'sagae-verify-'));
    const scratch = openViewStore({ folder: apart, tables });
    const [verdict] = await verifyViews({ log, live: store, scratch, views });
    await scratch.close();
    await rm(apart, { recursive: true });
    return verdict;
  }

  for (const [what, events] of [
    ['shorter', 2],
    ['as long', 5],
    ['longer', 9],
  ] as const) {
    it(`are found out and rebuilt where it is ${what}`, async () => {
      const log = await logOf(KEPT, events);
      expect(await project(log)).to.equal('stopped');
      expect((await verify(log))?.equal).to.equal(false);
      await rebuild(log);
      expect((await verify(log))?.equal).to.equal(true);
      recordGood(log, 's-new');
      expect(await project(log)).to.equal('running');
      expect((await verify(log))?.equal).to.equal(true);
    });
  }

  it('that hold nothing of it are not taken for right because they are ahead', async () => {
    const log = await logOf(LOST, 5);
    const after = await store.checkpoint('running');
    await store.commit('running', { after, upTo: after + 100n, puts: [] });
    expect((await verify(log))?.difference).to.contain('of another log');
  });
});

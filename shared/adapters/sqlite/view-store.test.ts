import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorageFull } from '../../ports/event-store.js';
import type { Row, Table, ViewStore } from '../../ports/view-store.js';
import { rejection } from '../../testing/event-samples.js';
import { viewStoreContract } from '../../testing/view-store-contract.js';
import { openViewStore } from './view-store.js';

viewStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sagae-views-'));
  const opened: ViewStore[] = [];
  return {
    open: (tables) => {
      const store = openViewStore({ folder, tables });
      opened.push(store);
      return Promise.resolve(store);
    },
    cleanup: async () => {
      for (const store of opened) await store.close().catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
});

const notes: Table = {
  name: 'notes_v1',
  columns: [
    ['id', 'int'],
    ['text', 'text'],
  ],
  key: ['id'],
  indexes: {},
};

describe('sqlite view store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-views-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function put(store: ViewStore, after: bigint, rows: readonly Row[]) {
    return store.commit('v', { after, upTo: after + 1n, puts: [{ table: notes, rows }] });
  }

  it('keeps a snapshot as it was while others commit', async () => {
    const store = openViewStore({ folder, tables: [notes] });
    await put(store, 0n, [[1n, 'before']]);
    await store.snapshot(async (reader) => {
      await put(store, 1n, [[1n, 'after']]);
      expect(await reader.get(notes, [1n])).to.deep.equal([1n, 'before']);
      expect(await reader.checkpoint('v')).to.equal(1n);
    });
    expect(await store.get(notes, [1n])).to.deep.equal([1n, 'after']);
    await store.close();
  });

  it('opens for reading where no view was ever written, and sees what is written later', async () => {
    const reader = openViewStore({ folder, tables: [notes], readonly: true });
    expect(await reader.get(notes, [1n])).to.equal(undefined);
    await rejection(put(reader, 0n, []));
    const writer = openViewStore({ folder, tables: [notes] });
    await put(writer, 0n, [[1n, 'seen']]);
    expect(await reader.get(notes, [1n])).to.deep.equal([1n, 'seen']);
    expect(await reader.snapshot((r) => r.get(notes, [1n]))).to.deep.equal([1n, 'seen']);
    await reader.close();
    await writer.close();
  });

  it('refuses a table that is stored with other columns', async () => {
    await openViewStore({ folder, tables: [notes] }).close();
    const changed: Table = { ...notes, columns: [...notes.columns, ['more', 'int']] };
    expect(() => openViewStore({ folder, tables: [changed] })).to.throw('new version');
  });

  it('says that the disk is full, keeps what there was, and heals', async () => {
    const store = openViewStore({ folder, tables: [notes] });
    await put(store, 0n, [[1n, 'kept']]);
    const big = Array.from({ length: 200 }, (_, i): Row => [BigInt(i), 'x'.repeat(4_000)]);
    store.limitPages(20);
    expect(await rejection(put(store, 1n, big))).to.be.instanceOf(StorageFull);
    expect(await store.checkpoint('v')).to.equal(1n);
    expect(await store.get(notes, [1n])).to.deep.equal([1n, 'kept']);
    store.limitPages(10_000);
    expect(await put(store, 1n, big)).to.equal('committed');
    await store.close();
  });
});

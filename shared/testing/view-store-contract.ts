import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StoreUnavailable } from '../ports/event-store.js';
import type { Range, Row, Table, Value, ViewBatch, ViewStore } from '../ports/view-store.js';
import { rejection } from './event-samples.js';
import { TableModel } from './view-store-model.js';

/** A place for views under test. Every store opened from it sees the same rows. */
export type ViewPlaceUnderTest = Readonly<{
  open: (tables: readonly Table[]) => Promise<ViewStore>;
  cleanup: () => Promise<void>;
}>;

const places: Table = {
  name: 'places_v1',
  columns: [
    ['area', 'text'],
    ['number', 'int'],
    ['name', 'text'],
    ['total', 'sum'],
    ['digest', 'blob'],
  ],
  key: ['area', 'number'],
  indexes: { name: ['name', 'number'], number: ['number'] },
};

const counts: Table = {
  name: 'counts_v1',
  columns: [
    ['id', 'int'],
    ['count', 'sum'],
  ],
  key: ['id'],
  indexes: {},
};

/** The suite every adapter of {@link ViewStore} has to pass. */
export function viewStoreContract(name: string, make: () => Promise<ViewPlaceUnderTest>): void {
  describe(`view store contract: ${name}`, () => {
    let place: ViewPlaceUnderTest;
    let store: ViewStore;
    const open = () => place.open([places, counts]);

    beforeEach(async () => {
      place = await make();
      store = await open();
    });
    afterEach(() => place.cleanup());

    keeping(() => store);
    checkpoints(() => store, open);
    ranges(() => store);
    lastRows(() => store);
    snapshots(() => store, open);

    it('refuses everything once closed', async () => {
      await store.close();
      expect(await rejection(store.checkpoint('v'))).to.be.instanceOf(StoreUnavailable);
      expect(await rejection(store.snapshot((r) => r.checkpoint('v')))).to.be.instanceOf(
        StoreUnavailable,
      );
      store = await open();
    });
  });
}

function placeRow(area: string, number: bigint, name = 'n', total = 0n): Row {
  return [area, number, name, total, null];
}

function batch(after: bigint, upTo: bigint, rows: readonly Row[], table = places): ViewBatch {
  return { after, upTo, puts: [{ table, rows }] };
}

function everything(store: ViewStore): Promise<readonly Row[]> {
  return store.scan(places, { index: 'key', prefix: [], limit: 1_000_000 });
}

function keeping(store: () => ViewStore): void {
  it('gives back each type of value as it was put', async () => {
    const rows: readonly Row[] = [
      ['a', 2n ** 63n - 1n, '나라 \u{1F600} \0 \' "', 2n ** 63n, new Uint8Array([0, 255])],
      ['a', -(2n ** 63n), '', -(10n ** 38n), new Uint8Array()],
      ['b', 0n, null, 2n ** 63n - 1n, null],
      ['b', 1n, 'x', null, null],
      ['b', 2n, '12', -(2n ** 63n), null],
    ];
    await store().commit('v', batch(0n, 5n, rows));
    for (const row of rows) {
      expect(await store().get(places, [row[0] ?? null, row[1] ?? null])).to.deep.equal(row);
    }
  });

  it('has no row where none was put', async () => {
    expect(await store().get(places, ['a', 1n])).to.equal(undefined);
    expect(await everything(store())).to.deep.equal([]);
  });

  it('replaces the row with the same key, within a batch too', async () => {
    const first = [placeRow('a', 1n, 'one'), placeRow('a', 1n, 'two')];
    await store().commit('v', batch(0n, 1n, first));
    expect(await everything(store())).to.deep.equal([placeRow('a', 1n, 'two')]);
    await store().commit('v', batch(1n, 2n, [placeRow('a', 1n, 'three')]));
    expect(await everything(store())).to.deep.equal([placeRow('a', 1n, 'three')]);
    // The row it replaced is gone from the other indexes too.
    const range = { index: 'name', prefix: ['two'], limit: 5 };
    expect(await store().scan(places, range)).to.deep.equal([]);
  });

  it('refuses a row of another shape, and then writes nothing of the batch', async () => {
    const good = Array.from({ length: 100 }, (_, i) => placeRow('a', BigInt(i)));
    const bad: Row = ['a', 1n];
    await rejection(store().commit('v', batch(0n, 1n, [...good, bad])));
    expect(await everything(store())).to.deep.equal([]);
    expect(await store().checkpoint('v')).to.equal(0n);
    expect(await store().commit('v', batch(0n, 1n, good))).to.equal('committed');
  });
}

function checkpoints(store: () => ViewStore, open: () => Promise<ViewStore>): void {
  it('keeps a checkpoint for each view, 0 at first', async () => {
    expect(await store().checkpoint('v')).to.equal(0n);
    await store().commit('v', { after: 0n, upTo: 2n ** 62n, puts: [] });
    expect(await store().checkpoint('v')).to.equal(2n ** 62n);
    expect(await store().checkpoint('w')).to.equal(0n);
  });

  it('writes nothing when the checkpoint is another', async () => {
    await store().commit('v', batch(0n, 7n, [placeRow('a', 1n, 'kept')]));
    for (const after of [0n, 6n, 8n]) {
      const late = batch(after, 9n, [placeRow('a', 1n, 'late')]);
      expect(await store().commit('v', late)).to.equal('fenced');
    }
    expect(await everything(store())).to.deep.equal([placeRow('a', 1n, 'kept')]);
    expect(await store().checkpoint('v')).to.equal(7n);
  });

  it('shows another store rows and checkpoint together, and fences it', async () => {
    const other = await open();
    expect(await other.checkpoint('v')).to.equal(0n);
    await store().commit('v', batch(0n, 3n, [placeRow('a', 1n)]));
    expect(await other.commit('v', batch(0n, 4n, []))).to.equal('fenced');
    expect(await other.checkpoint('v')).to.equal(3n);
    expect(await everything(other)).to.have.length(1);
    expect(await other.commit('v', batch(3n, 4n, []))).to.equal('committed');
    expect(await store().commit('v', batch(3n, 5n, []))).to.equal('fenced');
    await other.close();
  });

  it('fences a store that has not seen a commit at its own checkpoint', async () => {
    const other = await open();
    await store().commit('v', batch(0n, 3n, [placeRow('a', 1n, 'first')]));
    await other.checkpoint('v');
    // As a retry of parked events does: rows change, the checkpoint stays.
    await other.commit('v', batch(3n, 3n, [placeRow('a', 1n, 'second')]));
    const late = batch(3n, 4n, [placeRow('a', 1n, 'late')]);
    expect(await store().commit('v', late)).to.equal('fenced');
    await store().checkpoint('v');
    expect(await store().commit('v', late)).to.equal('committed');
    await other.close();
  });

  it('is the same after a batch is repeated', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => placeRow('a', BigInt(i), `n${i % 7}`));
    await store().commit('v', batch(0n, 100n, rows));
    const once = await everything(store());
    await store().commit('v', batch(100n, 100n, rows));
    expect(await everything(store())).to.deep.equal(once);
  });

  it('keeps what was committed when opened again', async () => {
    await store().commit('v', batch(0n, 3n, [placeRow('a', 1n)]));
    await store().commit('v', batch(3n, 4n, [[1n, 2n ** 70n]], counts));
    const again = await open();
    expect(await again.checkpoint('v')).to.equal(4n);
    expect(await again.get(places, ['a', 1n])).to.deep.equal(placeRow('a', 1n));
    expect(await again.get(counts, [1n])).to.deep.equal([1n, 2n ** 70n]);
    await again.close();
  });
}

function ranges(store: () => ViewStore): void {
  it('orders texts by their UTF-8 bytes', async () => {
    // By UTF-16 units the last two would be the other way round.
    const areas = ['', 'A', 'Z', 'a', 'aa', 'é', '가', '\uffff', '\u{1F600}'];
    const rows = areas.map((area) => placeRow(area, 1n));
    await store().commit('v', batch(0n, 1n, [...rows].reverse()));
    expect(await everything(store())).to.deep.equal(rows);
  });

  it('compares bounds as tuples, both included', async () => {
    const rows = ['a', 'b', 'c'].flatMap((area) => [1n, 2n, 3n].map((n) => placeRow(area, n)));
    await store().commit('v', batch(0n, 1n, rows));
    const range = { index: 'key', prefix: [], from: ['a', 3n], to: ['c', 1n], limit: 99 };
    expect(await store().scan(places, range)).to.deep.equal(rows.slice(2, 7));
    const back = { ...range, reverse: true, limit: 2 };
    expect(await store().scan(places, back)).to.deep.equal([rows[6], rows[5]]);
    const shorter = { ...range, from: ['b'], to: ['b'] };
    expect(await store().scan(places, shorter)).to.deep.equal(rows.slice(3, 6));
  });

  it('finds in any range what a plain filter finds', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, fc.array(anyRange, { maxLength: 20 }), async (rows, asked) => {
        const model = await fill(store(), rows);
        for (const range of asked) {
          expect(await store().scan(places, range)).to.deep.equal(model.scan(range));
        }
      }),
      { numRuns: 30 },
    );
  });
}

function lastRows(store: () => ViewStore): void {
  it('finds the last row of each of many prefixes', async () => {
    const rows = Array.from({ length: 700 }, (_, i) => [
      placeRow(`a${i}`, 10n, 'early'),
      placeRow(`a${i}`, 20n, 'late'),
    ]).flat();
    await store().commit('v', batch(0n, 1n, rows));
    const prefixes = Array.from({ length: 701 }, (_, i) => [`a${700 - i}`]);
    const found = await store().lastOfEach(places, 'key', prefixes, 19n);
    expect(found[0]).to.equal(undefined);
    expect(found.slice(1)).to.deep.equal(
      prefixes.slice(1).map(([area]) => placeRow(area ?? '', 10n, 'early')),
    );
    expect(await store().lastOfEach(places, 'key', prefixes, 9n)).to.deep.equal(
      prefixes.map(() => undefined),
    );
    expect(await store().lastOfEach(places, 'key', [], 9n)).to.deep.equal([]);
  });

  it('finds what a plain filter finds', async () => {
    const anyPrefixes = fc.array(fc.tuple(anyArea), { maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(anyRows, anyPrefixes, anyNumber, async (rows, prefixes, upTo) => {
        const model = await fill(store(), rows);
        expect(await store().lastOfEach(places, 'key', prefixes, upTo)).to.deep.equal(
          prefixes.map((prefix) => model.lastOf('key', prefix, upTo)),
        );
        expect(await store().lastOfEach(places, 'name', prefixes, upTo)).to.deep.equal(
          prefixes.map((prefix) => model.lastOf('name', prefix, upTo)),
        );
        expect(await store().lastOfEach(places, 'number', [[], []], upTo)).to.deep.equal(
          [[], []].map((prefix) => model.lastOf('number', prefix, upTo)),
        );
      }),
      { numRuns: 30 },
    );
  });
}

function snapshots(store: () => ViewStore, open: () => Promise<ViewStore>): void {
  it('answers all reads of a snapshot, several at once, and passes on what the reads throw', async () => {
    await store().commit('v', batch(0n, 1n, [placeRow('a', 1n)]));
    const all = await Promise.all(
      Array.from({ length: 40 }, () =>
        store().snapshot(async (reader) => [
          await reader.checkpoint('v'),
          await reader.get(places, ['a', 1n]),
        ]),
      ),
    );
    for (const one of all) expect(one).to.deep.equal([1n, placeRow('a', 1n)]);
    const failure = new Error('of the reader');
    expect(await rejection(store().snapshot(() => Promise.reject(failure)))).to.equal(failure);
  });

  it('never shows rows without their checkpoint, nor a checkpoint without its rows', async () => {
    const writer = await open();
    await store().snapshot(async (reader) => {
      const before = await reader.checkpoint('v');
      await writer.commit('v', batch(0n, 1n, [placeRow('a', 1n)]));
      const seen = await reader.get(places, ['a', 1n]);
      // A store without snapshots shows the row, and the reader knows it to be above `before`.
      if (seen === undefined) expect(await reader.checkpoint('v')).to.equal(before);
    });
    const row = await store().snapshot((reader) => reader.get(places, ['a', 1n]));
    expect(row).to.deep.equal(placeRow('a', 1n));
    await writer.close();
  });
}

const anyArea = fc.constantFrom('', 'a', 'b', 'ab', '\uffff', '\u{1F600}');
const anyNumber = fc.bigInt({ min: -3n, max: 6n });
const anyRow: fc.Arbitrary<Row> = fc.tuple(
  anyArea,
  anyNumber,
  anyArea,
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  fc.constant(null),
);
const anyRows = fc.array(anyRow, { maxLength: 80 });

/** Ranges of any index: some columns fixed, bounds on some of the rest. */
const anyRange: fc.Arbitrary<Range> = fc
  .constantFrom<readonly [string, readonly fc.Arbitrary<Value>[]]>(
    ['key', [anyArea, anyNumber]],
    ['name', [anyArea, anyNumber]],
    ['number', [anyNumber]],
  )
  .chain(([index, columns]) =>
    fc.nat({ max: columns.length }).chain((fixed) => {
      const rest = columns.slice(fixed);
      const bound = fc.nat({ max: rest.length }).chain((n) => fc.tuple(...rest.slice(0, n)));
      return fc.record({
        index: fc.constant(index),
        prefix: fc.tuple(...columns.slice(0, fixed)),
        from: bound,
        to: bound,
        reverse: fc.boolean(),
        limit: fc.integer({ min: 0, max: 100 }),
      });
    }),
  );

/** Puts rows beside those there are, in the store and in a model of it. */
async function fill(store: ViewStore, rows: readonly Row[]): Promise<TableModel> {
  const model = new TableModel(places);
  for (const row of await everything(store)) model.put(row);
  for (const row of rows) model.put(row);
  const checkpoint = await store.checkpoint('v');
  await store.commit('v', batch(checkpoint, checkpoint, rows));
  return model;
}

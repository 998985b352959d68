import { expect } from 'chai';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, it } from 'mocha';
import type { Range, Row, Table, Value } from '../../ports/view-store.js';
import { TableModel } from '../../testing/view-store-model.js';
import { isWithin, textRange } from './view-ranges.js';
import { indexesOf, placeField, placeOf, RowShape } from './view-rows.js';

const table: Table = {
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
const shape = new RowShape(table);

const anyArea = fc.constantFrom('', 'a', 'b', 'ab', '\uffff', '\u{1F600}');
const anyNumber = fc.bigInt({ min: -12n, max: 12n });
const anyDigest: fc.Arbitrary<Value> = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 3 }));
const anyRow: fc.Arbitrary<Row> = fc.tuple(
  anyArea,
  anyNumber,
  anyArea,
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  anyDigest,
);
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
      const prefix = fc.tuple(...columns.slice(0, fixed));
      return fc.record({
        index: fc.constant(index),
        prefix,
        from: bound,
        to: bound,
        limit: fc.constant(1_000),
      });
    }),
  );

describe('rows as documents', () => {
  it('come back as they were put', () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        expect(shape.row(shape.document(row, 1n).row)).to.deep.equal(row);
      }),
    );
  });

  it('carry the number of their commit first, by which late writes are told', () => {
    const { row } = shape.document(['a', 1n, 'n', 0n, null], 7n);
    expect(Object.entries(row)[0]).to.deep.equal(['_at', 7n]);
  });

  it('refuse an integer that would wrap, and keep a sum of any size', () => {
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n]) {
      expect(() => shape.document(['a', value, 'n', 0n, null], 1n)).to.throw('64 bits');
      const { row } = shape.document(['a', 1n, 'n', value, null], 1n);
      expect(row['total']).to.equal(value.toString());
    }
    for (const value of [2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(shape.document(['a', value, 'n', value, null], 1n).row['number']).to.equal(value);
    }
  });

  it('refuse a row of another shape', () => {
    for (const bad of [
      ['a', 1n],
      ['a', 'b', 'n', 0n, null],
      ['a', 1n, 2n, 0n, null],
      ['a', 1n, 'n', 0n, 'text'],
      ['a', 1n, 'n', 0n, null, null],
    ]) {
      expect(() => shape.document(bad, 1n)).to.throw(/column/);
    }
  });

  it('refuse a row that is larger than a document may be', () => {
    const big = (bytes: number): Row => ['a', 1n, 'n', 0n, new Uint8Array(bytes)];
    expect(() => shape.document(big(17_000_000), 1n)).to.throw('too large');
    // Its text is in an index as well.
    expect(() => shape.document(['a', 1n, 'n'.repeat(9_000_000), 0n, null], 1n)).to.throw('large');
    expect(shape.document(big(16_000_000), 1n).row['digest']).to.have.length(16_000_000);
    const asOld = BSON.calculateObjectSize({
      _id: `${table.name} ${2n ** 63n} key`,
      table: table.name,
      key: 'key',
      until: 1n,
      row: shape.document(big(16_770_000), 1n).row,
    });
    expect(asOld).to.be.below(16 * 1024 * 1024);
  });

  it('refuse a table that has no key, or names what cannot be named', () => {
    const broken: readonly Partial<Table>[] = [
      { key: [] },
      { key: ['missing'] },
      { name: 'a.b' },
      // Their collections would be `old.VIEW.N`, of the replaced rows, and the server's own.
      { name: 'old' },
      { name: 'system' },
      // Its field would be the number of the commit.
      { indexes: { at: ['area'] } },
      { indexes: { $where: ['area'] } },
      { indexes: { other: ['missing'] } },
      { columns: [...table.columns, ['_at', 'int']] },
    ];
    for (const change of broken) expect(() => new RowShape({ ...table, ...change })).to.throw();
  });

  it('lie within a range exactly where a plain filter puts them', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 30 }), anyRange, (rows, range) => {
        const model = new TableModel(table);
        const documents = new Map<string, ReturnType<RowShape['document']>>();
        for (const row of rows) {
          const document = shape.document(row, 1n);
          documents.set(document._id, document);
          model.put(row);
        }
        const texts = textRange(table, range);
        const found = [...documents.values()]
          .map(({ _id, row }) => ({ place: placeOf(range.index, _id, row), row }))
          .filter(({ place }) => isWithin(texts, place))
          .sort((a, b) => (a.place < b.place ? -1 : 1));
        expect(found.map(({ row }) => shape.row(row))).to.deep.equal(model.scan(range));
      }),
      { numRuns: 1_000 },
    );
  });

  it('have one index for each that is declared, of the field by which it is read', () => {
    expect(indexesOf(table)).to.deep.equal([
      { name: 'name', key: { 'row._name': 1 } },
      { name: 'number', key: { 'row._number': 1 } },
    ]);
    expect(placeField('key')).to.equal('_id');
    expect(placeField('number')).to.equal('row._number');
  });
});

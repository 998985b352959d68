import type { Row, Table, Value } from '../../ports/view-store.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** How the values of one table are stored and read back. Only sums and bytes differ. */
export type RowShape = Readonly<{
  width: number;
  sums: readonly number[];
  blobs: readonly number[];
  isSum: readonly boolean[];
}>;

/** The shape of a table's rows. */
export function rowShape(table: Table): RowShape {
  const isSum = table.columns.map(([, type]) => type === 'sum');
  const places = (wanted: string) =>
    table.columns.flatMap(([, type], place) => (type === wanted ? [place] : []));
  return { width: isSum.length, sums: places('sum'), blobs: places('blob'), isSum };
}

/** Adds the stored form of a row to a list of parameters. */
export function pushStored(shape: RowShape, row: Row, parameters: Value[]): void {
  if (row.length !== shape.width) {
    throw new Error(`a row of ${row.length} values for ${shape.width} columns`);
  }
  for (let place = 0; place < row.length; place++) {
    const value = row[place];
    if (value === undefined) throw new Error(`column ${place} has no value`);
    parameters.push(shape.isSum[place] === true ? storedSum(value) : value);
  }
}

/** A row as the port promises it, from one as SQLite gives it. */
export function restored(shape: RowShape, stored: Row): Row {
  if (shape.sums.length === 0 && shape.blobs.length === 0) return stored;
  const row = [...stored];
  for (const place of shape.sums) {
    const value = row[place];
    if (typeof value === 'string') row[place] = BigInt(value);
  }
  for (const place of shape.blobs) {
    const value = row[place];
    // A Buffer is given back as what was put in: plain bytes.
    if (value instanceof Uint8Array) row[place] = new Uint8Array(value);
  }
  return row;
}

/** Beyond 64 bits SQLite has no integer: such a sum is kept as its decimal digits. */
function storedSum(value: Value): Value {
  if (typeof value !== 'bigint') {
    if (value === null) return null;
    throw new Error('a sum is an integer');
  }
  return value > INT64_MAX || value < INT64_MIN ? value.toString() : value;
}

import { BSON, type IndexDescription } from 'mongodb';
import type { ColumnType, Row, Table, Value } from '../../ports/view-store.js';
import { orderedText } from './ordered-text.js';

/** The commit that wrote it, the columns by name, and per index `_NAME` its ordered text. */
export type StoredRow = { readonly _at: bigint; readonly [field: string]: Value };

/** A row as it is stored: `_id` is the ordered text of its key. */
export type RowDocument = Readonly<{ _id: string; row: StoredRow }>;

/** A row as it was until the commit `until`; `key` is its `_id` in the table. */
export type OldRow = Readonly<{
  _id: string;
  table: string;
  key: string;
  until: bigint;
  row: StoredRow;
}>;

/** What a server takes for one document, less what an old row and a command add, bytes. */
const MOST_BYTES = 16 * 1024 * 1024 - 4 * 1024;
/** Code units and bytes of values that fit in any case. */
const SURELY_FITS = 1024 * 1024;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** Tables whose collections would be those of the replaced rows, or of the server itself. */
const TAKEN_TABLES: readonly string[] = ['old', 'system'];
/** Its field would be that of the commit's number. */
const TAKEN_INDEX = 'at';

/** How the rows of one table become documents and back. */
export class RowShape {
  readonly #keyPlaces: readonly number[];
  readonly #indexes: readonly (readonly [field: string, places: readonly number[]])[];

  /** @throws when the table cannot be stored: no key, a name that is none or taken, an index of nothing */
  constructor(readonly table: Table) {
    const { columns, key, indexes } = table;
    for (const name of [
      table.name,
      ...columns.map(([column]) => column),
      ...Object.keys(indexes),
    ]) {
      checkName(name);
    }
    const isTaken = TAKEN_TABLES.includes(table.name) || Object.hasOwn(indexes, TAKEN_INDEX);
    if (isTaken) throw new Error(`${table.name}: it or an index has a name that is taken`);
    if (key.length === 0) throw new Error(`${table.name} has no key`);
    this.#keyPlaces = this.#places(key);
    this.#indexes = Object.keys(indexes).map((name) => [
      indexField(name),
      this.#places(orderColumns(table, name)),
    ]);
  }

  /**
   * The document of a row, written by a commit.
   * @throws when the row has another shape, is larger than a document may be, or has an integer that
   *   the column cannot hold: the driver would store its last 64 bits
   */
  document(row: Row, at: bigint): RowDocument {
    const { columns, name: table } = this.table;
    if (row.length !== columns.length) {
      throw new Error(`${table}: a row of ${row.length} values for ${columns.length} columns`);
    }
    const stored: { _at: bigint; [field: string]: Value } = { _at: at };
    for (let place = 0; place < columns.length; place++) {
      const value = row[place];
      const [name, type] = columns[place] ?? ['', 'int'];
      if (value === undefined) throw new Error(`${table}: column ${name} has no value`);
      if (!isOfType(value, type)) throw new Error(`${table}: column ${name} is of another type`);
      stored[name] = typeof value === 'bigint' ? storedInteger(value, type === 'sum') : value;
    }
    for (const [field, places] of this.#indexes) stored[field] = textOf(row, places);
    const document = { _id: textOf(row, this.#keyPlaces), row: stored };
    this.#checkSize(document);
    return document;
  }

  /** A row as it was put. */
  row(stored: StoredRow): Row {
    return this.table.columns.map(([name, type]) => {
      const value = stored[name];
      if (value === undefined) throw new Error(`${this.table.name}: column ${name} is missing`);
      if (type === 'sum' && typeof value === 'string') return BigInt(value);
      // A Buffer is given back as what was put in: plain bytes.
      return value instanceof Uint8Array ? new Uint8Array(value) : value;
    });
  }

  /** What is too large is the row's own fault; the driver's error for it could be anybody's. */
  #checkSize(document: RowDocument): void {
    const { _id, row } = document;
    let length = _id.length;
    for (const field in row) {
      const value = row[field];
      if (typeof value === 'string' || value instanceof Uint8Array) length += value.length;
    }
    if (length <= SURELY_FITS) return;
    // As an old row it holds its key once more.
    const bytes = BSON.calculateObjectSize(document) + _id.length;
    if (bytes <= MOST_BYTES) return;
    throw new Error(`${this.table.name}: a row of ${bytes} bytes is too large for a document`);
  }

  #places(columns: readonly string[]): readonly number[] {
    return columns.map((column) => {
      const place = this.table.columns.findIndex(([name]) => name === column);
      if (place < 0) throw new Error(`${this.table.name} has no column ${column}`);
      return place;
    });
  }
}

/** Columns that put the rows of an index in one order only: its own, then the rest of the key. */
function orderColumns(table: Table, index: string): readonly string[] {
  const columns = indexColumns(table, index);
  return [...columns, ...table.key.filter((name) => !columns.includes(name))];
}

/** Columns of an index of the table. @throws when it is not declared */
export function indexColumns(table: Table, index: string): readonly string[] {
  const columns = index === 'key' ? table.key : table.indexes[index];
  if (columns === undefined) throw new Error(`${table.name} has no index ${index}`);
  return columns;
}

/** The field of a document by which an index puts it in order. */
export function placeField(index: string): string {
  return index === 'key' ? '_id' : `row.${indexField(index)}`;
}

/** The value of that field. */
export function placeOf(index: string, id: string, row: StoredRow): string {
  if (index === 'key') return id;
  const place = row[indexField(index)];
  if (typeof place !== 'string') throw new Error(`a row is not in index ${index}`);
  return place;
}

/** What the server has to index for a table; `_id` is indexed anyway. */
export function indexesOf(table: Table): readonly IndexDescription[] {
  return Object.keys(table.indexes).map((name) => ({ name, key: { [placeField(name)]: 1 } }));
}

/** Which columns a stored table was declared with, and how they are indexed. */
export function declarationOf({ columns, key, indexes }: Table): string {
  return JSON.stringify({ columns, key, indexes });
}

/** @throws when it cannot be part of a path within a document */
export function checkName(name: string): void {
  if (!NAME.test(name))
    throw new Error(`${name} cannot name a table, a column, an index or a view`);
}

function indexField(index: string): string {
  return `_${index}`;
}

function textOf(row: Row, places: readonly number[]): string {
  return orderedText(places.map((place) => row[place] ?? null));
}

function isOfType(value: Value, type: ColumnType): boolean {
  if (value === null) return true;
  if (typeof value === 'bigint') return type === 'int' || type === 'sum';
  return typeof value === 'string' ? type === 'text' : type === 'blob';
}

/** Beyond 64 bits BSON has no integer: such a sum is kept as its decimal digits. */
function storedInteger(value: bigint, isSum: boolean): Value {
  if (value >= INT64_MIN && value <= INT64_MAX) return value;
  if (isSum) return value.toString();
  throw new Error(`${value} does not fit 64 bits`);
}

import type {
  Range,
  Row,
  Table,
  Value,
  ViewBatch,
  ViewReader,
  ViewStore,
} from '../ports/view-store.js';

/** A view store in memory, for tests of folds and queries. Honours the port, keeps nothing. */
export class MemoryViewStore implements ViewStore {
  private readonly tables = new Map<string, MemoryTable>();
  private readonly checkpoints = new Map<string, bigint>();

  checkpoint(view: string): Promise<bigint> {
    return Promise.resolve(this.checkpoints.get(view) ?? 0n);
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return Promise.resolve(this.table(table).get(key));
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return Promise.resolve(this.table(table).scan(range));
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    const rows = this.table(table);
    return Promise.resolve(
      prefixes.map(
        (prefix) => rows.scan({ index, prefix, to: [upTo], reverse: true, limit: 1 })[0],
      ),
    );
  }

  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    return read(this);
  }

  commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'> {
    if ((this.checkpoints.get(view) ?? 0n) !== batch.after) return Promise.resolve('fenced');
    for (const { table, rows } of batch.puts) {
      for (const row of rows) this.table(table).put(row);
    }
    this.checkpoints.set(view, batch.upTo);
    return Promise.resolve('committed');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** All rows of a table in order of its key. */
  rows(table: Table): readonly Row[] {
    return this.table(table).scan({ index: 'key', prefix: [], limit: Infinity });
  }

  private table(declared: Table): MemoryTable {
    const known = this.tables.get(declared.name);
    if (known !== undefined) return known;
    const made = new MemoryTable(declared);
    this.tables.set(declared.name, made);
    return made;
  }
}

class MemoryTable {
  private readonly byKey = new Map<string, Row>();
  private readonly sorted = new Map<string, readonly Row[]>();

  constructor(private readonly table: Table) {}

  put(row: Row): void {
    if (row.length !== this.table.columns.length) throw new Error('a row has another shape');
    this.sorted.clear();
    const key = this.columns('key').map((column) => row[column] ?? null);
    // A copy: what is stored must not change when the writer goes on using its row.
    this.byKey.set(textOf(key), [...row]);
  }

  get(key: readonly Value[]): Row | undefined {
    return this.byKey.get(textOf(key));
  }

  scan({ index, prefix, from, to, reverse, limit }: Range): readonly Row[] {
    const columns = this.columns(index);
    const rows = this.inOrder(index, columns);
    const first = [...prefix, ...(from ?? [])];
    const last = [...prefix, ...(to ?? [])];
    const start = lowerBound(rows, (row) => compare(row, columns, first) >= 0);
    const end = lowerBound(rows, (row) => compare(row, columns, last) > 0);
    if (reverse === true) return rows.slice(Math.max(start, end - limit), end).reverse();
    return rows.slice(start, Math.min(end, start + limit));
  }

  private inOrder(index: string, columns: readonly number[]): readonly Row[] {
    const known = this.sorted.get(index);
    if (known !== undefined) return known;
    const rows = [...this.byKey.values()].sort((one, other) =>
      compare(
        one,
        columns,
        columns.map((column) => other[column] ?? null),
      ),
    );
    this.sorted.set(index, rows);
    return rows;
  }

  private columns(index: string): readonly number[] {
    const names = index === 'key' ? this.table.key : this.table.indexes[index];
    if (names === undefined) throw new Error(`${this.table.name} has no index ${index}`);
    return names.map((name) => this.table.columns.findIndex(([column]) => column === name));
  }
}

/** Compares the first columns of a row, as many as there are values, with the values. */
function compare(row: Row, columns: readonly number[], values: readonly Value[]): number {
  for (let index = 0; index < values.length; index++) {
    const order = compareValues(row[columns[index] ?? -1], values[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(one: Value | undefined, other: Value | undefined): number {
  if (typeof one === 'bigint' && typeof other === 'bigint') {
    return one < other ? -1 : one > other ? 1 : 0;
  }
  if (typeof one === 'string' && typeof other === 'string') {
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
  throw new Error('values of an index are of different types');
}

function lowerBound(rows: readonly Row[], reached: (row: Row) => boolean): number {
  let below = 0;
  let above = rows.length;
  while (below < above) {
    const middle = (below + above) >>> 1;
    const row = rows[middle];
    if (row !== undefined && reached(row)) above = middle;
    else below = middle + 1;
  }
  return below;
}

function textOf(key: readonly Value[]): string {
  return key.map((value) => `${typeof value}:${String(value)}`).join('\u0000');
}

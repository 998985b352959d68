import type Database from 'better-sqlite3';
import type { Range, Row, Table, Value, ViewReader } from '../../ports/view-store.js';
import { withPortFaults } from './view-faults.js';
import { lastOfEachSql, lastSql, rangeSql, getSql } from './view-sql.js';
import { restored, rowShape, type RowShape } from './view-rows.js';
import { CHECKPOINTS } from './view-schema.js';

type Query = Database.Statement<Value[], Row>;

/** Prefixes looked up by one statement: more of them gain nothing. */
const PREFIXES_AT_ONCE = 256;

/** Reads of one connection. Statements are prepared once for each table and shape of range. */
export class SqliteViewReader implements ViewReader {
  readonly #queries = new Map<string, Query>();
  readonly #shapes = new Map<string, RowShape>();

  constructor(
    private readonly db: Database.Database,
    /** What the names of tables and views end in. */
    private readonly suffix: string,
  ) {}

  checkpoint(view: string): Promise<bigint> {
    return this.#answer(() => this.storedCheckpoint(view)?.position ?? 0n);
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.#answer(() => {
      if (key.length !== table.key.length) throw new Error(`${table.name}: not the whole key`);
      const query = this.#query(`get ${table.name}`, () => getSql(table, this.suffix));
      const row = query.get(...key);
      return row === undefined ? undefined : restored(this.#shape(table), row);
    });
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.#answer(() => {
      const { index, prefix, from = [], to = [], reverse = false, limit } = range;
      const name = `scan ${table.name} ${index} ${prefix.length} ${from.length} ${to.length} ${reverse}`;
      const query = this.#query(name, () => rangeSql(table, this.suffix, range));
      const rows = query.all(...bounds([...prefix, ...from, ...to]), BigInt(limit));
      const shape = this.#shape(table);
      return rows.map((row) => restored(shape, row));
    });
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.#answer(() => {
      const found: (Row | undefined)[] = [];
      const width = prefixes[0]?.length ?? 0;
      let done = 0;
      for (; done + PREFIXES_AT_ONCE <= prefixes.length; done += PREFIXES_AT_ONCE) {
        const some = prefixes.slice(done, done + PREFIXES_AT_ONCE);
        found.push(...this.#lastOfMany(table, index, some, upTo));
      }
      for (; done < prefixes.length; done++) {
        found.push(this.#last(table, index, width, prefixes[done] ?? [], upTo));
      }
      return found;
    });
  }

  /** This connection is read by one caller at a time, so it is its own snapshot. */
  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    return read(this);
  }

  /** The stored checkpoint with the stamp of the store that wrote it. */
  storedCheckpoint(view: string): Readonly<{ position: bigint; stamp: bigint }> | undefined {
    const sql = `SELECT position, stamp FROM ${CHECKPOINTS} WHERE view = ?`;
    const row = this.#query('checkpoint', () => sql).get(view + this.suffix);
    const [position, stamp] = row ?? [];
    return typeof position === 'bigint' && typeof stamp === 'bigint'
      ? { position, stamp }
      : undefined;
  }

  /** One row per prefix, {@link PREFIXES_AT_ONCE} of them. */
  #lastOfMany(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): readonly (Row | undefined)[] {
    const width = prefixes[0]?.length ?? 0;
    const query = this.#query(`last of each ${table.name} ${index} ${width}`, () =>
      lastOfEachSql(table, this.suffix, index, width, PREFIXES_AT_ONCE),
    );
    const parameters: Value[] = [];
    for (const prefix of prefixes) pushPrefix(parameters, prefix, width);
    parameters.push(upTo);
    const shape = this.#shape(table);
    const found = new Array<Row | undefined>(prefixes.length).fill(undefined);
    for (const [place, ...row] of query.all(...bounds(parameters))) {
      found[Number(place)] = restored(shape, row);
    }
    return found;
  }

  #last(table: Table, index: string, width: number, prefix: readonly Value[], upTo: Value) {
    const query = this.#query(`last ${table.name} ${index} ${width}`, () =>
      lastSql(table, this.suffix, index, width),
    );
    const parameters: Value[] = [];
    pushPrefix(parameters, prefix, width);
    const row = query.get(...bounds(parameters), upTo);
    return row === undefined ? undefined : restored(this.#shape(table), row);
  }

  #query(name: string, sql: () => string): Query {
    const known = this.#queries.get(name);
    if (known !== undefined) return known;
    const made = this.db.prepare<Value[], Row>(sql()).raw();
    this.#queries.set(name, made);
    return made;
  }

  #shape(table: Table): RowShape {
    const known = this.#shapes.get(table.name);
    if (known !== undefined) return known;
    const made = rowShape(table);
    this.#shapes.set(table.name, made);
    return made;
  }

  /** The port is asynchronous and this store is not: what it throws must still be a rejection. */
  #answer<T>(read: () => T): Promise<T> {
    try {
      return Promise.resolve(withPortFaults(read));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function pushPrefix(parameters: Value[], prefix: readonly Value[], width: number): void {
  if (prefix.length !== width) throw new Error('prefixes of different lengths');
  for (const value of prefix) parameters.push(value);
}

/** Null equals nothing in SQL, so a range with a null would silently be empty. */
function bounds(values: Value[]): Value[] {
  if (values.includes(null)) throw new Error('a range has no bound null');
  return values;
}

import type Database from 'better-sqlite3';
import type { Row, Table, Value } from '../../ports/view-store.js';
import { putSql } from './view-sql.js';
import { pushStored, rowShape, type RowShape } from './view-rows.js';

/** Rows put by one statement: above this the way into SQLite no longer counts. */
const ROWS_AT_ONCE = 32;

/** Puts rows, many with one statement. */
export class ViewWriter {
  readonly #plans = new Map<string, Plan>();

  constructor(
    private readonly db: Database.Database,
    private readonly suffix: string,
  ) {}

  /** Puts rows; of two with the same key the later stays. */
  put(table: Table, rows: readonly Row[]): void {
    const plan = this.#plan(table);
    const sorted = sortedByKey(rows, plan.keyPlace);
    let done = 0;
    for (; done + ROWS_AT_ONCE <= sorted.length; done += ROWS_AT_ONCE) {
      const parameters: Value[] = [];
      for (let i = done; i < done + ROWS_AT_ONCE; i++) {
        pushStored(plan.shape, sorted[i] ?? [], parameters);
      }
      plan.many.run(parameters);
    }
    for (; done < sorted.length; done++) {
      const parameters: Value[] = [];
      pushStored(plan.shape, sorted[done] ?? [], parameters);
      plan.one.run(parameters);
    }
  }

  #plan(table: Table): Plan {
    const known = this.#plans.get(table.name);
    if (known !== undefined) return known;
    const made: Plan = {
      shape: rowShape(table),
      keyPlace: table.columns.findIndex(([column]) => column === table.key[0]),
      one: this.db.prepare(putSql(table, this.suffix, 1)),
      many: this.db.prepare(putSql(table, this.suffix, ROWS_AT_ONCE)),
    };
    this.#plans.set(table.name, made);
    return made;
  }
}

type Plan = Readonly<{
  shape: RowShape;
  /** Of the first column of the key. */
  keyPlace: number;
  one: Database.Statement;
  many: Database.Statement;
}>;

/**
 * Rows in the order of the first column of the key, near enough: neighbours of a page are put
 * together. Rows with the same key stay in the order given.
 */
function sortedByKey(rows: readonly Row[], place: number): readonly Row[] {
  const sample = rows[0]?.[place];
  if (rows.length < 2 || (typeof sample !== 'bigint' && typeof sample !== 'string')) return rows;
  if (typeof sample === 'string') {
    return [...rows].sort((a, b) => compare(a[place] ?? '', b[place] ?? ''));
  }
  // Doubles compare much faster than integers of any size; beyond 2^53 near enough is enough.
  const keys = new Float64Array(rows.length);
  let isSorted = true;
  for (let i = 0; i < rows.length; i++) {
    keys[i] = Number(rows[i]?.[place]);
    if (i > 0 && (keys[i] ?? 0) < (keys[i - 1] ?? 0)) isSorted = false;
  }
  if (isSorted) return rows;
  const order = Uint32Array.from(rows.keys());
  order.sort((a, b) => {
    const difference = (keys[a] ?? 0) - (keys[b] ?? 0);
    return difference === 0 ? a - b : difference;
  });
  return Array.from(order, (i) => rows[i] ?? []);
}

function compare(a: Value, b: Value): number {
  return a === b ? 0 : a !== null && b !== null && a < b ? -1 : 1;
}

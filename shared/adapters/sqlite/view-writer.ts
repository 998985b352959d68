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
    const sorted = [...rows].sort(plan.order);
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
      order: keyOrder(table),
      one: this.db.prepare(putSql(table, this.suffix, 1)),
      many: this.db.prepare(putSql(table, this.suffix, ROWS_AT_ONCE)),
    };
    this.#plans.set(table.name, made);
    return made;
  }
}

type Plan = Readonly<{
  shape: RowShape;
  order: (a: Row, b: Row) => number;
  one: Database.Statement;
  many: Database.Statement;
}>;

/**
 * Order of the key, near enough: neighbours of a page are put together. Rows with the same key stay
 * in the order given, since the sort is stable.
 */
function keyOrder(table: Table): (a: Row, b: Row) => number {
  const places = table.key.map((name) => table.columns.findIndex(([column]) => column === name));
  return (a, b) => {
    for (const place of places) {
      const left = a[place];
      const right = b[place];
      if (typeof left === 'bigint' && typeof right === 'bigint') {
        if (left !== right) return left < right ? -1 : 1;
      } else if (typeof left === 'string' && typeof right === 'string') {
        if (left !== right) return left < right ? -1 : 1;
      }
    }
    return 0;
  };
}

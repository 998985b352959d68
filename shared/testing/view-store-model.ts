import type { Range, Row, Table, Value } from '../ports/view-store.js';

/** Rows of one table and what the port says about reading them, as plainly as it can be said. */
export class TableModel {
  readonly #rows = new Map<string, Row>();

  constructor(private readonly table: Table) {}

  put(row: Row): void {
    const key = this.#values(row, this.table.key);
    this.#rows.set(key.map((value) => `${typeof value}${String(value)}`).join('\0'), row);
  }

  scan({ index, prefix, from, to, reverse, limit }: Range): readonly Row[] {
    const rows = this.#sorted(index).filter((row) => {
      const values = this.#values(row, this.#index(index));
      const rest = values.slice(prefix.length);
      return (
        compareValues(values.slice(0, prefix.length), prefix) === 0 &&
        (from === undefined || compareValues(rest.slice(0, from.length), from) >= 0) &&
        (to === undefined || compareValues(rest.slice(0, to.length), to) <= 0)
      );
    });
    return (reverse === true ? rows.reverse() : rows).slice(0, limit);
  }

  lastOf(index: string, prefix: readonly Value[], upTo: Value): Row | undefined {
    return this.scan({ index, prefix, to: [upTo], reverse: true, limit: 1 })[0];
  }

  #sorted(index: string): Row[] {
    const order = [...this.#index(index), ...this.table.key];
    return [...this.#rows.values()].sort((a, b) =>
      compareValues(this.#values(a, order), this.#values(b, order)),
    );
  }

  #index(index: string): readonly string[] {
    return index === 'key' ? this.table.key : (this.table.indexes[index] ?? []);
  }

  #values(row: Row, columns: readonly string[]): readonly Value[] {
    return columns.map((name) => {
      const place = this.table.columns.findIndex(([column]) => column === name);
      return row[place] ?? null;
    });
  }
}

/** Compares tuples of the same types: integers by value, texts by their UTF-8 bytes. */
function compareValues(a: readonly Value[], b: readonly Value[]): number {
  for (const [place, left] of a.entries()) {
    const right = b[place];
    if (typeof left === 'bigint' && typeof right === 'bigint' && left !== right) {
      return left < right ? -1 : 1;
    }
    if (typeof left === 'string' && typeof right === 'string' && left !== right) {
      return Buffer.compare(Buffer.from(left), Buffer.from(right));
    }
  }
  return 0;
}

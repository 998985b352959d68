import { createHash } from 'node:crypto';
import type { Row, Table, Value, ViewReader } from '../shared/ports/view-store.js';

const PAGE = 5_000;

/** All rows of a table in order of its key. */
async function* rowsOf(reader: ViewReader, table: Table): AsyncGenerator<Row, void, void> {
  const places = table.key.map((name) => table.columns.findIndex(([column]) => column === name));
  let last: readonly Value[] | undefined;
  for (;;) {
    const range = { index: 'key', prefix: [], limit: PAGE };
    const rows = await reader.scan(table, last === undefined ? range : { ...range, from: last });
    // A page begins with the row the one before ended with.
    yield* last === undefined ? rows : rows.slice(1);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = places.map((place) => end[place] ?? null);
  }
}

export type Dump = Readonly<{ rows: number; sha256: string }>;

/** Digest of all rows of a table in order of its key: equal for equal tables, in any store. */
export async function canonicalDump(reader: ViewReader, table: Table): Promise<Dump> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const row of rowsOf(reader, table)) {
    hash.update(canonicalRow(row));
    count++;
  }
  return { rows: count, sha256: hash.digest('hex') };
}

/** What two tables differ in first, or undefined when they are equal. */
export async function firstDifference(
  table: Table,
  stored: ViewReader,
  recomputed: ViewReader,
): Promise<string | undefined> {
  const left = rowsOf(stored, table);
  const right = rowsOf(recomputed, table);
  for (;;) {
    const [a, b] = [await left.next(), await right.next()];
    if (a.done === true && b.done === true) return undefined;
    const one = a.done === true ? undefined : canonicalRow(a.value);
    const other = b.done === true ? undefined : canonicalRow(b.value);
    if (one !== other) {
      return `${table.name}: stored ${one ?? 'no row'}, recomputed ${other ?? 'no row'}`;
    }
  }
}

/** A row as a text that no other row has. */
function canonicalRow(row: Row): string {
  return `[${row.map(canonicalValue).join(',')}]\n`;
}

function canonicalValue(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return JSON.stringify(value);
  return `x'${Buffer.from(value).toString('hex')}'`;
}

import type { Range, Table } from '../../ports/view-store.js';
import { indexColumns, orderColumns, quoted } from './view-schema.js';

/** SQL of the row with a key. */
export function getSql(table: Table, suffix: string): string {
  return `SELECT ${columnsOf(table)} FROM ${tableOf(table, suffix)} WHERE ${equal(table.key)}`;
}

/** SQL of a range. Parameters: prefix, from, to, limit. */
export function rangeSql(table: Table, suffix: string, range: Range): string {
  const { index, prefix, from, to, reverse = false } = range;
  const columns = indexColumns(table, index);
  const rest = columns.slice(prefix.length);
  if (prefix.length + Math.max(from?.length ?? 0, to?.length ?? 0) > columns.length) {
    throw new Error(`${table.name}: index ${index} has fewer columns than the range`);
  }
  const conditions = [
    ...(prefix.length === 0 ? [] : [equal(columns.slice(0, prefix.length))]),
    ...bound(rest, from?.length ?? 0, '>='),
    ...bound(rest, to?.length ?? 0, '<='),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const order = ordered(orderColumns(table, index), reverse);
  return `SELECT ${columnsOf(table)} FROM ${tableOf(table, suffix)} ${where} ${order} LIMIT ?`;
}

/** SQL of the last row under one prefix. Parameters: prefix, upTo. */
export function lastSql(table: Table, suffix: string, index: string, width: number): string {
  const { next, own, order } = lastParts(table, index, width);
  const where = [...(width === 0 ? [] : [equal(own)]), `${quoted(next)} <= ?`].join(' AND ');
  return `SELECT ${columnsOf(table)} FROM ${tableOf(table, suffix)} WHERE ${where} ${order} LIMIT 1`;
}

/**
 * SQL of the last row under each of many prefixes: place of the prefix, then the row. Parameters:
 * all prefixes, then upTo. A quarter faster than one statement per prefix: what it saves is the
 * way into SQLite and back, 10,000 times.
 */
export function lastOfEachSql(
  table: Table,
  suffix: string,
  index: string,
  width: number,
  count: number,
): string {
  const { next, own, order } = lastParts(table, index, width);
  const names = own.map((_, i) => `p${i}`);
  const tuples = Array.from(
    { length: count },
    (_, place) => `(${[place, ...names.map(() => '?')].join(', ')})`,
  );
  const under = own.map((column, i) => `x.${quoted(column)} = j.p${i}`);
  const key = (alias: string) => table.key.map((name) => `${alias}.${quoted(name)}`).join(', ');
  const found = `SELECT ${key('x')} FROM ${tableOf(table, suffix)} AS x
    WHERE ${[...under, `x.${quoted(next)} <= ?`].join(' AND ')} ${order} LIMIT 1`;
  const columns = table.columns.map(([name]) => `t.${quoted(name)}`).join(', ');
  return `WITH j(${['place', ...names].join(', ')}) AS (VALUES ${tuples.join(', ')})
    SELECT j.place, ${columns} FROM j CROSS JOIN ${tableOf(table, suffix)} AS t
    ON (${key('t')}) = (${found})`;
}

/** SQL that puts `count` rows. */
export function putSql(table: Table, suffix: string, count: number): string {
  const tuple = `(${table.columns.map(() => '?').join(', ')})`;
  const tuples = new Array<string>(count).fill(tuple).join(', ');
  return `INSERT OR REPLACE INTO ${tableOf(table, suffix)} VALUES ${tuples}`;
}

function lastParts(table: Table, index: string, width: number) {
  const columns = orderColumns(table, index);
  const next = indexColumns(table, index)[width];
  if (next === undefined) throw new Error(`${table.name}: nothing follows the prefix in ${index}`);
  return { next, own: columns.slice(0, width), order: ordered(columns.slice(width), true) };
}

function ordered(columns: readonly string[], reverse: boolean): string {
  return `ORDER BY ${columns.map((name) => quoted(name) + (reverse ? ' DESC' : '')).join(', ')}`;
}

function equal(columns: readonly string[]): string {
  return columns.map((name) => `${quoted(name)} = ?`).join(' AND ');
}

function bound(columns: readonly string[], length: number, operator: string): readonly string[] {
  if (length === 0) return [];
  const names = columns.slice(0, length).map(quoted).join(', ');
  return [`(${names}) ${operator} (${new Array<string>(length).fill('?').join(', ')})`];
}

function columnsOf(table: Table): string {
  return table.columns.map(([name]) => quoted(name)).join(', ');
}

function tableOf(table: Table, suffix: string): string {
  return quoted(table.name + suffix);
}

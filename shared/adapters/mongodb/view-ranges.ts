import type { Range, Table, Value } from '../../ports/view-store.js';
import { ABOVE_ALL, ABOVE_NULL, orderedText } from './ordered-text.js';
import { indexColumns } from './view-rows.js';

/** A range of the ordered texts of one index: from `low` to below `high`. */
export type TextRange = Readonly<{ low: string; high: string }>;

/** The texts of a range. @throws when the index has fewer columns than the range */
export function textRange(table: Table, { index, prefix, from = [], to = [] }: Range): TextRange {
  const columns = indexColumns(table, index);
  if (prefix.length + Math.max(from.length, to.length) > columns.length) {
    throw new Error(`${table.name}: index ${index} has fewer columns than the range`);
  }
  if ([...prefix, ...from, ...to].includes(null)) throw new Error('a range has no bound null');
  const own = orderedText(prefix);
  // Where there is a bound a column without a value is outside of it, as in SQL.
  const floor = from.length === 0 && to.length > 0 ? ABOVE_NULL : orderedText(from);
  return { low: own + floor, high: own + orderedText(to) + ABOVE_ALL };
}

/** The texts of the rows under a prefix whose next column is not above `upTo`. */
export function rangeUpTo(
  table: Table,
  index: string,
  prefix: readonly Value[],
  upTo: Value,
): TextRange {
  return textRange(table, { index, prefix, to: [upTo], limit: 1 });
}

export function isWithin({ low, high }: TextRange, text: string): boolean {
  return text >= low && text < high;
}

import type { Row } from '../ports/view-store.js';

/** An `int` or `sum` column. @throws Error when the row holds something else there */
export function intAt(row: Row, column: number): bigint {
  const value = row[column];
  if (typeof value !== 'bigint') throw new Error(`column ${column} of a row is no integer`);
  return value;
}

/** A `text` column. @throws Error when the row holds something else there */
export function textAt(row: Row, column: number): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`column ${column} of a row is no text`);
  return value;
}

/** A `blob` column. @throws Error when the row holds something else there */
export function bytesAt(row: Row, column: number): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new Error(`column ${column} of a row is no blob`);
  return value;
}

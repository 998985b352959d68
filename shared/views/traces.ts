import type { Row, Table } from '../ports/view-store.js';
import { intAt } from './row.js';

export const TRACES_VIEW = 'traces';

/** Every event by its correlation id, so that a trace is one range. */
export const tracesTable: Table = {
  name: 'traces_v1',
  columns: [
    ['correlation_id', 'text'],
    ['position', 'int'],
  ],
  key: ['correlation_id', 'position'],
  indexes: {},
};

export function tracePosition(row: Row): bigint {
  return intAt(row, 1);
}

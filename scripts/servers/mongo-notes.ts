import type { Row, Table, ViewBatch } from '../../shared/ports/view-store.js';

/** A small table, for tests of what is stored and of what goes wrong. */
export const notes: Table = {
  name: 'notes_v1',
  columns: [
    ['id', 'int'],
    ['text', 'text'],
  ],
  key: ['id'],
  indexes: { text: ['text'] },
};

/** Times of a store that keeps nothing for anybody. */
export const AT_ONCE = { everyMs: 0, keepMs: 0, carefreeMs: 0 };

/** A batch of rows of it, by default of one position. */
export function batch(after: bigint, rows: readonly Row[], upTo = after + 1n): ViewBatch {
  return { after, upTo, puts: [{ table: notes, rows }] };
}

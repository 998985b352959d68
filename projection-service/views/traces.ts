import type { DecodedEvent } from '../../shared/events/codec.js';
import type { Row, ViewBatch } from '../../shared/ports/view-store.js';
import { TRACES_VIEW, tracesTable } from '../../shared/views/traces.js';
import type { View } from '../view.js';

/** Every event by its correlation id. */
export const tracesView: View = {
  name: TRACES_VIEW,
  tables: [tracesTable],
  undecodable: 'park',
  open: () => ({ fold }),
};

function fold(events: readonly DecodedEvent[]): Promise<ViewBatch['puts']> {
  const rows: Row[] = events.map((event) => [event.metadata.correlationId, event.position]);
  return Promise.resolve([{ table: tracesTable, rows }]);
}

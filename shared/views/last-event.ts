import type { EventStore, RecordedEvent } from '../ports/event-store.js';
import type { Row, Table, ViewReader } from '../ports/view-store.js';

/**
 * Which event each checkpoint is. A log restored from a copy is shorter and then grows otherwise
 * than the one its views were made from; positions alone would not tell.
 */
export const lastEventTable: Table = {
  name: 'last_events_v1',
  columns: [
    ['view', 'text'],
    ['position', 'int'],
    ['event_id', 'text'],
  ],
  key: ['view'],
  indexes: {},
};

/** A row of {@link lastEventTable}. */
export function lastEventRow(view: string, { position, eventId }: RecordedEvent): Row {
  return [view, position, eventId];
}

/**
 * Whether the last event a view has handled is the one the log has at its checkpoint. True where
 * that was not noted: nothing speaks against it.
 * @throws what the stores throw
 */
export async function isOfLog(
  log: Pick<EventStore, 'readAll'>,
  reader: ViewReader,
  { view, checkpoint }: Readonly<{ view: string; checkpoint: bigint }>,
): Promise<boolean> {
  const [, position, eventId] = (await reader.get(lastEventTable, [view])) ?? [];
  if (position !== checkpoint) return true;
  const [event] = await log.readAll(checkpoint - 1n, 1);
  return event?.position === checkpoint && event.eventId === eventId;
}

import type { RecordedEvent } from '../shared/ports/event-store.js';
import type { Row, Table, ViewBatch, ViewReader } from '../shared/ports/view-store.js';

/**
 * Events a view could not handle, and the later ones of the same streams, which wait behind them:
 * a stream is handled in order or not at all. A row stays when its event was handled after all,
 * with `resolved` 1.
 */
export const parkedTable: Table = {
  name: 'parked_v1',
  columns: [
    ['view', 'text'],
    ['position', 'int'],
    ['stream', 'text'],
    ['revision', 'int'],
    ['reason', 'text'],
    ['resolved', 'int'],
  ],
  key: ['view', 'position'],
  indexes: { open: ['view', 'resolved', 'position'] },
};

export type ParkedEvent = Readonly<{
  view: string;
  position: bigint;
  stream: string;
  revision: bigint;
  reason: string;
}>;

/** The reason of an event that could be handled itself. */
export const BEHIND = 'behind a parked event of its stream';

const PAGE = 1_000;

/** The events a view still has to handle, in log order. */
export async function listParked(
  reader: ViewReader,
  view: string,
): Promise<readonly ParkedEvent[]> {
  const found: ParkedEvent[] = [];
  let from: readonly bigint[] = [];
  for (;;) {
    const rows = await reader.scan(parkedTable, {
      index: 'open',
      prefix: [view, 0n],
      from,
      limit: PAGE,
    });
    for (const row of rows) {
      const event = readParked(row);
      // The page before ended with the row this one begins with.
      if (event.position !== found.at(-1)?.position) found.push(event);
    }
    const last = found.at(-1);
    if (last === undefined || rows.length < PAGE) return found;
    from = [last.position];
  }
}

/** Does this event still wait? */
export async function isOpen(
  reader: ViewReader,
  { view, position }: ParkedEvent,
): Promise<boolean> {
  const row = await reader.get(parkedTable, [view, position]);
  return row?.[5] === 0n;
}

/** The events that a batch parks. */
export function openParkedOf({ puts }: ViewBatch): readonly ParkedEvent[] {
  return puts
    .filter(({ table }) => table.name === parkedTable.name)
    .flatMap(({ rows }) => rows.filter((row) => row[5] === 0n).map(readParked));
}

/** A row of {@link parkedTable} for an event that waits. */
export function parkedRow(view: string, event: RecordedEvent, reason: string): Row {
  return [view, event.position, event.stream, event.revision, reason, 0n];
}

/** A row of {@link parkedTable} for an event that has been handled after all. */
export function resolvedRow(event: ParkedEvent): Row {
  return [event.view, event.position, event.stream, event.revision, event.reason, 1n];
}

function readParked(row: Row): ParkedEvent {
  const [view, position, stream, revision, reason] = row;
  if (
    typeof view !== 'string' ||
    typeof position !== 'bigint' ||
    typeof stream !== 'string' ||
    typeof revision !== 'bigint' ||
    typeof reason !== 'string'
  ) {
    throw new Error(`a row of ${parkedTable.name} has another shape`);
  }
  return { view, position, stream, revision, reason };
}

import type { DecodedEvent } from '../events/codec.js';
import type { Row, Table, ViewBatch, ViewReader } from '../ports/view-store.js';
import type { MemoryEventStore } from './memory-event-store.js';
import { moved } from './memory-log.js';

/* Small views for tests of the machinery around views. Order, loss and repetition all show. */

export const streamsTable: Table = {
  name: 'streams_v1',
  columns: [
    ['stream', 'text'],
    ['count', 'int'],
    ['digest', 'sum'],
  ],
  key: ['stream'],
  indexes: {},
};

export const runningTable: Table = {
  name: 'running_v1',
  columns: [
    ['position', 'int'],
    ['stream', 'text'],
    ['total', 'sum'],
  ],
  key: ['position'],
  indexes: { stream: ['stream', 'position'] },
};

/** A view whose fold throws at the positions in `poison`, as a bug would. */
type Sample<Undecodable> = Readonly<{
  name: string;
  tables: readonly Table[];
  undecodable: Undecodable;
  poison: Set<bigint>;
  open: (reader: ViewReader) => Fold;
}>;

type Fold = Readonly<{ fold: (events: readonly DecodedEvent[]) => Promise<ViewBatch['puts']> }>;

/** Per stream the number of its events, and a digest that depends on their order. Parks. */
export function streamsView(): Sample<'park'> {
  const poison = new Set<bigint>();
  const open = (reader: ViewReader): Fold => {
    const known = new Map<string, Row>();
    return {
      fold: async (events) => {
        const changed = new Set<string>();
        for (const { stream, revision, position } of events) {
          if (poison.has(position)) throw new Error(`poisoned at ${position}`);
          const row = known.get(stream) ?? (await reader.get(streamsTable, [stream]));
          known.set(stream, countedRow(stream, revision, row));
          changed.add(stream);
        }
        return [{ table: streamsTable, rows: [...changed].map((key) => known.get(key) ?? []) }];
      },
    };
  };
  return { name: 'streams', tables: [streamsTable], undecodable: 'park', poison, open };
}

/** A running total over all events. Stops. */
export function runningView(): Sample<'stop'> {
  const poison = new Set<bigint>();
  const open = (reader: ViewReader): Fold => {
    let total: bigint | undefined;
    return {
      fold: async (events) => {
        total ??= await lastTotal(reader);
        const rows: Row[] = [];
        for (const { stream, position } of events) {
          if (poison.has(position)) throw new Error(`poisoned at ${position}`);
          total = total * 3n + position;
          rows.push([position, stream, total]);
        }
        return [{ table: runningTable, rows }];
      },
    };
  };
  return { name: 'running', tables: [runningTable], undecodable: 'stop', poison, open };
}

/** Records an entry that can be decoded, and answers with its position. */
export function recordGood(log: MemoryEventStore, stream: string): bigint {
  const data = { id: stream, description: 'a test', entry: moved('cash', 'sales', 100n) };
  const event = { type: 'EntryPosted' as const, data };
  return log.record({ event, effective: '2026-01-02', recordedAt: '2026-01-02T03:04:05Z', stream });
}

/** Records an event that cannot be decoded, and answers with its position. */
export function recordBad(log: MemoryEventStore, stream: string): bigint {
  const eventId = '00000000-0000-4000-8000-00000000bad0';
  return log.recordRaw(stream, { eventId, type: 'FromTheFuture', data: '{}', metadata: '{}' });
}

function countedRow(stream: string, revision: bigint, row: Row | undefined): Row {
  const [, count, digest] = row ?? [stream, 0n, 7n];
  if (typeof count !== 'bigint' || typeof digest !== 'bigint') throw new Error('not a row');
  return [stream, count + 1n, digest * 31n + revision + 1n];
}

async function lastTotal(reader: ViewReader): Promise<bigint> {
  const range = { index: 'key', prefix: [], reverse: true, limit: 1 };
  const total = (await reader.scan(runningTable, range))[0]?.[2];
  return typeof total === 'bigint' ? total : 0n;
}

import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import { describe, entryIdOf } from '../../shared/events/describe.js';
import { entryOf } from '../../shared/events/event.js';
import { entriesTable, entryPosition } from '../../shared/views/journal.js';
import { QueryRefused, type JournalItem } from './answers.js';
import type { LogReader, QueryParts } from './parts.js';

/**
 * The entry with an id: the one its poster gave it, or `stream/revision` for the entry of a hold.
 * @throws {QueryRefused} there is none
 */
export async function entry(parts: QueryParts, id: string): Promise<JournalItem> {
  const event = id.includes('/') ? await inStream(parts.log, id) : await byId(parts, id);
  const item = event === undefined ? undefined : journalItem(event);
  if (item?.id === id) return item;
  throw new QueryRefused('NOT_FOUND', 'id', id, 'there is no such entry');
}

/** The entry of an event as the journal shows it; undefined when the event moves no money. */
export function journalItem(decoded: DecodedEvent): JournalItem | undefined {
  const { event, metadata, stream, revision, position, recordedAt } = decoded;
  const posted = entryOf(event);
  if (posted === undefined) return undefined;
  return {
    id: entryIdOf(decoded),
    stream,
    revision,
    position,
    recordedAt,
    effectiveDate: metadata.effectiveDate,
    occurredAt: metadata.occurredAt ?? recordedAt,
    description: describe(event),
    reverses: event.type === 'EntryPosted' ? (event.data.reverses ?? null) : null,
    metadata: event.type === 'EntryPosted' ? (event.data.metadata ?? {}) : {},
    legs: posted.legs,
  };
}

/** Decoded events at these positions, by position. Each is read once. */
export async function eventsAt(
  log: LogReader,
  positions: readonly bigint[],
): Promise<ReadonlyMap<bigint, DecodedEvent>> {
  const recorded = await log.readAt([...new Set(positions)]);
  return new Map(recorded.map((event) => [event.position, decodeEvent(event)]));
}

async function byId({ views, log }: QueryParts, id: string): Promise<DecodedEvent | undefined> {
  const row = await views.get(entriesTable, [id]);
  if (row === undefined) return undefined;
  const position = entryPosition(row);
  return (await eventsAt(log, [position])).get(position);
}

async function inStream(log: LogReader, id: string): Promise<DecodedEvent | undefined> {
  const match = /^(.+)\/(0|[1-9]\d{0,17})$/.exec(id);
  const [, stream, revision] = match ?? [];
  if (stream === undefined || revision === undefined) return undefined;
  const from = BigInt(revision);
  const [event] = await log.readStream(stream, { direction: 'forwards', from, limit: 1 });
  return event?.revision === from ? decodeEvent(event) : undefined;
}

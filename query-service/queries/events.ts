import { decodeEvent } from '../../shared/events/codec.js';
import { EventUndecodable } from '../../shared/events/upcast.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { QueryRefused, type EventItem, type Page } from './answers.js';
import { checkLimit, type LogReader } from './parts.js';

/**
 * Events of the whole log after a position, in log order, straight from the log. `nextCursor` is
 * the position to go on after.
 */
export async function events(
  log: LogReader,
  after: bigint,
  limit: number,
): Promise<Page<EventItem>> {
  checkLimit(limit);
  const found = await log.readAll(after, limit + 1);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(eventItem), nextCursor: last?.position.toString() ?? null };
}

/** Revisions `from` and `to` are both included; the defaults are the first and the last. */
export type StreamQuery = Readonly<{ from?: bigint; to?: bigint; limit: number }>;

/**
 * Events of one stream, in order of revision. `nextCursor` is the revision to go on from.
 * @throws {QueryRefused} there is no such stream
 */
export async function streamEvents(
  log: LogReader,
  stream: string,
  { from = 0n, to, limit }: StreamQuery,
): Promise<Page<EventItem>> {
  checkLimit(limit);
  const read = await log.readStream(stream, { direction: 'forwards', from, limit: limit + 1 });
  if (read.length === 0) await assertExists(log, stream);
  const found = to === undefined ? read : read.filter(({ revision }) => revision <= to);
  const next = found[limit];
  return {
    items: found.slice(0, limit).map(eventItem),
    nextCursor: next?.revision.toString() ?? null,
  };
}

/** How an event of the log is shown to whoever audits it. */
export function eventItem(recorded: RecordedEvent): EventItem {
  const { eventId, stream, revision, position, type, recordedAt } = recorded;
  const stored = { eventId, stream, revision, position, type, recordedAt };
  const data = jsonOf(recorded.data);
  try {
    const { metadata } = decodeEvent(recorded);
    return {
      ...stored,
      schemaVersion: metadata.schemaVersion,
      occurredAt: metadata.occurredAt ?? recordedAt,
      effectiveDate: metadata.effectiveDate,
      actor: metadata.actor,
      commandId: metadata.commandId,
      correlationId: metadata.correlationId,
      causationId: metadata.causationId,
      data,
    };
  } catch (error) {
    if (!(error instanceof EventUndecodable)) throw error;
    return { ...stored, ...whatCanBeRead(recorded.metadata), data, undecodable: error.reason };
  }
}

type ReadMetadata = Pick<
  EventItem,
  | 'schemaVersion'
  | 'occurredAt'
  | 'effectiveDate'
  | 'actor'
  | 'commandId'
  | 'correlationId'
  | 'causationId'
>;

function whatCanBeRead(metadata: string): ReadMetadata {
  const value = jsonOf(metadata);
  const fields = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const text = (name: string): string | null => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : null;
  };
  const version = fields.get('schemaVersion');
  const occurredAt = Date.parse(text('occurredAt') ?? '');
  return {
    schemaVersion: typeof version === 'number' ? version : null,
    occurredAt: Number.isNaN(occurredAt) ? null : occurredAt,
    effectiveDate: text('effectiveDate'),
    actor: text('actor'),
    commandId: text('commandId'),
    correlationId: text('$correlationId'),
    causationId: text('$causationId') ?? text('commandId'),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Shown as it is: an audit hides nothing.
    return text;
  }
}

async function assertExists(log: LogReader, stream: string): Promise<void> {
  const last = await log.readStream(stream, { direction: 'backwards', limit: 1 });
  if (last.length > 0) return;
  throw new QueryRefused('NOT_FOUND', 'stream', stream, 'there is no such stream');
}

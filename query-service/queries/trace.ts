import { tracePosition, tracesTable } from '../../shared/views/traces.js';
import { QueryRefused, type EventItem, type Trace, type TraceNode } from './answers.js';
import { eventItem } from './events.js';
import type { QueryParts } from './parts.js';

/** Most events a trace shows: those of the largest batch. */
const MAX_EVENTS = 10_000;

/**
 * Every event of one request and what followed from it, as a tree by causation.
 * @throws {QueryRefused} no event has this correlation id
 */
export async function trace(parts: QueryParts, correlationId: string): Promise<Trace> {
  const rows = await parts.views.scan(tracesTable, {
    index: 'key',
    prefix: [correlationId],
    limit: MAX_EVENTS + 1,
  });
  if (rows.length === 0) {
    throw new QueryRefused('NOT_FOUND', 'correlationId', correlationId, 'no event has it');
  }
  const recorded = await parts.log.readAt(rows.slice(0, MAX_EVENTS).map(tracePosition));
  return {
    correlationId,
    roots: treeOf(recorded.map(eventItem)),
    events: recorded.length,
    truncated: rows.length > MAX_EVENTS,
  };
}

type Growing = { readonly event: EventItem; readonly children: Growing[] };

function treeOf(events: readonly EventItem[]): readonly TraceNode[] {
  const nodes = new Map<string, Growing>();
  const roots: Growing[] = [];
  for (const event of events) {
    const node: Growing = { event, children: [] };
    // A cause comes before its effect in the log, so whatever led here has been placed already.
    const cause = event.causationId === null ? undefined : nodes.get(event.causationId);
    (cause?.children ?? roots).push(node);
    nodes.set(event.eventId, node);
  }
  return roots;
}

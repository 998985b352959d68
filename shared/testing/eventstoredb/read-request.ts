import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent } from './esdb-event.js';
import type { EsdbLog } from './esdb-log.js';
import { invalidPositionFailure, streamDeletedFailure, type Failure } from './failures.js';
import { BadRequest, streamOf } from './wire.js';

export type Options = streams.ReadReq.Options;

/** The events that a read asks for, or why there are none. */
export type Found = Readonly<
  | { kind: 'events'; events: Iterable<StoredEvent> }
  | { kind: 'not-found'; stream: string }
  | { kind: 'failed'; failure: Failure }
>;

/** @throws {BadRequest} a request that makes no sense */
export function findEvents(log: EsdbLog, options: Options): Found {
  const all = options.getAll();
  if (all !== undefined) return findInAll(log, options, all);
  const given = options.getStream();
  if (given === undefined) throw new BadRequest('neither a stream nor all');
  return findInStream(log, options, given);
}

/**
 * Index in the log of the first event that a read or a subscription from there sees.
 *
 * @returns undefined: no event begins at the position asked for
 */
export function startIn(log: EsdbLog, all: streams.ReadReq.Options.AllOptions): number | undefined {
  if (all.hasEnd()) return log.all.length;
  const position = all.getPosition();
  if (position === undefined) return 0;
  const wanted = BigInt(position.getCommitPosition());
  const index = log.indexOf(wanted);
  const found = log.all[index];
  return found === undefined || found.position === wanted ? index : undefined;
}

function findInAll(log: EsdbLog, options: Options, all: streams.ReadReq.Options.AllOptions): Found {
  const index = startIn(log, all);
  if (index === undefined) return { kind: 'failed', failure: invalidPositionFailure() };
  return { kind: 'events', events: select(log.all, index, options, 'exclusive') };
}

function findInStream(
  log: EsdbLog,
  options: Options,
  given: streams.ReadReq.Options.StreamOptions,
): Found {
  const stream = streamOf(given.getStreamIdentifier());
  const state = log.stream(stream);
  if (state.kind === 'deleted') return { kind: 'failed', failure: streamDeletedFailure(stream) };
  if (state.kind === 'none') return { kind: 'not-found', stream };
  const { events } = state;
  const first = events[0]?.revision ?? 0n;
  const index = given.hasEnd()
    ? events.length
    : Number((given.hasRevision() ? BigInt(given.getRevision()) : 0n) - first);
  return { kind: 'events', events: select(events, index, options, 'inclusive') };
}

/**
 * The events from an index on, as many as asked for. Backwards, a stream is read from the event at
 * the index, but everything from the one before it.
 */
function* select(
  events: readonly StoredEvent[],
  index: number,
  options: Options,
  backwards: 'inclusive' | 'exclusive',
): Generator<StoredEvent> {
  const forwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS;
  const length = events.length;
  const start = forwards
    ? Math.max(index, 0)
    : Math.min(backwards === 'inclusive' ? index : index - 1, length - 1);
  let left = BigInt(options.getCount());
  for (let at = start; at >= 0 && at < length && left > 0n; at += forwards ? 1 : -1, left -= 1n) {
    const event = events[at];
    if (event !== undefined) yield event;
  }
}

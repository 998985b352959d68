import type { RecordedEvent } from '../../shared/ports/event-store.js';
import type { Pages } from './paged-log.js';

/** What has to be the same of an event in both logs. Positions are each log's own. */
const PARTS = [
  ['eventId', 'id'],
  ['stream', 'stream'],
  ['revision', 'revision'],
  ['type', 'type'],
  ['data', 'data'],
  ['metadata', 'metadata'],
  ['recordedAt', 'recorded time'],
] as const;

/** Where an event stands. Its contents are not repeated: they may be personal. */
export type Place = Pick<RecordedEvent, 'position' | 'stream' | 'revision' | 'eventId' | 'type'>;

/** The first event that is not the same in both logs. */
export type Difference = Readonly<{
  /** The how-manieth event of the log, from 1. */
  event: number;
  /** Undefined: that log has no more. */
  source: Place | undefined;
  target: Place | undefined;
  /** What of it differs; empty where one of them is missing. */
  parts: readonly string[];
}>;

/** The first difference in two pages of events; undefined: they are the same. */
export function firstDifference({ before, source, target }: Pages): Difference | undefined {
  for (let index = 0; index < Math.max(source.length, target.length); index += 1) {
    const [one, other] = [source[index], target[index]];
    const parts = differingParts(one, other);
    if (one !== undefined && other !== undefined && parts.length === 0) continue;
    return { event: before + index + 1, source: placeOf(one), target: placeOf(other), parts };
  }
  return undefined;
}

function differingParts(
  one: RecordedEvent | undefined,
  other: RecordedEvent | undefined,
): readonly string[] {
  if (one === undefined || other === undefined) return [];
  return PARTS.filter(([part]) => one[part] !== other[part]).map(([, name]) => name);
}

function placeOf(event: RecordedEvent | undefined): Place | undefined {
  if (event === undefined) return undefined;
  const { position, stream, revision, eventId, type } = event;
  return { position, stream, revision, eventId, type };
}

/** A difference in one sentence. */
export function describeDifference({ event, source, target, parts }: Difference): string {
  const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `event ${event} differs${what}; source: ${nameOf(source)}; target: ${nameOf(target)}`;
}

function nameOf(place: Place | undefined): string {
  if (place === undefined) return 'no such event';
  const { position, stream, revision, eventId, type } = place;
  return `position ${position}, ${type}, ${stream} revision ${revision}, id ${eventId}`;
}

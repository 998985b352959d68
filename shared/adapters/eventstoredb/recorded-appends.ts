import type {
  AppendResult,
  ExpectedRevision,
  NewEvent,
  RecordedEvent,
} from '../../ports/event-store.js';
import type { Appends } from './appends.js';
import type { RecordedTimes } from './recorded-times.js';

/** An event of another log; the time it was recorded there is kept. */
export type EventOfAnotherLog = NewEvent & Pick<RecordedEvent, 'recordedAt'>;

/**
 * Appends events of another log with the times they have there.
 * @throws {RangeError} a time is before one that is in the log already: nothing was stored
 */
export async function appendRecorded(
  appends: Appends,
  times: RecordedTimes,
  stream: string,
  expected: ExpectedRevision,
  events: readonly EventOfAnotherLog[],
): Promise<AppendResult> {
  const sent = events.map(({ recordedAt, eventId, type, data, metadata }) => {
    return { eventId, type, data, metadata, keptTime: recordedAt };
  });
  const isEarly = earliest(events) < times.latest;
  // Only what is there already may be as early as that.
  if (isEarly) {
    const known = await appends.find(stream, expected, sent);
    if (known !== undefined) return known;
    throw new RangeError(`the log goes on at ${times.latest}: events cannot be recorded before it`);
  }
  const result = await appends.append(stream, expected, sent);
  if (result.kind === 'appended' && result.recordedAt !== events.at(-1)?.recordedAt) {
    throw new Error(`somebody else appended: ${stream} goes on at ${result.recordedAt}`);
  }
  return result;
}

/** @throws {RangeError} the times are none, or not in order */
function earliest(events: readonly EventOfAnotherLog[]): number {
  let before = 0;
  for (const { recordedAt } of events) {
    if (!Number.isSafeInteger(recordedAt) || recordedAt < before) {
      throw new RangeError(`${recordedAt} is no time, or before the one of the event before`);
    }
    before = recordedAt;
  }
  return events[0]?.recordedAt ?? 0;
}

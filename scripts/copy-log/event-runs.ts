import {
  MAX_APPEND_BYTES,
  type NewEvent,
  type RecordedEvent,
} from '../../shared/ports/event-store.js';

/** A server that keeps the recorded time in the metadata needs room for it. */
const ROOM_FOR_TIME_BYTES = 128;

/** Events that one append can take: of one stream, one after the other, and not too large. */
export function* eventRuns(
  events: readonly RecordedEvent[],
): Generator<readonly RecordedEvent[], void, void> {
  let run: RecordedEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    const [first] = run;
    if (first !== undefined && (first.stream !== event.stream || bytes + size > MAX_APPEND_BYTES)) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(event);
    bytes += size;
  }
  if (run.length > 0) yield run;
}

function sizeOf({ eventId, type, data, metadata }: NewEvent): number {
  return Buffer.byteLength(eventId + type + data + metadata) + ROOM_FOR_TIME_BYTES;
}

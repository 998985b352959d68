import {
  AppendTooLarge,
  MAX_APPEND_BYTES,
  type ExpectedRevision,
  type NewEvent,
} from '../../ports/event-store.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why an append cannot be stored as it is; undefined: it can. */
export function refusalOf(
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): Error | undefined {
  if (events.length === 0) return new RangeError('an append needs at least one event');
  if (stream === '') return new RangeError('a stream needs a name');
  if (stream.startsWith('$')) return new RangeError('names with a $ are the server’s own');
  if (expected !== 'no-stream' && expected < 0n) return new RangeError('revisions start at 0');
  let bytes = 0;
  for (const { eventId, type, data, metadata } of events) {
    if (!UUID.test(eventId)) return new TypeError(`not a UUID in lower case: ${eventId}`);
    if (type.startsWith('$')) return new RangeError('types with a $ are the server’s own');
    if ([stream, type, data, metadata].some((text) => LONE_SURROGATE.test(text))) {
      return new TypeError('text with half a surrogate pair has no UTF-8');
    }
    bytes += UUID_BYTES + Buffer.byteLength(type + data + metadata, 'utf8');
  }
  if (bytes <= MAX_APPEND_BYTES) return undefined;
  return new AppendTooLarge(`${bytes} bytes in one append, at most ${MAX_APPEND_BYTES} go`);
}

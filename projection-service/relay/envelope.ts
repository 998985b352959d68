import type { DecodedEvent } from '../../shared/events/codec.js';
import { encodeEntry } from '../../shared/events/codec-fields.js';
import { entryIdOf } from '../../shared/events/describe.js';
import { entryOf, type LedgerEvent } from '../../shared/events/event.js';
import { CURRENT_VERSION } from '../../shared/events/upcast.js';
import { lastFour, maskCardNumbers } from '../../shared/mask.js';
import type { BusMessage } from '../../shared/ports/event-bus.js';
import { topicsOf, type Topic } from './topics.js';

/** Texts that people wrote. */
const WRITTEN: ReadonlySet<string> = new Set(['description', 'reason']);

/**
 * The messages of an event, one for each topic it goes to. Fields are called as in the answers of
 * the query service; amounts, revisions and positions are decimal strings.
 */
export function messagesOf(decoded: DecodedEvent): readonly BusMessage[] {
  const topics = topicsOf(decoded.event);
  if (topics.length === 0) return [];
  const key = aggregateIdOf(decoded.stream);
  const headers = headersOf(decoded);
  const envelope = envelopeOf(decoded);
  const data = publicData(decoded.event);
  return topics.map((topic) => {
    const value = `{"topicVersion":${topic.version},${envelope}${entryId(topic, decoded)},"data":${data}}`;
    return { topic: topic.name, key, value, headers };
  });
}

/** The part of a stream's name after its category: `payment-{id}` is the payment's id. */
export function aggregateIdOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}

function headersOf({ event, eventId, position, metadata }: DecodedEvent): BusMessage['headers'] {
  const { traceparent } = metadata;
  return {
    eventId,
    type: event.type,
    position: position.toString(),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** All but the data, as the inside of a JSON object. */
function envelopeOf(decoded: DecodedEvent): string {
  const { event, metadata, eventId, stream, revision, position, recordedAt } = decoded;
  const occurredAt = metadata.occurredAt ?? recordedAt;
  // The data has been brought up to it, whatever was stored.
  const schemaVersion = CURRENT_VERSION[event.type];
  // By hand: this runs for every event there is.
  return (
    `"eventId":"${eventId}","type":"${event.type}","schemaVersion":${schemaVersion}` +
    `,"stream":${JSON.stringify(stream)},"revision":"${revision}","position":"${position}"` +
    `,"recordedAt":"${time(recordedAt)}","occurredAt":"${time(occurredAt)}"` +
    `,"effectiveDate":"${metadata.effectiveDate}","actor":${JSON.stringify(metadata.actor)}` +
    `,"commandId":${JSON.stringify(metadata.commandId)}` +
    `,"correlationId":${JSON.stringify(metadata.correlationId)}` +
    `,"causationId":${JSON.stringify(metadata.causationId)}`
  );
}

/** Whoever follows entries wants the id by which the journal knows them. */
function entryId(topic: Topic, decoded: DecodedEvent): string {
  return topic.carries === 'entries' ? `,"entryId":${JSON.stringify(entryIdOf(decoded))}` : '';
}

/**
 * JSON text of an event's data as others may see it: of a means of payment the last four characters,
 * no card number in any text, and not what a gateway answered word by word.
 */
function publicData(event: LedgerEvent): string {
  let text = '';
  for (const [name, value] of Object.entries(event.data)) {
    if (value === undefined || name === 'answer' || name === 'entry') continue;
    text += `${text === '' ? '' : ','}"${name}":${publicValue(name, value)}`;
  }
  const entry = entryOf(event);
  if (entry !== undefined) text += `${text === '' ? '' : ','}"entry":${encodeEntry(entry)}`;
  return `{${text}}`;
}

function publicValue(name: string, value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value !== 'object')
    return JSON.stringify(WRITTEN.has(name) ? hide(name, value) : value);
  return JSON.stringify(value, hide);
}

function hide(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return name === 'token' ? lastFour(value) : maskCardNumbers(value);
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

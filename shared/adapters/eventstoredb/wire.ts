import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { parseUUID } from '@eventstore/db-client/dist/utils/grpcUUID.js';
import type { ExpectedRevision, NewEvent, RecordedEvent } from '../../ports/event-store.js';
import { readKeptTime, withKeptTime } from './kept-time.js';

/* The messages of the wire that we use, from and to our words. */

/**
 * An event as the server has it; `created` is by its clock, or was given with the event, in
 * milliseconds since 1970.
 */
export type WireEvent = Omit<RecordedEvent, 'recordedAt'> & Readonly<{ created: number }>;

export type Place = 'start' | 'end' | bigint;
export type Direction = 'forwards' | 'backwards';

const { Options } = streams.ReadReq;
const { FORWARDS, BACKWARDS } = Options.ReadDirection;

export type ReadAll = Readonly<{
  from: Place;
  direction: Direction;
  count: number;
  /** Only events whose type begins so, where the server filters. */
  typePrefix?: string;
}>;

/** From a position means forwards with the event there, backwards with those before it. */
export function readAllRequest({ from, direction, count, typePrefix }: ReadAll): streams.ReadReq {
  const options = readOptions(direction).setAll(placeInAll(from)).setCount(count.toString());
  if (typePrefix === undefined) options.setNoFilter(new shared.Empty());
  else options.setFilter(onlyTypes(typePrefix));
  return new streams.ReadReq().setOptions(options);
}

/** What there is after a position and what is to come. */
export function followRequest(after: bigint): streams.ReadReq {
  const options = readOptions('forwards')
    .setAll(placeInAll(after === 0n ? 'start' : after))
    .setSubscription(new Options.SubscriptionOptions())
    .setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

export type ReadStream = Readonly<{
  from: Place;
  direction: Direction;
  count: number;
}>;

export function readStreamRequest(
  stream: string,
  { from, direction, count }: ReadStream,
): streams.ReadReq {
  const place = new Options.StreamOptions().setStreamIdentifier(identifier(stream));
  if (from === 'start') place.setStart(new shared.Empty());
  else if (from === 'end') place.setEnd(new shared.Empty());
  else place.setRevision(from.toString());
  const options = readOptions(direction)
    .setStream(place)
    .setCount(count.toString())
    .setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

function readOptions(direction: Direction): streams.ReadReq.Options {
  return new Options()
    .setResolveLinks(false)
    .setReadDirection(direction === 'forwards' ? FORWARDS : BACKWARDS)
    .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()));
}

function placeInAll(place: Place): streams.ReadReq.Options.AllOptions {
  const all = new Options.AllOptions();
  if (place === 'start') return all.setStart(new shared.Empty());
  if (place === 'end') return all.setEnd(new shared.Empty());
  const position = new Options.Position()
    .setCommitPosition(place.toString())
    .setPreparePosition(place.toString());
  return all.setPosition(position);
}

function onlyTypes(prefix: string): streams.ReadReq.Options.FilterOptions {
  const { FilterOptions } = Options;
  return new FilterOptions()
    .setEventType(new FilterOptions.Expression().setPrefixList([prefix]))
    .setMax(4096)
    .setCheckpointintervalmultiplier(1);
}

function identifier(stream: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8'));
}

/** The event of an answer; undefined: the answer is about something else. */
export function eventOf(answer: streams.ReadResp): WireEvent | undefined {
  const resolved = answer.getEvent();
  const event = resolved?.getEvent();
  if (resolved === undefined || event === undefined) return undefined;
  const about = event.getMetadataMap();
  const ticks = BigInt(about.get('created') ?? '0');
  const { metadata, keptTime } = readKeptTime(text(event.getCustomMetadata_asU8()));
  return {
    eventId: parseUUID(event.getId()) ?? '',
    stream: text(event.getStreamIdentifier()?.getStreamName_asU8()),
    type: about.get('type') ?? '',
    data: text(event.getData_asU8()),
    metadata,
    revision: BigInt(event.getStreamRevision()),
    position: BigInt(
      resolved.hasCommitPosition() ? resolved.getCommitPosition() : event.getCommitPosition(),
    ),
    created: keptTime ?? Number(ticks / TICKS_PER_MILLISECOND),
  };
}

const TICKS_PER_MILLISECOND = 10_000n;

function text(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The same event as the port has it. */
export function recorded(event: WireEvent, recordedAt: number): RecordedEvent {
  const { eventId, type, data, metadata, stream, revision, position } = event;
  return { eventId, type, data, metadata, stream, revision, position, recordedAt };
}

/** Events of the server itself and of its projections are none of ours. */
export function isOurs({ stream, type }: Pick<WireEvent, 'stream' | 'type'>): boolean {
  return !stream.startsWith('$') && !type.startsWith('$');
}

/** With `keptTime` it was recorded elsewhere, then; in milliseconds since 1970. */
export type SentEvent = NewEvent & Readonly<{ keptTime?: number }>;

export type AppendRequest = Readonly<{
  id: string;
  stream: string;
  expected: ExpectedRevision;
  events: readonly SentEvent[];
}>;

/**
 * Options with the 1st of January 2100 as their deadline. The server gives up at the earlier of that
 * and its own time-out; a deadline by our clock would expire too early where its clock is ahead.
 */
const WITH_DEADLINE = Uint8Array.of(0x32, 0x06, 0x08, 0x80, 0xae, 0x99, 0xa4, 0x0f);
/** The package has no class for the empty message that means: no such stream yet. */
const NO_STREAM_WITH_DEADLINE = Uint8Array.of(...WITH_DEADLINE, 0x1a, 0x00);

/** The texts go as they are: the package's own events are written anew by `JSON.stringify`. */
export function appendRequest(append: AppendRequest): streams.BatchAppendReq {
  const { Options: AppendOptions } = streams.BatchAppendReq;
  const options =
    append.expected === 'no-stream'
      ? AppendOptions.deserializeBinary(NO_STREAM_WITH_DEADLINE)
      : AppendOptions.deserializeBinary(WITH_DEADLINE).setStreamPosition(
          append.expected.toString(),
        );
  options.setStreamIdentifier(identifier(append.stream));
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(append.id))
    .setOptions(options)
    .setProposedMessagesList(append.events.map(proposed))
    .setIsFinal(true);
}

function proposed(event: SentEvent): streams.BatchAppendReq.ProposedMessage {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(event.eventId))
    .setData(Buffer.from(event.data, 'utf8'))
    .setCustomMetadata(Buffer.from(withKeptTime(event.metadata, event.keptTime), 'utf8'));
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  return message;
}

/** What the server said of one append. */
export type AppendAnswer =
  | Readonly<{ kind: 'appended'; revision: bigint; position: bigint }>
  | Readonly<{ kind: 'conflict'; actual: ExpectedRevision }>
  | Readonly<{ kind: 'too-large'; limit: number }>
  | Readonly<{ kind: 'deleted' }>
  | Readonly<{ kind: 'denied' }>
  /** Whether it was stored cannot be told. */
  | Readonly<{ kind: 'unknown'; reason: string }>;

/** Which append an answer is about, and what it says. */
export function appendAnswerOf(
  response: streams.BatchAppendResp,
): Readonly<{ id: string | undefined; answer: AppendAnswer }> {
  const id = parseUUID(response.getCorrelationId());
  const success = response.getSuccess();
  return { id, answer: success === undefined ? errorOf(response) : successOf(success) };
}

function successOf(success: streams.BatchAppendResp.Success): AppendAnswer {
  const position = success.getPosition();
  if (position === undefined || !success.hasCurrentRevision()) {
    return { kind: 'unknown', reason: 'the server stored it and does not say where' };
  }
  return {
    kind: 'appended',
    revision: BigInt(success.getCurrentRevision()),
    position: BigInt(position.getCommitPosition()),
  };
}

const WORDS = 'event_store.client.';

function errorOf(response: streams.BatchAppendResp): AppendAnswer {
  const error = response.getError();
  const details = error?.getDetails();
  const kind = details?.getTypeName() ?? '';
  switch (kind) {
    case `${WORDS}WrongExpectedVersion`: {
      const wrong = details?.unpack(
        (bytes) => shared.WrongExpectedVersion.deserializeBinary(bytes),
        kind,
      );
      const revision = wrong?.hasCurrentStreamRevision() === true;
      return {
        kind: 'conflict',
        actual: revision ? BigInt(wrong.getCurrentStreamRevision()) : 'no-stream',
      };
    }
    case `${WORDS}MaximumAppendSizeExceeded`: {
      const limit = details?.unpack(
        (bytes) => shared.MaximumAppendSizeExceeded.deserializeBinary(bytes),
        kind,
      );
      return { kind: 'too-large', limit: limit?.getMaxappendsize() ?? 0 };
    }
    case `${WORDS}StreamDeleted`:
      return { kind: 'deleted' };
    case `${WORDS}AccessDenied`:
      return { kind: 'denied' };
    default:
      return { kind: 'unknown', reason: `${kind} ${error?.getMessage() ?? ''}`.trim() };
  }
}

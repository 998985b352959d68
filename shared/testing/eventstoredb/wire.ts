import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Actual, Expected } from './esdb-log.js';
import type { ProposedEvent, StoredEvent } from './esdb-event.js';
import { emptyField } from './protobuf-field.js';

/*
 * Between the generated messages of the client's package and the log. UUIDs are texts, as this
 * client asks for them; the other form of the protocol is not spoken here.
 */

/** A request that no true client sends. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

type Proposed = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage;

export function proposedEvent(message: Proposed): ProposedEvent {
  const metadata = message.getMetadataMap();
  return {
    id: idOf(message.getId()),
    type: required(metadata.get('type'), 'type'),
    contentType: required(metadata.get('content-type'), 'content-type'),
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function idOf(uuid: shared.UUID | undefined): string {
  if (uuid?.hasString() !== true) throw new BadRequest('only UUIDs written as texts are taken');
  return uuid.getString().toLowerCase();
}

export function streamOf(identifier: shared.StreamIdentifier | undefined): string {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
  if (name === '') throw new BadRequest('a stream must be named');
  return name;
}

export function streamIdentifier(stream: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}

/** The four ways to say what revision is expected, the same in every request. */
type Expectation = Readonly<{
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}>;

/** @param revision the revision, when neither of the words is given */
export function expectedOf(options: Expectation, revision: () => string): Expected {
  if (options.hasNoStream()) return 'no-stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream-exists';
  return BigInt(revision());
}

export function eventMessage(event: StoredEvent): streams.ReadResp {
  const read = new streams.ReadResp.ReadEvent()
    .setEvent(recordedEvent(event))
    .setCommitPosition(event.position.toString());
  return new streams.ReadResp().setEvent(read);
}

export function recordedEvent(event: StoredEvent): streams.ReadResp.ReadEvent.RecordedEvent {
  const position = event.position.toString();
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(streamIdentifier(event.stream))
    .setStreamRevision(event.revision.toString())
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  const metadata = recorded.getMetadataMap();
  metadata.set('type', event.type);
  metadata.set('content-type', event.contentType);
  metadata.set('created', event.created.toString());
  return recorded;
}

/** The other way round, for what was kept in a file. */
export function storedEvent(recorded: streams.ReadResp.ReadEvent.RecordedEvent): StoredEvent {
  const metadata = recorded.getMetadataMap();
  return {
    id: idOf(recorded.getId()),
    stream: streamOf(recorded.getStreamIdentifier()),
    revision: BigInt(recorded.getStreamRevision()),
    position: BigInt(recorded.getCommitPosition()),
    created: BigInt(required(metadata.get('created'), 'created')),
    type: required(metadata.get('type'), 'type'),
    contentType: required(metadata.get('content-type'), 'content-type'),
    data: recorded.getData_asU8(),
    metadata: recorded.getCustomMetadata_asU8(),
  };
}

export function appended(revision: Actual, position: bigint): streams.AppendResp {
  const at = new streams.AppendResp.Position()
    .setCommitPosition(position.toString())
    .setPreparePosition(position.toString());
  const success = new streams.AppendResp.Success().setPosition(at);
  if (revision === 'no-stream') success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(revision.toString());
  return new streams.AppendResp().setSuccess(success);
}

/** A conflict, which is part of a successful answer to an append of one stream. */
export function wrongVersion(expected: Expected, actual: Actual): streams.AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual === 'no-stream') wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(actual.toString());
  if (expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else if (expected === 'stream-exists') wrong.setExpectedStreamExists(new shared.Empty());
  else wrong.setExpectedRevision(expected.toString());
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
}

export function batchAppended(revision: Actual, position: bigint): streams.BatchAppendResp.Success {
  const at = new shared.AllStreamPosition()
    .setCommitPosition(position.toString())
    .setPreparePosition(position.toString());
  const success =
    revision === 'no-stream'
      ? streams.BatchAppendResp.Success.deserializeBinary(emptyField(2))
      : new streams.BatchAppendResp.Success().setCurrentRevision(revision.toString());
  return success.setPosition(at);
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new BadRequest(`Required Metadata Property '${name}' is missing`);
  return value;
}

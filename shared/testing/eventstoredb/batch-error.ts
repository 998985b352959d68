import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import type { Actual, Expected } from './esdb-log.js';
import { NO_LEADER } from './failures.js';
import { emptyField, field } from './protobuf-field.js';
import { streamIdentifier } from './wire.js';

/** What a batch append answers instead of a success: a status with a message of its own inside. */
export type BatchError = statuses.Status;

const NOTHING = new Uint8Array();
/** Of the message, by number: their type is of a package that is not ours. */
const EXPECTED_FIELDS = { any: 4, 'stream-exists': 5, 'no-stream': 6 } as const;

export function wrongVersionError(expected: Expected, actual: Actual): BatchError {
  const wrong = shared.WrongExpectedVersion.deserializeBinary(
    Buffer.concat([
      actual === 'no-stream' ? emptyField(2) : NOTHING,
      typeof expected === 'bigint' ? NOTHING : emptyField(EXPECTED_FIELDS[expected]),
    ]),
  );
  if (actual !== 'no-stream') wrong.setCurrentStreamRevision(actual.toString());
  if (typeof expected === 'bigint') wrong.setExpectedStreamPosition(expected.toString());
  return packed(code.Code.ALREADY_EXISTS, 'WrongExpectedVersion', wrong.serializeBinary());
}

export function streamDeletedError(stream: string): BatchError {
  const deleted = new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream));
  return packed(code.Code.NOT_FOUND, 'StreamDeleted', deleted.serializeBinary());
}

export function timeoutError(): BatchError {
  return packed(code.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout().serializeBinary());
}

export function tooLargeError(limit: number): BatchError {
  const tooLarge = new shared.MaximumAppendSizeExceeded().setMaxappendsize(limit);
  return packed(
    code.Code.INVALID_ARGUMENT,
    'MaximumAppendSizeExceeded',
    tooLarge.serializeBinary(),
  );
}

export function badRequestError(message: string): BatchError {
  const bad = new shared.BadRequest().setMessage(message);
  return packed(code.Code.INVALID_ARGUMENT, 'BadRequest', bad.serializeBinary());
}

/** Not a refusal of its own: the true server answers so, and this client cannot name it. */
export function notReadyError(): BatchError {
  return status(code.Code.OK, 'Server Is Not Ready', 'google.protobuf.Empty', NOTHING);
}

export function noLeaderError(): BatchError {
  return status(code.Code.OK, NO_LEADER, 'google.protobuf.Empty', NOTHING);
}

function packed(number: code.Code, name: string, content: Uint8Array): BatchError {
  return status(number, name, `event_store.client.${name}`, content);
}

/** Of a message of any type goes the name and the bytes; the package for that is not ours. */
function status(number: code.Code, message: string, type: string, content: Uint8Array): BatchError {
  const any = Buffer.concat([
    field(1, Buffer.from(`type.googleapis.com/${type}`)),
    field(2, content),
  ]);
  const bytes = Buffer.concat([field(2, Buffer.from(message)), field(3, any)]);
  return statuses.Status.deserializeBinary(bytes).setCode(number);
}

import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { carryOut } from './appending.js';
import type { AppendOutcome, Expected } from './esdb-log.js';
import {
  badRequestFailure,
  noLeaderFailure,
  notReadyFailure,
  streamDeletedFailure,
  timeoutFailure,
  unavailableFailure,
  unimplementedFailure,
  wrongVersionFailure,
} from './failures.js';
import type { Serving } from './serving.js';
import { expectedOf, streamOf } from './wire.js';

/** Delete hides what the stream has; the stream can go on. */
export function serveDelete(
  serving: Serving,
  call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
  callback: sendUnaryData<streams.DeleteResp>,
): void {
  serveRemoval(serving, call, callback, {
    remove: (stream, expected) => serving.log.delete(stream, expected),
    answer: (position) =>
      new streams.DeleteResp().setPosition(
        new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position),
      ),
  });
}

/** Tombstone ends a stream for good. */
export function serveTombstone(
  serving: Serving,
  call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
  callback: sendUnaryData<streams.TombstoneResp>,
): void {
  serveRemoval(serving, call, callback, {
    remove: (stream, expected) => serving.log.tombstone(stream, expected),
    answer: (position) =>
      new streams.TombstoneResp().setPosition(
        new streams.TombstoneResp.Position()
          .setCommitPosition(position)
          .setPreparePosition(position),
      ),
  });
}

function serveRemoval<Request extends streams.DeleteReq | streams.TombstoneReq, Answer>(
  { misbehaviours, resetPeer }: Serving,
  call: ServerUnaryCall<Request, Answer>,
  callback: sendUnaryData<Answer>,
  how: Readonly<{
    remove(stream: string, expected: Expected): AppendOutcome;
    answer(position: string): Answer;
  }>,
): void {
  const fault = misbehaviours.next('delete');
  const options = call.request.getOptions();
  if (options === undefined) {
    callback(badRequestFailure('no options'));
    return;
  }
  const stream = streamOf(options.getStreamIdentifier());
  const expected = expectedOf(options, () => options.getRevision());
  carryOut(fault, () => how.remove(stream, expected), {
    answer: (outcome) => {
      switch (outcome.kind) {
        case 'appended':
          callback(null, how.answer(outcome.position.toString()));
          return;
        case 'deleted':
          callback(streamDeletedFailure(stream));
          return;
        case 'wrong-version':
          callback(wrongVersionFailure(stream, expected, outcome.actual));
      }
    },
    timedOut: () => callback(timeoutFailure('DeleteStream')),
    notReady: () => callback(notReadyFailure()),
    noLeader: () => callback(noLeaderFailure()),
    fail: (failure) => callback(failure),
    end: () => callback({ code: status.OK, details: '' }),
    reset: () => resetPeer(call.getPeer()),
  });
}

/** GetSupportedMethods: clients ask once for each connection what they may call. */
export function serveFeatures(
  { misbehaviours }: Serving,
  _call: ServerUnaryCall<shared.Empty, features.SupportedMethods>,
  callback: sendUnaryData<features.SupportedMethods>,
): void {
  const fault = misbehaviours.next('features');
  switch (fault?.kind) {
    case 'no-answer':
      return;
    case 'unimplemented':
      callback(unimplementedFailure());
      return;
    case 'unavailable':
      callback(unavailableFailure());
      return;
    case 'without-batch':
    case undefined:
      callback(null, supportedMethods(fault === undefined));
  }
}

function supportedMethods(hasBatch: boolean): features.SupportedMethods {
  const answer = new features.SupportedMethods().setEventStoreServerVersion('24.6.0');
  for (const { path } of Object.values(streamsGrpc.StreamsService)) {
    const [, service = '', name = ''] = path.toLowerCase().split('/');
    if (name === 'batchappend' && !hasBatch) continue;
    const method = new features.SupportedMethod().setServiceName(service).setMethodName(name);
    if (name === 'read') method.setFeaturesList(['position', 'events']);
    if (name === 'batchappend') method.setFeaturesList(['deadline_duration']);
    answer.addMethods(method);
  }
  return answer;
}

import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
} from '@grpc/grpc-js';
import { carryOut } from './appending.js';
import {
  badRequestError,
  noLeaderError,
  notReadyError,
  streamDeletedError,
  timeoutError,
  tooLargeError,
  wrongVersionError,
  type BatchError,
} from './batch-error.js';
import type { ProposedEvent } from './esdb-event.js';
import { appendSize, type AppendOutcome, type Expected } from './esdb-log.js';
import {
  badRequestFailure,
  noLeaderFailure,
  notReadyFailure,
  streamDeletedFailure,
  timeoutFailure,
  tooLargeFailure,
} from './failures.js';
import type { Serving } from './serving.js';
import {
  appended,
  BadRequest,
  batchAppended,
  expectedOf,
  idOf,
  proposedEvent,
  streamIdentifier,
  streamOf,
  wrongVersion,
} from './wire.js';

/** The most that one append takes, all its events together. */
const MAX_APPEND_SIZE = 1024 * 1024;

/** Append: one call for one append, its events a message each. */
export function serveAppend(
  { log, misbehaviours, resetPeer }: Serving,
  call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
  callback: sendUnaryData<streams.AppendResp>,
): void {
  let options: streams.AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  let refused: Error | undefined;
  call.on('data', (request: streams.AppendReq) => {
    try {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(proposedEvent(message));
    } catch (fault) {
      refused ??= asError(fault);
    }
  });
  call.on('end', () => {
    const fault = misbehaviours.next('append');
    const given = options;
    if (refused !== undefined || given === undefined) {
      callback(badRequestFailure(refused?.message ?? 'no options'));
      return;
    }
    if (isTooLarge(events)) {
      callback(tooLargeFailure(MAX_APPEND_SIZE));
      return;
    }
    const stream = streamOf(given.getStreamIdentifier());
    const expected = expectedOf(given, () => given.getRevision());
    carryOut(fault, (count) => log.append(stream, expected, events.slice(0, count)), {
      answer: (outcome) => {
        if (outcome.kind === 'deleted') callback(streamDeletedFailure(stream));
        else callback(null, appendAnswer(outcome, expected));
      },
      timedOut: () => callback(timeoutFailure('WriteEvents')),
      notReady: () => callback(notReadyFailure()),
      noLeader: () => callback(noLeaderFailure()),
      fail: (failure) => callback(failure),
      end: () => callback({ code: status.OK, details: '' }),
      reset: () => resetPeer(call.getPeer()),
    });
  });
}

/** An append whose messages are still coming. */
type Batch = {
  stream: string;
  expected: Expected;
  events: ProposedEvent[];
};

/** BatchAppend: one call for all the appends of a client, answered by their ids. */
export function serveBatchAppend(
  serving: Serving,
  call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>,
): void {
  const batches = new Map<string, Batch>();
  let isOpen = true;
  const close = () => {
    isOpen = false;
  };
  call.on('cancelled', close);
  call.on('error', close);
  call.on('data', (request: streams.BatchAppendReq) => {
    if (!isOpen) return;
    const id = request.getCorrelationId();
    const say = (stream: string, result: BatchError | streams.BatchAppendResp.Success) => {
      if (!isOpen) return;
      const answer = new streams.BatchAppendResp()
        .setCorrelationId(id)
        .setStreamIdentifier(streamIdentifier(stream));
      if (result instanceof streams.BatchAppendResp.Success) answer.setSuccess(result);
      else answer.setError(result);
      call.write(answer);
    };
    const batch = collect(batches, request, say);
    if (batch === undefined) return;
    const { stream, expected, events } = batch;
    const store = (count?: number) => serving.log.append(stream, expected, events.slice(0, count));
    carryOut(serving.misbehaviours.next('append'), store, {
      answer: (outcome) => say(stream, batchAnswer(outcome, stream, expected)),
      timedOut: () => say(stream, timeoutError()),
      notReady: () => say(stream, notReadyError()),
      noLeader: () => say(stream, noLeaderError()),
      fail: (failure) => {
        close();
        call.emit('error', failure);
      },
      end: () => {
        close();
        call.end();
      },
      reset: () => serving.resetPeer(call.getPeer()),
    });
  });
  call.on('end', () => {
    if (isOpen) call.end();
  });
}

/** Adds a message to its append; answers with the append when it is whole and may be stored. */
function collect(
  batches: Map<string, Batch>,
  request: streams.BatchAppendReq,
  refuse: (stream: string, error: BatchError) => void,
): Batch | undefined {
  let stream = '';
  try {
    const id = idOf(request.getCorrelationId());
    const options = request.getOptions();
    if (options !== undefined) {
      stream = streamOf(options.getStreamIdentifier());
      if (isPast(options)) {
        refuse(stream, timeoutError());
        return undefined;
      }
      const expected = expectedOf(options, () => options.getStreamPosition());
      batches.set(id, { stream, expected, events: [] });
    }
    const batch = batches.get(id);
    if (batch === undefined) return undefined;
    stream = batch.stream;
    batch.events.push(...request.getProposedMessagesList().map(proposedEvent));
    if (isTooLarge(batch.events)) {
      batches.delete(id);
      refuse(stream, tooLargeError(MAX_APPEND_SIZE));
      return undefined;
    }
    if (!request.getIsFinal()) return undefined;
    batches.delete(id);
    return batch;
  } catch (fault) {
    refuse(stream, badRequestError(asError(fault).message));
    return undefined;
  }
}

function isPast(options: streams.BatchAppendReq.Options): boolean {
  const deadline = options.getDeadline();
  return deadline !== undefined && deadline.toDate().getTime() <= Date.now();
}

function isTooLarge(events: readonly ProposedEvent[]): boolean {
  return events.reduce((sum, event) => sum + appendSize(event), 0) > MAX_APPEND_SIZE;
}

function appendAnswer(
  outcome: Exclude<AppendOutcome, { kind: 'deleted' }>,
  expected: Expected,
): streams.AppendResp {
  return outcome.kind === 'appended'
    ? appended(outcome.revision, outcome.position)
    : wrongVersion(expected, outcome.actual);
}

function batchAnswer(
  outcome: AppendOutcome,
  stream: string,
  expected: Expected,
): BatchError | streams.BatchAppendResp.Success {
  switch (outcome.kind) {
    case 'appended':
      return batchAppended(outcome.revision, outcome.position);
    case 'wrong-version':
      return wrongVersionError(expected, outcome.actual);
    case 'deleted':
      return streamDeletedError(stream);
  }
}

/** What a client did wrong; anything else is a defect of this server and must be heard of. */
function asError(fault: unknown): BadRequest {
  if (fault instanceof BadRequest) return fault;
  throw fault;
}

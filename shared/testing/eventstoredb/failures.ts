import { Metadata, status, type ServerErrorResponse } from '@grpc/grpc-js';
import type { Actual, Expected } from './esdb-log.js';

/** How a call fails: with the codes, texts and trailers of the true server. */
export type Failure = ServerErrorResponse;

export function wrongVersionFailure(stream: string, expected: Expected, actual: Actual): Failure {
  const [wanted, there] = [asNumber(expected), actual === 'no-stream' ? '' : actual.toString()];
  return failure(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${wanted}, Actual version: ${there}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': wanted,
      'actual-version': there,
    },
  );
}

export function streamDeletedFailure(stream: string): Failure {
  return failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
}

export function tooLargeFailure(limit: number): Failure {
  return failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': limit.toString(),
  });
}

export function notLeaderFailure(host: string, port: number): Failure {
  return failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': port.toString(),
  });
}

/** What a server says that is not the leader and knows none. */
export const NO_LEADER = 'No leader info available in response';

export function noLeaderFailure(): Failure {
  return failure(status.UNKNOWN, NO_LEADER);
}

export function timeoutFailure(of: string): Failure {
  return failure(status.ABORTED, `Operation timed out: ${of}`);
}

export function tooSlowFailure(): Failure {
  return timeoutFailure(
    'Consumer too slow to handle event while live. Client resubscription required.',
  );
}

export function notReadyFailure(): Failure {
  return failure(status.UNAVAILABLE, 'Server Is Not Ready');
}

export function unavailableFailure(): Failure {
  return failure(status.UNAVAILABLE, 'upstream connect error or disconnect before headers');
}

export function unimplementedFailure(): Failure {
  return failure(status.UNIMPLEMENTED, 'Method is unimplemented.');
}

export function badRequestFailure(message: string): Failure {
  return failure(status.INVALID_ARGUMENT, message);
}

/** A place in the log where no event begins. */
export function invalidPositionFailure(): Failure {
  return failure(status.UNKNOWN, 'Unexpected ReadAllResult: InvalidPosition');
}

function failure(code: status, details: string, trailers: Record<string, string> = {}): Failure {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

function asNumber(expected: Expected): string {
  switch (expected) {
    case 'no-stream':
      return '-1';
    case 'any':
      return '-2';
    case 'stream-exists':
      return '-4';
    default:
      return expected.toString();
  }
}

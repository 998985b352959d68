import { status } from '@grpc/grpc-js';
import { AppendTooLarge, StoreUnavailable } from '../../ports/event-store.js';

/** A call to the server failed; by what code, whatever kind of error it came as. */
export type Failure = Readonly<{ code: number | undefined; exception: string; text: string }>;

/**
 * What a client's error says. Errors of one failure come in two kinds: converted by the package,
 * with a `type`, or raw from gRPC, with a `code` and trailers; both have the code.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: undefined, exception: '', text: String(error) };
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  return { code, exception: exceptionOf(error), text: error.message };
}

function exceptionOf(error: Error): string {
  if (!('metadata' in error)) return '';
  const { metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('get' in metadata)) return '';
  const { get } = metadata;
  if (typeof get !== 'function') return '';
  const values: unknown = get.call(metadata, 'exception');
  return Array.isArray(values) && typeof values[0] === 'string' ? values[0] : '';
}

/** A place in the log where no event begins; the server says no more than "unknown". */
export function isUnknownPosition(error: unknown): boolean {
  const { code, text } = failureOf(error);
  return code === status.UNKNOWN || (code === status.INVALID_ARGUMENT && /position/i.test(text));
}

/**
 * The node is not the leader and cannot say who is. The client stays with it; only another one, which
 * a new search may find, can help.
 */
export function knowsNoLeader(error: unknown): boolean {
  const { code, text } = failureOf(error);
  return code === status.UNKNOWN && /no leader/i.test(text);
}

const PASSING: ReadonlySet<number | undefined> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/** Nothing but trying again helps: the server is away, busy, changing its leader, or silent. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Silence) return true;
  const { code, exception } = failureOf(error);
  return exception === 'not-leader' || PASSING.has(code);
}

/** The server said nothing for so long that it is not waited for any more. */
export class Silence extends Error {
  override readonly name = 'Silence';
  constructor(what: string, ms: number) {
    super(`no answer to ${what} within ${ms} ms`);
  }
}

/**
 * What the port promises to throw, whatever was thrown. Never that the disk is full: a server whose
 * disk is full ends itself, and is away.
 */
export function asStoreFault(error: unknown, server: string): Error {
  if (error instanceof StoreUnavailable || error instanceof AppendTooLarge) return error;
  const { code, text } = failureOf(error);
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    return unavailable(`EventStoreDB at ${server} denies access: ${text}`, error);
  }
  if (isPassing(error) || isConnectionError(code, error)) {
    return unavailable(`EventStoreDB at ${server} cannot be reached: ${text}`, error);
  }
  return asError(error);
}

/** Finding a node of a cluster fails with errors of its own and no code. */
function isConnectionError(code: number | undefined, error: unknown): boolean {
  return (
    code === undefined && error instanceof Error && /discover|ECONN|ENOTFOUND/.test(error.message)
  );
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export function unavailable(message: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(message, { cause });
}

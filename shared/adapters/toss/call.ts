import { shown } from '../../mask.js';
import type { GatewayAnswer } from '../../ports/payment-gateway.js';
import { readFailure, readPayment, type TossFailure, type TossPayment } from './wire.js';

/** An answer of Toss: a payment, its error object with a 4xx, or nothing that can be relied on. */
export type Reply =
  | Readonly<{ kind: 'payment'; payment: TossPayment }>
  | Readonly<{ kind: 'failure'; status: number; failure: TossFailure }>
  | Unknown;

export type Unknown = Extract<GatewayAnswer, { kind: 'unknown' }>;

export type Call = Readonly<
  | { method: 'GET'; path: string }
  | {
      method: 'POST';
      path: string;
      idempotencyKey: string;
      body: Readonly<Record<string, unknown>>;
    }
>;

export type Connection = Readonly<{
  /** Without a slash at its end. */
  url: string;
  /** Value of the header `Authorization`. */
  authorization: string;
  fetch: typeof globalThis.fetch;
}>;

/** A payment has a few KB, one with many cancellations some tens. */
const MAX_ANSWER_BYTES = 1_048_576;

/** Of errors of a connection, by the codes of Node and of its HTTP client. */
const TIMED_OUT = /^(ETIMEDOUT|UND_ERR_\w+_TIMEOUT)$/;
const NOT_REACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|\w*CERT\w*)$/;

/** Puts one request to Toss. Whatever goes wrong is an answer, never an exception. */
export async function call(to: Connection, request: Call, signal: AbortSignal): Promise<Reply> {
  try {
    const response = await to.fetch(`${to.url}${request.path}`, {
      method: request.method,
      headers: headersOf(to, request),
      body: request.method === 'GET' ? null : JSON.stringify(request.body),
      // The key must not follow a redirection to somewhere else.
      redirect: 'manual',
      signal,
    });
    const text = await textOf(response);
    if (text === undefined) return garbled(`HTTP ${response.status}, more than 1 MiB`);
    return replyOf(response.status, text);
  } catch (error) {
    return broken(error, signal);
  }
}

function headersOf(to: Connection, request: Call): Record<string, string> {
  const headers = { authorization: to.authorization, accept: 'application/json' };
  if (request.method === 'GET') return headers;
  return {
    ...headers,
    'content-type': 'application/json',
    'idempotency-key': request.idempotencyKey,
  };
}

/** The body. Undefined: it is longer than it may be, and the rest of it was not read. */
async function textOf(response: Response): Promise<string | undefined> {
  if (response.body === null) return '';
  const body: AsyncIterable<Uint8Array> = response.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function replyOf(status: number, text: string): Reply {
  const json = parsed(text);
  const failure = readFailure(json);
  if (status >= 500) {
    const said = failure === undefined ? '' : ` ${shown(`${failure.code}: ${failure.message}`)}`;
    return { kind: 'unknown', reason: 'unavailable', detail: `HTTP ${status}${said}` };
  }
  if (status >= 200 && status < 300) {
    const payment = readPayment(json);
    if (payment !== undefined) return { kind: 'payment', payment };
    return garbled(`HTTP ${status}, not a payment: ${shown(text)}`);
  }
  if (status >= 400 && failure !== undefined) return { kind: 'failure', status, failure };
  // Not Toss itself may have answered, but something before it.
  return garbled(`HTTP ${status}: ${shown(text)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only codes are repeated: the text of an error may hold what was sent. */
function broken(error: unknown, signal: AbortSignal): Unknown {
  const code = codeOf(error) ?? 'no code';
  if (signal.aborted || TIMED_OUT.test(code)) {
    const detail = signal.aborted ? 'no answer in time' : `connection: ${code}`;
    return { kind: 'unknown', reason: 'timeout', detail };
  }
  const reason = NOT_REACHED.test(code) ? 'unavailable' : 'reset';
  return { kind: 'unknown', reason, detail: `connection: ${code}` };
}

/** The code of an error or of what caused it. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

export function garbled(detail: string): Unknown {
  return { kind: 'unknown', reason: 'garbled', detail };
}

import type { z } from 'zod';
import { shown } from '../../mask.js';
import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
  RefundRequest,
} from '../../ports/payment-gateway.js';
import { GAVE_UP } from './pause.js';
import {
  callBodySchema,
  inquiryBodySchema,
  rawOf,
  recordSchema,
  toJson,
  type Outage,
} from './wire.js';

const MAX_ANSWER_BYTES = 65_536;

type Unknown = Extract<GatewayAnswer, { kind: 'unknown' }>;

type Heard = Readonly<{ kind: 'heard'; text: string }> | Unknown;

/**
 * The gateway that simulatorServer serves. Connections are those of the process's `fetch`.
 * @param options.url where it is, like `http://127.0.0.1:8090`
 */
export function httpSimulator(options: Readonly<{ url: string }>): PaymentGateway {
  return new HttpSimulator(options.url);
}

class HttpSimulator implements PaymentGateway {
  readonly capturesSeparately = true;

  constructor(private readonly url: string) {}

  authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('authorize', request, signal);
  }

  capture(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('capture', request, signal);
  }

  void(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('void', request, signal);
  }

  refund(request: RefundRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('refund', request, signal);
  }

  async inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer> {
    const heard = await this.#ask('inquire', inquiry, signal);
    if (heard.kind === 'unknown') return { kind: 'no-answer', detail: heard.detail };
    const body = parsed(inquiryBodySchema, heard.text);
    if (body === undefined) return { kind: 'no-answer', detail: notUnderstood(heard.text) };
    return { ...body, raw: rawOf(heard.text) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #call(path: string, request: object, signal: AbortSignal): Promise<GatewayAnswer> {
    const heard = await this.#ask(path, request, signal);
    if (heard.kind === 'unknown') return heard;
    const body = parsed(callBodySchema, heard.text);
    if (body === undefined) return unknown('garbled', notUnderstood(heard.text));
    return { ...body, raw: rawOf(heard.text) };
  }

  /** Sends a request once. Never rejects. */
  async #ask(path: string, request: object, signal: AbortSignal): Promise<Heard> {
    try {
      const answer = await fetch(`${this.url}/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: toJson(request),
        redirect: 'manual',
        signal,
      });
      const text = await readBounded(answer);
      if (answer.status === 429 || answer.status >= 500) {
        return unknown('unavailable', `${answer.status} from the gateway`);
      }
      if (text === undefined) return unknown('garbled', 'the answer is too large');
      return { kind: 'heard', text };
    } catch (error) {
      if (signal.aborted) return unknown('timeout', GAVE_UP);
      const code = codeOf(error);
      // Nobody listens there, so nothing was sent; any other fault may have come after it was.
      const refused = code === 'ECONNREFUSED';
      return unknown(refused ? 'unavailable' : 'reset', `the connection failed: ${code}`);
    }
  }
}

/** Reads the body, or stops and answers undefined when it is larger than any answer is. */
async function readBounded(answer: Response): Promise<string | undefined> {
  if (answer.body === null) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = answer.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return Buffer.concat(chunks).toString('utf8');
    size += value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}

/** What the text says, if it is JSON of this shape. */
function parsed<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function unknown(reason: Unknown['reason'], detail: string): Unknown {
  return { kind: 'unknown', reason, detail };
}

function notUnderstood(text: string): string {
  return `the answer is not understood: ${shown(text)}`;
}

/** The code of the system's or the HTTP client's error below what fetch throws. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return error instanceof Error ? error.message : String(error);
}

/** An operation as a served simulator tells it. */
export type ToldRecord = z.output<typeof recordSchema>;

/** Everything in the book of a simulator that is served, in order of reference. @throws */
export async function simulatorRecords(url: string): Promise<readonly ToldRecord[]> {
  const answer = await fetch(`${url}/records`);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => recordSchema.parse(JSON.parse(line)));
}

/** Switches what is wrong with a simulator that is served. @throws */
export async function switchOutage(url: string, mode: Outage): Promise<void> {
  const answer = await fetch(`${url}/outage`, { method: 'POST', body: JSON.stringify({ mode }) });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status}`);
}

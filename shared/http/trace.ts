import { randomFillSync } from 'node:crypto';
import { hasCardNumber } from '../mask.js';
import { invalid } from './refusal.js';

/** Under which request things happen. */
export type Trace = Readonly<{ correlationId: string; traceparent: string }>;

const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random bytes in hex. Taken from a pool, since asking the system for each is what costs. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** A new trace: the correlation id is the trace id. */
function newTrace(): Trace {
  const traceId = randomHex(TRACE_ID_BYTES);
  return { correlationId: traceId, traceparent: `00-${traceId}-${randomHex(SPAN_ID_BYTES)}-01` };
}

/**
 * The trace of a request. A `traceparent` that is not valid is replaced by a new one, as the W3C
 * asks. An `X-Correlation-ID` that is not valid is left out here; {@link checkCorrelationId}
 * refuses it.
 */
export function traceOf(correlationId: unknown, traceparent: unknown): Trace {
  const given = typeof traceparent === 'string' ? traceIdOf(traceparent) : undefined;
  const trace =
    given === undefined || typeof traceparent !== 'string'
      ? newTrace()
      : { correlationId: given, traceparent };
  return isCorrelationId(correlationId) ? { ...trace, correlationId } : trace;
}

/** @throws {HttpRefusal} VALIDATION_FAILED when there is one and it is not valid */
export function checkCorrelationId(header: unknown): void {
  if (header === undefined || isCorrelationId(header)) return;
  throw invalid(
    'X-Correlation-ID',
    typeof header === 'string' ? header : '',
    'is 1 to 64 of A-Z a-z 0-9 . _ : - and no card number',
  );
}

/** Whether it can be a correlation id. */
function isCorrelationId(text: unknown): text is string {
  return typeof text === 'string' && CORRELATION_ID.test(text) && !isCardNumber(text);
}

/** It would be stored and published. One in thousands of hexadecimal ids has such digits by chance. */
function isCardNumber(text: string): boolean {
  return !/[A-Za-z]/.test(text) && hasCardNumber(text);
}

function traceIdOf(traceparent: string): string | undefined {
  const [, version, traceId, spanId, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) {
    return undefined;
  }
  if (traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId ?? '')) return undefined;
  // A later version may add fields; they are not ours to store.
  return traceparent.length === 55 ? traceId : undefined;
}

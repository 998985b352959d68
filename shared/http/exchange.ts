import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../logging.js';
import { ANONYMOUS } from './auth.js';
import { accepts } from './accept.js';
import { maskCardNumbers, shown } from '../mask.js';
import type { Metrics } from './metrics.js';
import type { HttpRefusal } from './refusal.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { retryAfter, STATUS_OF } from './statuses.js';
import { traceOf, type Trace } from './trace.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = 'application/problem+json';

/** What a server does for every request, whatever the route. */
export type Surroundings = Readonly<{
  log: Log;
  metrics: Metrics;
  /** While stopping, every answer closes its connection. */
  stopping: () => boolean;
}>;

/** All that is logged of a request: never a body, a value of its query, or a secret. */
type LogLine = Readonly<{
  correlationId: string;
  method: string;
  route: string;
  status: number;
  ms: number;
}>;

/**
 * One request and its answer. Whoever answers does so here, so that each answer carries the same
 * headers and each is logged and counted once.
 */
export class Exchange {
  readonly trace: Trace;
  readonly #started = performance.now();
  actor: string = ANONYMOUS;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** Template of the route, the only form in which a path is logged. */
    readonly route: string,
    readonly surroundings: Surroundings,
  ) {
    this.trace = traceOf(request.headers['x-correlation-id'], request.headers['traceparent']);
  }

  /** A header of the request; several of one name come joined by commas. */
  header(name: string): string | undefined {
    const value = this.request.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Answers with a text that is complete. */
  send(status: number, type: string, body: string, headers: readonly string[] = []): void {
    if (this.response.headersSent) return;
    const length = ['Content-Length', String(Buffer.byteLength(body))];
    this.response.writeHead(status, this.#headers(type, [...length, ...headers]));
    this.response.end(body);
    this.#done(status);
  }

  /** Answers `{"code":"SUCCESS",…}`. */
  succeed(status: number, message: string, data: unknown, headers: readonly string[] = []): void {
    this.send(status, JSON_TYPE, JSON.stringify({ code: 'SUCCESS', message, data }), headers);
  }

  /** Answers with a refusal, in the form the caller asked for. */
  refuse(refusal: HttpRefusal): void {
    const { code } = refusal;
    const status = STATUS_OF[code];
    const message = maskCardNumbers(refusal.message);
    const errors = refusal.errors.map((error) => ({
      field: shown(error.field),
      value: shown(error.value),
      reason: shown(error.reason),
    }));
    const seconds = retryAfter(code);
    const headers = [
      ...refusal.headers,
      ...(seconds === undefined || refusal.headers.includes('Retry-After')
        ? []
        : ['Retry-After', String(seconds)]),
    ];
    if (!accepts(this.header('accept'), PROBLEM_TYPE)) {
      this.send(status, JSON_TYPE, JSON.stringify({ code, message, errors }), headers);
      return;
    }
    const problem = {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: message,
      instance: `urn:sagae:request:${this.trace.correlationId}`,
      code,
      correlationId: this.trace.correlationId,
      errors,
    };
    this.send(status, PROBLEM_TYPE, JSON.stringify(problem), headers);
  }

  /** Answers with parts as they come, no faster than the caller takes them. */
  async stream(
    type: string,
    parts: AsyncIterable<string>,
    headers: readonly string[] = [],
  ): Promise<void> {
    this.response.writeHead(200, this.#headers(type, headers));
    try {
      await pipeline(Readable.from(parts), this.response);
    } catch (error) {
      // The status is gone already: breaking off is the only way to tell that there was more.
      const gone = error instanceof Error && 'code' in error;
      if (!gone) this.surroundings.log.error({ err: error, ...this.#line(200) }, 'broken off');
    }
    this.#done(200);
  }

  /** Notes a request whose caller left before there was an answer. */
  abandoned(): void {
    this.response.destroy();
    this.#done(499);
  }

  #headers(type: string, more: readonly string[]): string[] {
    const headers = [
      ...SECURITY_HEADERS,
      'Content-Type',
      type,
      'X-Correlation-ID',
      this.trace.correlationId,
      'traceparent',
      this.trace.traceparent,
      ...more,
    ];
    if (this.surroundings.stopping() && !more.includes('Connection')) {
      headers.push('Connection', 'close');
    }
    return headers;
  }

  #done(status: number): void {
    const line = this.#line(status);
    this.surroundings.metrics.answered(line.method, line.route, status, line.ms / 1000);
    if (status >= 500) this.surroundings.log.warn(line);
    else this.surroundings.log.info(line);
  }

  #line(status: number): LogLine {
    return {
      correlationId: this.trace.correlationId,
      method: this.request.method ?? '',
      route: this.route,
      status,
      ms: Math.round((performance.now() - this.#started) * 100) / 100,
    };
  }
}

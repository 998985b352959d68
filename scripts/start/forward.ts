import { Agent, request as ask, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Exchange } from '../../shared/http/exchange.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import type { Route, RouteSpec } from '../../shared/http/route.js';

/** Headers about one connection only: they are never passed on (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const LOOPBACK = '127.0.0.1';

/** Passes requests on to a service that listens on this machine. */
export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });

  /** @param port where the service listens; undefined while it does not */
  constructor(
    private readonly service: string,
    private readonly port: () => number | undefined,
  ) {}

  /** A route of that service, served by passing it on. */
  route(spec: RouteSpec): Route {
    return { spec, serve: (exchange) => this.#forward(exchange) };
  }

  /** Ends the connections that are kept for later. */
  close(): void {
    this.#agent.destroy();
  }

  /** The answer goes through as it comes, no faster than the caller takes it. */
  async #forward(exchange: Exchange): Promise<void> {
    const answer = await this.#ask(exchange);
    const { response, surroundings } = exchange;
    const headers = passedOn(answer);
    if (surroundings.stopping()) headers.push('Connection', 'close');
    response.writeHead(answer.statusCode ?? 502, headers);
    await new Promise<void>((resolve) => {
      // Broken off on either side breaks off the other; the service has logged it.
      pipeline(answer, response, () => {
        resolve();
      });
    });
  }

  #ask(exchange: Exchange): Promise<IncomingMessage> {
    const { request, response, trace } = exchange;
    const port = this.port();
    if (port === undefined) return Promise.reject(this.#unavailable());
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name) && name !== 'content-length') {
        headers[name] = value;
      }
    }
    headers['x-correlation-id'] = trace.correlationId;
    headers['traceparent'] = trace.traceparent;
    return new Promise((resolve, reject) => {
      const forwarded = ask({
        host: LOOPBACK,
        port,
        method: request.method,
        path: request.url,
        headers,
        agent: this.#agent,
      });
      forwarded.on('response', resolve);
      forwarded.on('error', () => {
        reject(this.#unavailable());
      });
      response.on('close', () => {
        if (!response.writableFinished) forwarded.destroy();
      });
      // Reading routes take no body; one that came anyway stays here.
      forwarded.end();
    });
  }

  #unavailable(): HttpRefusal {
    return new HttpRefusal(
      'NOT_READY',
      `the ${this.service} service cannot be reached now; it is being started again`,
    );
  }
}

function passedOn(answer: IncomingMessage): string[] {
  const headers: string[] = [];
  const raw = answer.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase()) && name !== 'Date') {
      headers.push(name, raw[index + 1] ?? '');
    }
  }
  return headers;
}

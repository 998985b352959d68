import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readText } from '../../http/body.js';
import { HttpRefusal } from '../../http/refusal.js';
import type { Served, Simulator, SimulatorCall } from './simulator.js';
import {
  authorizeSchema,
  followUpSchema,
  inquirySchema,
  outageSchema,
  refundSchema,
  toJson,
  type CallBody,
} from './wire.js';

/** A simulator that can be reached over HTTP. */
export type SimulatorServer = Readonly<{
  url: string;
  port: number;
  /** Takes no more requests and cuts off whoever still waits for an answer. */
  stop(): Promise<void>;
}>;

const MAX_BODY_BYTES = 16_384;
const JSON_TYPE = 'application/json; charset=utf-8';
const STATUS: Readonly<Record<CallBody['kind'], number>> = {
  done: 200,
  declined: 402,
  refused: 422,
};
/** The beginning of an answer that broke off. */
const BROKEN = '{"kind":"done","gatewayId":"sim_';

/**
 * Serves a simulator over HTTP, with the faults of a network: an answer that never comes, a
 * connection that breaks, 503, broken JSON, slowness. `POST /authorize`, `/capture`, `/void`,
 * `/refund` and `/inquire` take the port's requests as JSON; `POST /outage` and `GET /records` are
 * for tests and ask for no key, so it belongs on a loopback address.
 * @param options.port 0 takes any free port
 * @throws Error when the address cannot be listened on
 */
export async function simulatorServer(
  simulator: Simulator,
  options: Readonly<{ host?: string; port?: number }> = {},
): Promise<SimulatorServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000 },
    (request, out) => {
      void answer(simulator, request, out);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1_024 }, resolve);
  });
  const address = addressOf(server);
  const shownHost = address.family === 'IPv6' ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${address.port}`,
    port: address.port,
    stop: () => stop(server),
  };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Never rejects: whatever goes wrong is an answer, or nobody is there to hear it. */
async function answer(
  simulator: Simulator,
  request: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  try {
    const route = `${request.method ?? ''} ${request.url ?? ''}`;
    if (route === 'GET /records') {
      await sendRecords(simulator, out);
      return;
    }
    await dispatch(simulator, route, await readText(request, MAX_BODY_BYTES), out);
  } catch (error) {
    if (out.headersSent || out.destroyed) return;
    const wrong = error instanceof HttpRefusal || error instanceof z.ZodError;
    send(out, wrong || error instanceof SyntaxError ? 400 : 500, { error: messageOf(error) });
  }
}

async function dispatch(
  simulator: Simulator,
  route: string,
  body: string,
  out: ServerResponse,
): Promise<void> {
  switch (route) {
    case 'POST /authorize':
      return call(simulator, { ...read(authorizeSchema, body), kind: 'authorize' }, out);
    case 'POST /capture':
      return call(simulator, { ...read(followUpSchema, body), kind: 'capture' }, out);
    case 'POST /void':
      return call(simulator, { ...read(followUpSchema, body), kind: 'void' }, out);
    case 'POST /refund':
      return call(simulator, { ...read(refundSchema, body), kind: 'refund' }, out);
    case 'POST /inquire': {
      const told = simulator.tell(read(inquirySchema, body));
      if (told.kind === 'answered') send(out, 200, told.body);
      else if (told.kind === 'unavailable') sendUnavailable(out);
      return;
    }
    case 'POST /outage':
      simulator.outage = read(outageSchema, body).mode;
      send(out, 200, { mode: simulator.outage });
      return;
    default:
      send(out, 404, { error: 'there is no such route' });
  }
}

function read<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> {
  return schema.parse(JSON.parse(body));
}

async function call(simulator: Simulator, call: SimulatorCall, out: ServerResponse): Promise<void> {
  const served: Served = simulator.serve(call);
  switch (served.kind) {
    case 'answered': {
      if (served.afterMs > 0) await whileConnected(out, served.afterMs, simulator);
      send(out, STATUS[served.body.kind], served.body);
      return;
    }
    case 'silent':
      // The connection stays open until the caller gives up.
      return;
    case 'reset':
      out.socket?.resetAndDestroy();
      return;
    case 'unavailable':
      sendUnavailable(out);
      return;
    case 'garbled':
      sendText(out, 200, JSON_TYPE, BROKEN);
  }
}

async function whileConnected(
  out: ServerResponse,
  ms: number,
  simulator: Simulator,
): Promise<void> {
  const gone = new AbortController();
  out.once('close', () => gone.abort());
  await simulator.pause(ms, gone.signal);
}

/** As the proxy before a gateway does it: no JSON. */
function sendUnavailable(out: ServerResponse): void {
  sendText(out, 503, 'text/html', '<html><body>503 Service Unavailable</body></html>');
}

function sendRecords(simulator: Simulator, out: ServerResponse): Promise<void> {
  out.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  return pipeline(Readable.from(lines(simulator)), out);
}

function* lines(simulator: Simulator): Generator<string, void, void> {
  for (const record of simulator.records()) yield `${toJson(record)}\n`;
}

function send(out: ServerResponse, status: number, body: object): void {
  sendText(out, status, JSON_TYPE, toJson(body));
}

function sendText(out: ServerResponse, status: number, type: string, body: string): void {
  if (out.destroyed) return;
  out.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  out.end(body);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

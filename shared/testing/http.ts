import { pino } from 'pino';
import { readConfig, type ApiKey } from '../config.js';
import { Metrics } from '../http/metrics.js';
import type { PartState } from '../http/operations.js';
import type { Route } from '../http/route.js';
import { serveService } from '../http/service.js';

/** A server on some free port, with all it has logged so far. */
export type TestServer = Readonly<{
  url: string;
  logged: readonly string[];
  stop(): Promise<void>;
}>;

/** `states`: what /health and /ready tell. */
export type ServeOptions = Readonly<{
  apiKeys?: readonly ApiKey[];
  states?: () => readonly PartState[];
}>;

/** Serves routes as a service of ours would. */
export async function serveRoutes(
  routes: readonly Route[],
  options: ServeOptions = {},
): Promise<TestServer> {
  const { apiKeys = [], states = () => [] } = options;
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) });
  const metrics = new Metrics('test');
  const { url, stop } = await serveService(
    {
      routes,
      health: () => Promise.resolve(states()),
      ready: () => Promise.resolve(states()),
      metrics: async () => [await metrics.snapshot()],
      close: () => Promise.resolve(),
    },
    { config: { ...readConfig({}, 0), apiKeys }, log, metrics },
  );
  return { url, logged, stop };
}

/** What came back: the body as text, and as JSON where it is some. */
export type TestAnswer = Readonly<{
  status: number;
  headers: Headers;
  text: string;
  json: JsonObject;
}>;

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

/** Sends a request. A body that is not a text is sent as JSON. */
export async function send(
  url: string,
  request: Readonly<{
    method?: string;
    headers?: Readonly<Record<string, string>>;
    body?: unknown;
  }> = {},
): Promise<TestAnswer> {
  const { body, headers = {} } = request;
  const method = request.method ?? (body === undefined ? 'GET' : 'POST');
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
  const received = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text: received,
    json: objectOf(received),
  };
}

/** The object at a path of a JSON answer. @throws when there is none */
export function at(json: Json | undefined, ...path: readonly (string | number)[]): Json {
  let place: Json | undefined = json;
  for (const part of path) {
    if (typeof place !== 'object' || place === null) throw new Error(`nothing at ${String(part)}`);
    place = isList(place) ? place[Number(part)] : place[part];
  }
  if (place === undefined) throw new Error(`nothing at ${path.join('.')}`);
  return place;
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** JSON.parse makes nothing but {@link Json}. */
function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

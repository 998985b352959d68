import type { z } from 'zod';
import { hasBody, mediaType, readText } from './body.js';
import type { Exchange } from './exchange.js';
import { nothing } from './fields.js';
import { checkIfMatch } from './if-match.js';
import { pathText, validate } from './issues.js';
import { parseJson, type ParsedJson } from './json.js';
import { readQuery } from './query-string.js';
import { invalid } from './refusal.js';
import type { Code } from './statuses.js';

/** Largest body of a single command, in bytes. */
export const COMMAND_BYTES = 256 * 1024;

const NOT_WHOLE = 'is written with a point or an exponent, not as a whole number';

export const JSON_TYPE = 'application/json';

/*
 * A route's schemas check its requests, give its handler its types, and make its part of the
 * OpenAPI document. There is no second place where a route is described.
 */

type Described = Readonly<{
  /** Template with `{name}` for parameters. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Headers of the request that mean something here. */
  headers?: readonly HeaderName[];
  /** Statuses of success, and what each means. */
  success: Readonly<Record<number, string>>;
  /** Other media types an answer may have, asked for by Accept. */
  alternatives?: readonly string[];
  /** Refusals beyond those that any route may have. */
  refusals: readonly Code[];
  /** Reachable without a key. */
  open?: boolean;
  /** For the documentation. */
  example?: Readonly<{ body: unknown }>;
}>;

export type HeaderName = 'Idempotency-Key' | 'If-Match' | 'Prefer' | 'X-Min-Position';

/** A route that only reads. */
export type QuerySpec<Params = unknown, Query = unknown, Data = unknown> = Described &
  Readonly<{
    method: 'GET';
    params: z.ZodType<Params>;
    query: z.ZodType<Query>;
    /** Of `data` in the answer. Absent where the answer is not in our envelope. */
    data?: z.ZodType<Data>;
  }>;

/** A route that changes something. */
export type CommandSpec<Params = unknown, Body = unknown, Data = unknown> = Described &
  Readonly<{
    method: 'POST';
    params: z.ZodType<Params>;
    body: z.ZodType<Body>;
    /** Of the body, in bytes. */
    limit: number;
    /** Media types of the body beside JSON, for handlers that read the text themselves. */
    bodyTypes?: readonly string[];
    data: z.ZodType<Data>;
  }>;

export type RouteSpec = QuerySpec | CommandSpec;

/** A success. `position` becomes the header X-Position, `revision` the ETag. */
export type Reply<Data> = Readonly<{
  status: number;
  message: string;
  data: Data;
  position?: bigint | undefined;
  revision?: bigint;
  replayed?: boolean;
  /** Further headers, as name, value, name, value. */
  headers?: readonly string[];
}>;

/** A route that can be served: answers a request whose caller is known. */
export type Route = Readonly<{
  spec: RouteSpec;
  serve: (exchange: Exchange, params: Readonly<Record<string, unknown>>) => Promise<void> | void;
}>;

/** Serves a reading route. */
export function query<Params, Query, Data>(
  spec: QuerySpec<Params, Query, Data>,
  handle: (
    call: Readonly<{ params: Params; query: Query; exchange: Exchange }>,
  ) => Promise<Reply<Data>>,
): Route {
  return queryAnswering(spec, async (call) => {
    reply(call.exchange, await handle(call));
  });
}

/** Serves a reading route whose handler answers by itself, because not only JSON is asked for. */
export function queryAnswering<Params, Query, Data>(
  spec: QuerySpec<Params, Query, Data>,
  handle: (call: Readonly<{ params: Params; query: Query; exchange: Exchange }>) => Promise<void>,
): Route {
  return {
    spec,
    serve: async (exchange, rawParams) => {
      const params = validate(spec.params, rawParams);
      await handle({ params, query: validate(spec.query, queryOf(exchange)), exchange });
    },
  };
}

/** Serves a route that takes a JSON body. */
export function command<Params, Body, Data>(
  spec: CommandSpec<Params, Body, Data>,
  handle: (
    call: Readonly<{ params: Params; body: Body; exchange: Exchange }>,
  ) => Promise<Reply<Data>>,
): Route {
  return {
    spec,
    serve: async (exchange, rawParams) => {
      const params = validate(spec.params, rawParams);
      refuseUnread(spec, exchange);
      const body = checkBody(spec.body, await readJsonText(exchange, spec.limit));
      reply(exchange, await handle({ params, body, exchange }));
    },
  };
}

/** Serves a route that reads the text of the body by itself; `type` is its media type. */
export function commandOfText<Params, Body, Data>(
  spec: CommandSpec<Params, Body, Data>,
  handle: (
    call: Readonly<{ text: string; type: string; exchange: Exchange }>,
  ) => Promise<Reply<Data>>,
): Route {
  return {
    spec,
    serve: async (exchange) => {
      refuseUnread(spec, exchange);
      const type = mediaType(exchange.request, [JSON_TYPE, ...(spec.bodyTypes ?? [])]);
      const text = await readText(exchange.request, spec.limit);
      reply(exchange, await handle({ text, type, exchange }));
    },
  };
}

/** Headers of a reply beyond those of every answer. */
export function replyHeaders(
  answer: Pick<Reply<unknown>, 'position' | 'revision' | 'replayed' | 'headers'>,
): readonly string[] {
  const headers: string[] = [];
  if (answer.position !== undefined) headers.push('X-Position', answer.position.toString());
  if (answer.revision !== undefined) headers.push('ETag', `"v${answer.revision}"`);
  if (answer.replayed === true) headers.push('Idempotent-Replayed', 'true');
  if (answer.headers !== undefined) headers.push(...answer.headers);
  return headers;
}

/**
 * Checks a JSON text by a schema.
 * @throws {HttpRefusal} MALFORMED_JSON or VALIDATION_FAILED
 */
function checkBody<Body>(schema: z.ZodType<Body>, text: string): Body {
  return checkJson(schema, parseJson(text));
}

/**
 * Checks parsed JSON by a schema.
 * @throws {HttpRefusal} VALIDATION_FAILED
 */
export function checkJson<Body>(schema: z.ZodType<Body>, { value, fractions }: ParsedJson): Body {
  const body = validate(schema, value);
  const [first] = fractions;
  // 1e3 and 2.0 are whole numbers to JSON.parse, and 0.99999999999999999999 is 1.
  if (first !== undefined) throw invalid(pathText(first), '', NOT_WHOLE);
  return body;
}

async function readJsonText(exchange: Exchange, limit: number): Promise<string> {
  const { request } = exchange;
  // A command without any field may come without a body.
  if (!hasBody(request)) return '{}';
  mediaType(request, [JSON_TYPE]);
  return readText(request, limit);
}

function queryOf(exchange: Exchange): Readonly<Record<string, string>> {
  return readQuery(exchange.request.url ?? '');
}

/** A condition or a parameter the route would not heed must not seem heeded. */
function refuseUnread(spec: CommandSpec, exchange: Exchange): void {
  if (spec.headers?.includes('If-Match') !== true) {
    checkIfMatch(exchange.header('If-Match'), undefined);
  }
  if (exchange.request.url?.includes('?') === true) validate(nothing, queryOf(exchange));
}

function reply(exchange: Exchange, answer: Reply<unknown>): void {
  exchange.succeed(answer.status, answer.message, answer.data, replyHeaders(answer));
}

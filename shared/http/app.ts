import type { RequestListener } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import type { ApiKey } from '../config.js';
import { authenticate } from './auth.js';
import { RequestAborted } from './body.js';
import { CommandPaths } from './command-paths.js';
import { Exchange, type Surroundings } from './exchange.js';
import { refusalOf } from './faults.js';
import { HttpRefusal, invalid } from './refusal.js';
import type { Route } from './route.js';
import { checkCorrelationId } from './trace.js';

/** Everything a server of ours serves, and under which rules. */
export type AppOptions = Readonly<{
  /** Matched in this order: the busiest first. */
  routes: readonly Route[];
  surroundings: Surroundings;
  apiKeys: readonly ApiKey[];
}>;

/**
 * Answers every request to a server of ours.
 *
 * Commands are taken before Express where their path is plain: it gives each request and response
 * another prototype, which alone makes a request cost several times what it does otherwise
 * (docs/performance.md), and these routes need nothing of it. They are mounted in Express too, so
 * that there is one list of routes and one way to answer.
 */
export function createListener(options: AppOptions): RequestListener {
  const app = createApp(options);
  const direct = new CommandPaths(options.routes);
  return (request, response) => {
    const found = request.method === 'POST' ? direct.find(request.url ?? '') : undefined;
    if (found === undefined) {
      app(request, response);
      return;
    }
    const { route, params } = found;
    const exchange = new Exchange(request, response, route.spec.path, options.surroundings);
    void serve(stepOf(route), exchange, params, options.apiKeys);
  };
}

/**
 * The Express application of some routes. A path asked with a method it has not is 405 with Allow,
 * any other path 404; whatever a handler throws becomes an answer in our envelope.
 *
 * There are no middlewares: what each request needs is done in {@link serve}, which keeps every
 * answer in one shape.
 */
function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');
  for (const route of options.routes) {
    const { method, path } = route.spec;
    const handler = handlerOf(stepOf(route), path, options);
    if (method === 'GET') app.get(expressPath(path), handler);
    else app.post(expressPath(path), handler);
  }
  for (const [path, methods] of methodsByPath(options.routes)) {
    app.all(expressPath(path), handlerOf(otherMethod(methods), path, options));
  }
  app.use(handlerOf(notFound, '(unknown)', options));
  app.use(onExpressError(options));
  return app;
}

type Step = Readonly<{
  open: boolean;
  run: (exchange: Exchange, params: Readonly<Record<string, unknown>>) => Promise<void> | void;
}>;

function stepOf({ spec, serve }: Route): Step {
  return { open: spec.open === true, run: serve };
}

function handlerOf(step: Step, template: string, options: AppOptions) {
  return (request: Request, response: Response): void => {
    const exchange = new Exchange(request, response, template, options.surroundings);
    void serve(step, exchange, request.params, options.apiKeys);
  };
}

/** Carries a request from its head to its answer. It never rejects. */
async function serve(
  step: Step,
  exchange: Exchange,
  params: Readonly<Record<string, unknown>>,
  apiKeys: readonly ApiKey[],
): Promise<void> {
  const { headers } = exchange.request;
  try {
    checkCorrelationId(headers['x-correlation-id']);
    if (!step.open) exchange.actor = authenticate(apiKeys, headers.authorization);
    await step.run(exchange, params);
  } catch (error) {
    answerError(exchange, error);
  }
}

function answerError(exchange: Exchange, error: unknown): void {
  if (error instanceof RequestAborted) {
    exchange.abandoned();
    return;
  }
  const refusal = refusalOf(error);
  if (refusal !== error) {
    const { correlationId } = exchange.trace;
    exchange.surroundings.log.error({ correlationId, err: error }, 'a request met a fault');
  }
  exchange.refuse(refusal);
}

const notFound: Step = {
  open: true,
  run: () => {
    throw new HttpRefusal('NOT_FOUND', 'there is no such route; /docs lists them');
  },
};

function otherMethod(methods: readonly string[]): Step {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return {
    open: true,
    run: (exchange) => {
      if (exchange.request.method === 'OPTIONS') {
        exchange.send(200, 'application/json; charset=utf-8', '', ['Allow', allow]);
        return;
      }
      throw new HttpRefusal('METHOD_NOT_ALLOWED', `this path takes ${allow}`, [], ['Allow', allow]);
    },
  };
}

/** Express itself refuses a path it cannot decode; nothing else reaches this. */
function onExpressError(options: AppOptions) {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: unknown): void => {
    const exchange = new Exchange(request, response, '(unknown)', options.surroundings);
    const undecodable = error instanceof URIError;
    answerError(
      exchange,
      undecodable ? invalid('path', '', 'is not percent-encoded UTF-8') : error,
    );
  };
}

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { spec } of routes) {
    const known = methods.get(spec.path) ?? [];
    known.push(...(spec.method === 'GET' ? ['GET', 'HEAD'] : [spec.method]));
    methods.set(spec.path, known);
  }
  return methods;
}

/** `/a/{id}` → `/a/:id`. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

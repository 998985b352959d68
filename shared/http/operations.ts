import { z } from 'zod';
import { docsPage } from './docs-page.js';
import type { Exchange } from './exchange.js';
import { nothing } from './fields.js';
import { METRICS_TYPE } from './metrics.js';
import type { OpenApiDocument } from './openapi.js';
import { HttpRefusal } from './refusal.js';
import { queryAnswering, type QuerySpec, type Route, type RouteSpec } from './route.js';

/** How a part of the service is; `problem` says why it cannot do its work. */
export type PartState = Readonly<{ part: string; problem?: string }>;

/** What a service tells of itself. */
export type Operations = Readonly<{
  /** Whether it is alive and what it needs can be reached. */
  health(): Promise<readonly PartState[]>;
  /** Whether it can serve now. */
  ready(): Promise<readonly PartState[]>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  document(): OpenApiDocument;
}>;

const states = z.strictObject({
  status: z.enum(['ok', 'failing']),
  parts: z.array(z.strictObject({ part: z.string(), problem: z.string().nullable() })),
});

const operational = { tag: 'Operations', params: nothing, query: nothing, method: 'GET' } as const;

const health: QuerySpec = {
  ...operational,
  path: '/health',
  summary: 'Is it alive?',
  description: 'The process answers, and its store can be read.',
  success: { 200: 'Alive.' },
  data: states,
  refusals: ['NOT_READY'],
  open: true,
};

const ready: QuerySpec = {
  ...operational,
  path: '/ready',
  summary: 'Can it serve?',
  description:
    'Not while starting or stopping, while the store is full, or while views are far behind.',
  success: { 200: 'Ready to serve.' },
  data: states,
  refusals: ['NOT_READY'],
  open: true,
};

const metrics: QuerySpec = {
  ...operational,
  path: '/metrics',
  summary: 'Figures for Prometheus',
  success: { 200: 'Figures in text format.' },
  alternatives: ['text/plain'],
  refusals: [],
};

const openapi: QuerySpec = {
  ...operational,
  path: '/openapi.json',
  summary: 'This interface as OpenAPI 3.1',
  success: { 200: 'The document.' },
  alternatives: ['application/json'],
  refusals: [],
};

const docs: QuerySpec = {
  ...operational,
  path: '/docs',
  summary: 'This interface, to be read',
  success: { 200: 'A page.' },
  alternatives: ['text/html'],
  refusals: [],
};

/** The routes every service has, for its document. */
export const OPERATIONAL_SPECS: readonly RouteSpec[] = [health, ready, metrics, openapi, docs];

/** The routes every service has. */
export function operationalRoutes(operations: Operations): readonly Route[] {
  return [
    queryAnswering(health, async ({ exchange }) => {
      answerStates(exchange, await operations.health(), 'alive');
    }),
    queryAnswering(ready, async ({ exchange }) => {
      answerStates(exchange, await operations.ready(), 'ready to serve');
    }),
    queryAnswering(metrics, async ({ exchange }) => {
      exchange.send(200, METRICS_TYPE, await operations.metrics());
    }),
    queryAnswering(openapi, ({ exchange }) => {
      const text = JSON.stringify(operations.document(), null, 2);
      exchange.send(200, 'application/json; charset=utf-8', text);
      return Promise.resolve();
    }),
    queryAnswering(docs, ({ exchange }) => {
      exchange.send(200, 'text/html; charset=utf-8', docsPage(operations.document()));
      return Promise.resolve();
    }),
  ];
}

function answerStates(exchange: Exchange, parts: readonly PartState[], good: string): void {
  const failing = parts.filter((part) => part.problem !== undefined);
  if (failing.length === 0) {
    const data = { status: 'ok', parts: parts.map(({ part }) => ({ part, problem: null })) };
    exchange.succeed(200, good, data);
    return;
  }
  throw new HttpRefusal(
    'NOT_READY',
    `not ${good}`,
    failing.map(({ part, problem }) => ({ field: part, value: '', reason: problem ?? '' })),
  );
}

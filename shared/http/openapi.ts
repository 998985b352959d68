import { z } from 'zod';
import { JSON_TYPE, type HeaderName, type RouteSpec } from './route.js';
import { STATUS_OF, type Code } from './statuses.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export type Parameter = Readonly<{
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}>;

type Media = Readonly<{ schema: JsonSchema; example?: unknown }>;
type Content = Readonly<Record<string, Media>>;

export type Answer = Readonly<{
  description: string;
  headers?: Readonly<Record<string, Readonly<{ description: string; schema: JsonSchema }>>>;
  content?: Content;
}>;

export type Operation = Readonly<{
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  parameters: readonly Parameter[];
  requestBody?: Readonly<{ required: boolean; content: Content }>;
  responses: Readonly<Record<string, Answer>>;
  security?: readonly Readonly<Record<string, readonly string[]>>[];
}>;

/** An OpenAPI 3.1 document, as far as ours go. */
export type OpenApiDocument = Readonly<{
  openapi: '3.1.0';
  info: Readonly<{
    title: string;
    version: string;
    description: string;
    license: Readonly<{ name: string; identifier: string }>;
  }>;
  servers: readonly Readonly<{ url: string }>[];
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<{
    schemas: Readonly<Record<string, JsonSchema>>;
    securitySchemes: Readonly<Record<string, unknown>>;
  }>;
}>;

/** Refusals any route may answer, and those any command may answer too. */
const ALWAYS: readonly Code[] = ['VALIDATION_FAILED', 'UNAUTHENTICATED', 'INTERNAL_ERROR'];
const COMMANDS: readonly Code[] = [
  'MALFORMED_JSON',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'STORE_UNAVAILABLE',
  'STORAGE_FULL',
];

const HEADERS: Readonly<Record<HeaderName, Omit<Parameter, 'name' | 'in'>>> = {
  'Idempotency-Key': {
    required: true,
    description: 'Same key, same meaning: the first answer again. 1–255 visible ASCII.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  'If-Match': {
    required: false,
    description: 'Only if it is at this revision, as its ETag tells.',
    schema: { type: 'string', examples: ['"v0"'] },
  },
  Prefer: {
    required: false,
    description: '`respond-async`: do not wait for the outcome; the answer is 202.',
    schema: { type: 'string', examples: ['respond-async'] },
  },
  'X-Min-Position': {
    required: false,
    description: 'Wait up to 2 s until the answer reflects this position of the log.',
    schema: { type: 'string', pattern: '^\\d{1,19}$' },
  },
};

const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  errors: z.array(z.strictObject({ field: z.string(), value: z.string(), reason: z.string() })),
});

const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  correlationId: z.string(),
  ...failure.omit({ message: true }).shape,
});

/** The document of these routes, made of nothing but their schemas. */
export function openApi(specs: readonly RouteSpec[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const spec of specs) {
    const methods = (paths[spec.path] ??= {});
    methods[spec.method.toLowerCase()] = operationOf(spec);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sagae',
      version,
      description:
        'An event-sourced, double-entry ledger. Amounts are minor units as decimal strings. ' +
        'Every request may carry X-Correlation-ID and traceparent; every answer does.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Failure: schemaOf(failure, 'output'), Problem: schemaOf(problem, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationOf(spec: RouteSpec): Operation {
  return {
    operationId: `${spec.method.toLowerCase()} ${spec.path}`.replace(
      /[^A-Za-z0-9]+(\w?)/g,
      (_, next) => String(next).toUpperCase(),
    ),
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    parameters: parametersOf(spec),
    ...(spec.method === 'POST' ? { requestBody: bodyOf(spec) } : {}),
    responses: { ...successes(spec), ...failures(spec) },
    ...(spec.open === true ? { security: [] } : { security: [{}, { key: [] }] }),
  };
}

function parametersOf(spec: RouteSpec): readonly Parameter[] {
  const headers = (spec.headers ?? []).map((name): Parameter => ({
    name,
    in: 'header',
    ...HEADERS[name],
  }));
  const query = spec.method === 'GET' ? fieldsOf(spec.query, 'query') : [];
  return [...fieldsOf(spec.params, 'path'), ...query, ...headers];
}

function fieldsOf(schema: z.ZodType, place: 'path' | 'query'): readonly Parameter[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input');
  return Object.entries(properties).flatMap(([name, field]) => {
    if (typeof field === 'boolean') return [];
    const { description, ...rest } = field;
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function bodyOf(
  spec: Extract<RouteSpec, { method: 'POST' }>,
): NonNullable<Operation['requestBody']> {
  const schema = schemaOf(spec.body, 'input');
  const example = spec.example?.body;
  const json = { schema, ...(example === undefined ? {} : { example }) };
  const others = (spec.bodyTypes ?? []).map(
    (type) => [type, { schema: { type: 'string' } }] as const,
  );
  return {
    required: (schema.required ?? []).length > 0,
    content: { [JSON_TYPE]: json, ...Object.fromEntries(others) },
  };
}

function successes(spec: RouteSpec): Readonly<Record<string, Answer>> {
  const content: Record<string, Media> = {};
  if (spec.data !== undefined) content[JSON_TYPE] = { schema: success(spec.data) };
  for (const type of spec.alternatives ?? []) {
    content[type] = { schema: type === JSON_TYPE ? {} : { type: 'string' } };
  }
  const headers = headersOf(spec);
  return Object.fromEntries(
    Object.entries(spec.success).map(([status, description]) => [
      status,
      { description, headers: { ...headers, ...headersAt(status, spec) }, content },
    ]),
  );
}

function headersOf(spec: RouteSpec): NonNullable<Answer['headers']> {
  const text: JsonSchema = { type: 'string' };
  return {
    'X-Correlation-ID': { description: 'Of this request.', schema: text },
    ...(spec.method === 'POST' || spec.headers?.includes('X-Min-Position') === true
      ? { 'X-Position': { description: 'Of the log: reached, or reflected.', schema: text } }
      : {}),
    ...(spec.headers?.includes('Idempotency-Key') === true
      ? { 'Idempotent-Replayed': { description: '`true` on a repeated answer.', schema: text } }
      : {}),
  };
}

/** Headers of answers with this status only. */
function headersAt(status: string, spec: RouteSpec): NonNullable<Answer['headers']> {
  if (status !== '202') return {};
  const schema: JsonSchema = { type: 'string' };
  return {
    Location: { description: 'Where to read what became of it.', schema },
    ...(spec.headers?.includes('Prefer') === true
      ? { 'Preference-Applied': { description: '`respond-async`, where asked for.', schema } }
      : {}),
  };
}

function failures(spec: RouteSpec): Readonly<Record<string, Answer>> {
  const general = spec.open === true ? (['INTERNAL_ERROR'] as const) : ALWAYS;
  const codes = new Set([
    ...general,
    ...(spec.method === 'POST' ? COMMANDS : []),
    ...spec.refusals,
  ]);
  const byStatus = new Map<number, Code[]>();
  for (const code of codes) {
    const status = STATUS_OF[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = {
    [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Failure' } },
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  };
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [status, { description: names.join(', '), content }]),
  );
}

function success(data: z.ZodType): JsonSchema {
  return {
    type: 'object',
    required: ['code', 'message', 'data'],
    properties: {
      code: { const: 'SUCCESS' },
      message: { type: 'string' },
      data: schemaOf(data, 'output'),
    },
    additionalProperties: false,
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  // A custom check has no JSON Schema of its own; each of ours carries one in its metadata.
  const made: JsonSchema = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  delete made.$schema;
  return made;
}

import { STYLE } from './docs-style.js';
import { JSON_TYPE } from './route.js';
import type { JsonSchema, OpenApiDocument, Operation, Parameter } from './openapi.js';

type Listed = Readonly<{ path: string; method: string; operation: Operation; anchor: string }>;

/** The document as a page that needs no script and nothing from elsewhere. */
export function docsPage(document: OpenApiDocument): string {
  const listed = list(document);
  const tags = [...new Set(listed.flatMap(({ operation }) => operation.tags))];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(document.info.title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>${escape(document.info.title)} <small>${escape(document.info.version)}</small></h1>
<p>${escape(document.info.description)} The same as a document:
<a href="/openapi.json">/openapi.json</a>.</p>
<nav><ul>${listed.map(navigation).join('')}</ul></nav>
${tags.map((tag) => chapter(tag, listed)).join('\n')}
</body></html>
`;
}

function list(document: OpenApiDocument): readonly Listed[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
      anchor: operation.operationId,
    })),
  );
}

function navigation({ method, path, anchor }: Listed): string {
  return `<li><a href="#${escape(anchor)}"><code>${method} ${escape(path)}</code></a></li>`;
}

function chapter(tag: string, listed: readonly Listed[]): string {
  const ours = listed.filter(({ operation }) => operation.tags.includes(tag));
  return `<section><h2>${escape(tag)}</h2>${ours.map(operationPart).join('')}</section>`;
}

function operationPart(listed: Listed): string {
  const { operation, method, path, anchor } = listed;
  const body = operation.requestBody?.content[JSON_TYPE];
  return `<article id="${escape(anchor)}">
<h3><span class="method">${method}</span> <code>${escape(path)}</code></h3>
<p><strong>${escape(operation.summary)}</strong> ${escape(operation.description ?? '')}</p>
${parameterTable(operation.parameters)}
${body === undefined ? '' : fieldTable('Body', body.schema)}
${answerTable(operation)}
${dataTable(operation)}
<pre>${escape(curl(listed))}</pre>
</article>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map((parameter) => [
    `<code>${escape(parameter.name)}</code>${parameter.required ? '' : ' (optional)'}`,
    parameter.in,
    escape(typeText(parameter.schema)),
    escape(parameter.description ?? ''),
  ]);
  return table('Parameters', ['Name', 'In', 'Type', ''], rows);
}

function fieldTable(caption: string, schema: JsonSchema): string {
  const rows = fieldRows(schema, '');
  return rows.length === 0 ? '' : table(caption, ['Field', 'Type', ''], rows);
}

/** A row per field, fields of nested objects under the path of their parent. */
function fieldRows(schema: JsonSchema, prefix: string): readonly (readonly string[])[] {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field === 'boolean') return [];
    const path = prefix + name;
    const items = field.type === 'array' ? singleItem(field) : undefined;
    return [
      [
        `<code>${escape(path)}</code>${required.includes(name) ? '' : ' (optional)'}`,
        escape(typeText(field)),
        escape(field.description ?? ''),
      ],
      ...fieldRows(items ?? field, items === undefined ? `${path}.` : `${path}[].`),
    ];
  });
}

function singleItem(schema: JsonSchema): JsonSchema | undefined {
  const { items } = schema;
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}

function answerTable(operation: Operation): string {
  const rows = Object.entries(operation.responses).map(([status, answer]) => [
    status,
    escape(answer.description),
    escape(
      Object.keys(answer.content ?? {})
        .filter((type) => type !== 'application/problem+json')
        .join(', '),
    ),
  ]);
  return table('Answers', ['Status', 'Meaning', 'Form'], rows);
}

function dataTable(operation: Operation): string {
  for (const answer of Object.values(operation.responses)) {
    const data = answer.content?.[JSON_TYPE]?.schema.properties?.['data'];
    if (typeof data === 'object') return fieldTable('data', data);
  }
  return '';
}

function curl({ method, path, operation }: Listed): string {
  const query = operation.parameters.filter((one) => one.in === 'query' && one.required);
  const search = query.map((one) => `${one.name}=${exampleOf(one.schema)}`).join('&');
  const filled = operation.parameters
    .filter((one) => one.in === 'path')
    .reduce((text, one) => text.replace(`{${one.name}}`, exampleOf(one.schema)), path);
  const lines = [`curl -s '127.0.0.1:8080${filled}${search === '' ? '' : `?${search}`}'`];
  const body = operation.requestBody?.content[JSON_TYPE];
  if (method === 'POST') lines.push("  -H 'Content-Type: application/json'");
  if (operation.parameters.some((one) => one.name === 'Idempotency-Key')) {
    lines.push("  -H 'Idempotency-Key: order-1001'");
  }
  if (method === 'POST') lines.push(`  -d '${JSON.stringify(body?.example ?? {})}'`);
  return lines.join(' \\\n');
}

function exampleOf(schema: JsonSchema): string {
  const [first] = schema.examples ?? [];
  return typeof first === 'string' ? first : 'x';
}

function typeText(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'any');
  const fallback =
    schema.default === undefined ? '' : `, default ${JSON.stringify(schema.default)}`;
  return `${type}${schema.format === undefined ? '' : ` (${schema.format})`}${fallback}`;
}

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = heads.map((text) => `<th>${escape(text)}</th>`).join('');
  const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return `<table><caption>${escape(caption)}</caption><tr>${head}</tr>${lines.join('')}</table>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

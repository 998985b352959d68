import type { Line } from './lines.js';

/** A record of a csv file, or why the text starting at this line is none. */
export type CsvRecord =
  | Readonly<{ line: number; fields: readonly string[] }>
  | Readonly<{ line: number; refused: string }>;

/** A quoted field may hold line breaks; a quote that is never closed must not swallow the file. */
const MAX_RECORD_LINES = 100;

/**
 * Reads csv as RFC 4180 has it: comma, quotes doubled inside quotes, line breaks inside quotes, LF
 * or CRLF. Empty lines are passed over. Where quoting is broken, the line the record starts on is
 * refused and reading goes on with the very next line, so that no other row is lost.
 */
export async function* readCsv(
  batches: AsyncIterable<readonly Line[]>,
): AsyncGenerator<readonly CsvRecord[]> {
  let pending: readonly Line[] = [];
  for await (const batch of batches) {
    const { records, rest } = parseLines([...pending, ...batch], false);
    pending = rest;
    yield records;
  }
  yield parseLines(pending, true).records;
}

function parseLines(
  lines: readonly Line[],
  atEnd: boolean,
): { records: CsvRecord[]; rest: readonly Line[] } {
  const records: CsvRecord[] = [];
  let index = 0;
  while (index < lines.length) {
    const outcome = recordAt(lines, index, atEnd);
    if (outcome === 'more') return { records, rest: lines.slice(index) };
    if (outcome.record !== undefined) records.push(outcome.record);
    index += outcome.taken;
  }
  return { records, rest: [] };
}

type Outcome = 'more' | Readonly<{ record: CsvRecord | undefined; taken: number }>;

function recordAt(lines: readonly Line[], start: number, atEnd: boolean): Outcome {
  const first = lines[start];
  if (first === undefined) throw new Error('there is no such line');
  const line = first.number;
  if (first.refused !== undefined) return { record: { line, refused: first.refused }, taken: 1 };
  if (!first.text.includes('"')) {
    const text = withoutReturn(first.text);
    if (text === '') return { record: undefined, taken: 1 };
    return { record: { line, fields: text.split(',') }, taken: 1 };
  }
  let text = first.text;
  for (let taken = 1; ; taken++) {
    const parsed = parseQuoted(withoutReturn(text));
    if (parsed.kind === 'fields') return { record: { line, fields: parsed.fields }, taken };
    if (parsed.kind === 'refused') return { record: { line, refused: parsed.reason }, taken: 1 };
    const next = lines[start + taken];
    if (next === undefined && !atEnd && taken < MAX_RECORD_LINES) return 'more';
    if (next === undefined || next.refused !== undefined || taken >= MAX_RECORD_LINES) {
      return { record: { line, refused: 'a quoted field is never closed' }, taken: 1 };
    }
    text += `\n${next.text}`;
  }
}

/** `open`: the text ends inside quotes. */
type Parsed =
  | Readonly<{ kind: 'fields'; fields: readonly string[] }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'open' }>;

function parseQuoted(text: string): Parsed {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at);
      const field = comma === -1 ? text.slice(at) : text.slice(at, comma);
      if (field.includes('"')) {
        return { kind: 'refused', reason: 'a quote stands inside an unquoted field' };
      }
      fields.push(field);
      if (comma === -1) return { kind: 'fields', fields };
      at = comma;
      continue;
    }
    const close = closingQuote(text, at + 1);
    if (close === -1) return { kind: 'open' };
    fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
    if (close + 1 === text.length) return { kind: 'fields', fields };
    if (text[close + 1] !== ',') {
      return { kind: 'refused', reason: 'text follows the closing quote of a field' };
    }
    at = close + 1;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf('"', at);
    if (at === -1 || text[at + 1] !== '"') return at;
  }
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** Quotes a field where RFC 4180 asks for it. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

import { parseJson } from '../../shared/http/json.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import { readCsv } from './csv.js';
import { readLines, type Line } from './lines.js';
import { checkEntry, invalid, readCsvRow, readHeader, type ImportRow } from './rows.js';

export type EntriesFormat = 'csv' | 'ndjson';

/**
 * Reads a file of entries, row by row in bounded memory.
 * @throws {FileRefused} a csv file whose first line does not name the columns
 */
export function readEntries(
  chunks: AsyncIterable<Uint8Array>,
  format: EntriesFormat,
): AsyncGenerator<readonly ImportRow[]> {
  const lines = readLines(chunks);
  return format === 'csv' ? csvRows(lines) : ndjsonRows(lines);
}

async function* csvRows(
  lines: AsyncIterable<readonly Line[]>,
): AsyncGenerator<readonly ImportRow[]> {
  let columns: ReturnType<typeof readHeader> | undefined;
  for await (const records of readCsv(lines)) {
    const rows: ImportRow[] = [];
    for (const record of records) {
      if (columns === undefined) columns = readHeader(record);
      else rows.push(readCsvRow(columns, record));
    }
    yield rows;
  }
  if (columns === undefined) readHeader({ line: 1, fields: [] });
}

async function* ndjsonRows(
  lines: AsyncIterable<readonly Line[]>,
): AsyncGenerator<readonly ImportRow[]> {
  for await (const batch of lines) {
    yield batch
      .filter((line) => line.text.trim() !== '' || line.refused !== undefined)
      .map(ndjsonRow);
  }
}

function ndjsonRow({ number, text, refused }: Line): ImportRow {
  if (refused !== undefined) return { line: number, refusal: invalid(refused) };
  let value: unknown;
  try {
    const parsed = parseJson(text);
    if (parsed.fractions.length > 0) {
      return { line: number, refusal: invalid('a number has a fraction or an exponent') };
    }
    value = parsed.value;
  } catch (error) {
    return { line: number, refusal: invalid(whyNot(error)) };
  }
  return checkEntry(number, value);
}

function whyNot(error: unknown): string {
  if (!(error instanceof HttpRefusal)) throw error;
  const [first] = error.errors;
  return first === undefined ? error.message : `${first.field} ${first.reason}`;
}

import type { PostEntry } from '../../command-service/application/ledger.js';
import { batchEntry } from '../../command-service/http/schemas.js';
import { isCurrency } from '../../shared/ledger/currency.js';
import { parseMajorUnits } from '../../shared/ledger/money.js';
import type { CsvRecord } from './csv.js';

/** A row of the file: the entry it asks for, or why it asks for none. */
export type ImportRow =
  | Readonly<{ line: number; entry: PostEntry }>
  | Readonly<{ line: number; id?: string; refusal: RowRefusal }>;

export type RowRefusal = Readonly<{ code: string; message: string }>;

/** The columns of an entries file; they may stand in any order. */
const CSV_COLUMNS = [
  'id',
  'effective_date',
  'description',
  'debit_account',
  'credit_account',
  'amount',
  'currency',
] as const;
type Column = (typeof CSV_COLUMNS)[number];

/** The file as a whole is not what it was said to be. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/** The order in which the header names the columns. @throws {FileRefused} missing or unknown ones */
export function readHeader(record: CsvRecord): readonly Column[] {
  if ('refused' in record) throw new FileRefused(`line ${record.line}: ${record.refused}`);
  const names = record.fields.map((field) => field.trim());
  const columns = names.filter(isColumn);
  const missing = CSV_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0 || names.length !== CSV_COLUMNS.length) {
    throw new FileRefused(
      `line ${record.line}: the first line must name the columns ${CSV_COLUMNS.join(',')}; ` +
        `it reads ${names.join(',').slice(0, 200)}`,
    );
  }
  return columns;
}

function isColumn(name: string): name is Column {
  return CSV_COLUMNS.some((column) => column === name);
}

/** The entry of a csv record: debit one account, credit the other, an amount in major units. */
export function readCsvRow(columns: readonly Column[], record: CsvRecord): ImportRow {
  const { line } = record;
  if ('refused' in record) return { line, refusal: invalid(record.refused) };
  const { fields } = record;
  if (fields.length !== columns.length) {
    return { line, refusal: invalid(`has ${fields.length} fields, not ${columns.length}`) };
  }
  const at = (column: Column): string => fields[columns.indexOf(column)] ?? '';
  const id = at('id');
  const currency = at('currency');
  if (!isCurrency(currency)) {
    const message = 'currency: is not an ISO 4217 currency';
    return { line, id, refusal: { code: 'CURRENCY_UNKNOWN', message } };
  }
  const amount = parseMajorUnits(at('amount'), currency);
  if (amount === undefined) {
    const what = `is not an amount in major units with at most the places of ${currency}`;
    return { line, id, refusal: invalid(`amount: ${what}`) };
  }
  if (amount < 0n) {
    return { line, id, refusal: invalid('amount: is negative; exchange the accounts instead') };
  }
  const leg = { amount: amount.toString(), currency };
  const row = checkEntry(line, {
    id,
    description: at('description'),
    effectiveDate: at('effective_date'),
    legs: [
      { ...leg, account: at('debit_account'), side: 'debit' },
      { ...leg, account: at('credit_account'), side: 'credit' },
    ],
  });
  return 'entry' in row ? row : { line, id, refusal: inColumns(row.refusal) };
}

/** An entry as a batch over HTTP has it, by the same rules. */
export function checkEntry(line: number, value: unknown): ImportRow {
  const entry = batchEntry.safeParse(value);
  if (entry.success) return { line, entry: entry.data };
  const [issue] = entry.error.issues;
  const field = issue?.path.join('.') ?? '';
  const message = issue?.message ?? 'is no entry';
  return { line, refusal: invalid(field === '' ? message : `${field}: ${message}`) };
}

/** Names the column where the rules name a field of the entry. */
function inColumns({ code, message }: RowRefusal): RowRefusal {
  const named = message
    .replace(/^effectiveDate:/, 'effective_date:')
    .replace(/^legs\.0\.account:/, 'debit_account:')
    .replace(/^legs\.1\.account:/, 'credit_account:');
  return { code, message: named };
}

/** What a row that has not the form of an entry is refused with. */
export function invalid(message: string): RowRefusal {
  return { code: 'VALIDATION_FAILED', message };
}

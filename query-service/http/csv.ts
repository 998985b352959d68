import type { BalanceRow, Statement, StatementItem } from '../queries/answers.js';

const COLUMNS = [
  'row',
  'effectiveDate',
  'position',
  'recordedAt',
  'entryId',
  'description',
  'side',
  'amount',
  'currency',
  'balance',
  'stream',
] as const;

/**
 * A statement as CSV (RFC 4180): a row `opening` per currency, the items, a row `closing` per
 * currency.
 * @param pages the pages of the statement, in order
 */
export async function* statementCsv(pages: AsyncIterable<Statement>): AsyncGenerator<string> {
  yield line(COLUMNS);
  let last: Statement | undefined;
  for await (const page of pages) {
    if (last === undefined) yield page.opening.map((row) => balanceLine('opening', row)).join('');
    yield page.items.map(itemLine).join('');
    last = page;
  }
  yield (last?.closing ?? []).map((row) => balanceLine('closing', row)).join('');
}

function balanceLine(row: 'opening' | 'closing', { currency, balance }: BalanceRow): string {
  return line([row, '', '', '', '', '', '', '', currency, balance.toString(), '']);
}

function itemLine(item: StatementItem): string {
  return line([
    'item',
    item.effectiveDate,
    item.position.toString(),
    new Date(item.recordedAt).toISOString(),
    text(item.entryId),
    text(item.description),
    item.side,
    item.amount.toString(),
    item.currency,
    item.balance.toString(),
    text(item.stream),
  ]);
}

/** Text that a spreadsheet would take for a formula is made plain text by an apostrophe. */
function text(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]|^'/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

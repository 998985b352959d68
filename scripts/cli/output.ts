import { once } from 'node:events';

export type Format = 'text' | 'json' | 'csv';

/** Writes data to standard output, no faster than the reader takes it. */
export async function print(text: string): Promise<void> {
  if (text === '' || process.stdout.destroyed) return;
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Writes a line for people to standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** JSON of a value with every bigint as a decimal string, and a line feed. */
export function json(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part),
    2,
  );
  return `${text}\n`;
}

/** A column of a table: its heading, and whether its cells stand to the right. */
export type Column = Readonly<{ title: string; right?: boolean }>;

/** Lines up rows under their headings; two spaces between columns. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[index])), widthOf(title)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right = false }, index) => {
        const cell = cells[index] ?? '';
        const space = ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        return right ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  const lines = [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)];
  return `${lines.join('\n')}\n`;
}

function widthOf(text = ''): number {
  return text.length;
}

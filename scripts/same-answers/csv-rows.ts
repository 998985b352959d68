const CELL = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|$)/y;

/** The rows of a CSV text (RFC 4180), each an object of its cells by the names of the first row. */
export function csvRows(text: string): readonly Readonly<Record<string, string>>[] {
  const rows: string[][] = [[]];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length) {
    const [, quoted, plain = '', end] = CELL.exec(text) ?? [];
    if (end === undefined) throw new Error(`no CSV: ${text}`);
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  const [names = [], ...cells] = rows.filter((row) => row.length > 0);
  return cells.map((row) => {
    if (row.length !== names.length) throw new Error(`a row of ${row.length} cells: ${row.join()}`);
    return Object.fromEntries(row.map((cell, index) => [names[index] ?? '', cell]));
  });
}

import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { csvField, readCsv, type CsvRecord } from './csv.js';
import { readLines } from './lines.js';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function records(text: string | Uint8Array, size = 7): Promise<CsvRecord[]> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const all: CsvRecord[] = [];
  for await (const batch of readCsv(readLines(chunksOf(bytes, size)))) all.push(...batch);
  return all;
}

describe('csv', () => {
  it('reads quotes, CRLF, a byte order mark, empty lines and a last line without an end', async () => {
    expect(
      await records('\uFEFFa,b\r\n"x, ""y""",\r\n\r\n"two\r\nlines",2\n,"" \n3,4'),
    ).to.deep.equal([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['x, "y"', ''] },
      { line: 4, fields: ['two\r\nlines', '2'] },
      { line: 6, refused: 'text follows the closing quote of a field' },
      { line: 7, fields: ['3', '4'] },
    ]);
  });

  it('loses no row after a broken one, and names its line', async () => {
    expect(await records('1,x"y\n2,ok\n3,"ab"c\n4,ok\n5,"open\n6,ok\n7,ok\n')).to.deep.equal([
      { line: 1, refused: 'a quote stands inside an unquoted field' },
      { line: 2, fields: ['2', 'ok'] },
      { line: 3, refused: 'text follows the closing quote of a field' },
      { line: 4, fields: ['4', 'ok'] },
      { line: 5, refused: 'a quoted field is never closed' },
      { line: 6, fields: ['6', 'ok'] },
      { line: 7, fields: ['7', 'ok'] },
    ]);
  });

  it('does not read to the end of the file for a quote that is never closed', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => `${index},ok`);
    const read = await records(`"open\n${rows.join('\n')}\n`, 64);
    expect(read[0]).to.deep.equal({ line: 1, refused: 'a quoted field is never closed' });
    expect(read).to.have.length(501);
  });

  it('refuses bytes that are no UTF-8, and lines without end', async () => {
    expect(await records(Uint8Array.from([0x61, 0xff, 0x0a, 0x62, 0x0a]))).to.deep.equal([
      { line: 1, refused: 'the line is not UTF-8' },
      { line: 2, fields: ['b'] },
    ]);
    const bytes = new TextEncoder().encode(`${'x'.repeat(100)}\nok\n${'y'.repeat(30)}`);
    const read = [];
    for await (const lines of readLines(chunksOf(bytes, 9), 20)) read.push(...lines);
    expect(read.map((line) => line.refused ?? line.text)).to.deep.equal([
      'the line is longer than 20 characters',
      'ok',
      'the line is longer than 20 characters',
    ]);
  });

  it('reads back whatever was written, however the bytes are cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', 'é', '字', ' ') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const text = rows.map((row) => row.map(csvField).join(',') + '\r\n').join('');
        const read = await records(text, size);
        expect(read.map((record) => ('fields' in record ? record.fields : record))).to.deep.equal(
          rows,
        );
      }),
    );
  });
});

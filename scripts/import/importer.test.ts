import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { PostEntry } from '../../command-service/application/ledger.js';
import { importRows, type Outcome, type RefusedRow } from './importer.js';
import { FileRefused, readCsvRow, readHeader, type ImportRow } from './rows.js';

const COLUMNS = readHeader({
  line: 1,
  fields: [
    'id',
    'effective_date',
    'description',
    'debit_account',
    'credit_account',
    'amount',
    'currency',
  ],
});
const row = (line: number, ...fields: string[]): ImportRow => readCsvRow(COLUMNS, { line, fields });

describe('import rows', () => {
  it('makes an entry of two legs in minor units', () => {
    expect(row(2, 'e1', '2024-02-29', 'rent', '1010', '2410:a', '700.5', 'USD')).to.deep.equal({
      line: 2,
      entry: {
        id: 'e1',
        description: 'rent',
        effectiveDate: '2024-02-29',
        legs: [
          { account: '1010', side: 'debit', amount: 70050n, currency: 'USD' },
          { account: '2410:a', side: 'credit', amount: 70050n, currency: 'USD' },
        ],
      },
    });
  });

  for (const [what, fields] of [
    ['id:', ['a b', '2024-01-01', 'x', '1010', '2410', '1', 'KRW']],
    ['effective_date:', ['e', '2023-02-29', 'x', '1010', '2410', '1', 'KRW']],
    ['currency:', ['e', '2023-02-28', '', '1010', '2410', '1', 'ABC']],
    ['amount:', ['e', '2023-02-28', '', '1010', '2410', '1.5', 'KRW']],
    ['amount:', ['e', '2023-02-28', '', '1010', '2410', '1.005', 'USD']],
    ['amount:', ['e', '2023-02-28', '', '1010', '2410', '-1', 'USD']],
    ['amount:', ['e', '2023-02-28', '', '1010', '2410', '1e3', 'USD']],
    ['amount:', ['e', '2023-02-28', '', '1010', '2410', '92233720368547758.08', 'USD']],
    ['fields', ['e', '2023-02-28']],
    ['debit_account:', ['e', '2023-02-28', 'x', 'a b', '2410', '1', 'USD']],
    ['credit_account:', ['e', '2023-02-28', 'x', '1010', '', '1', 'USD']],
    ['description:', ['e', '2023-02-28', '', '1010', '2410', '1', 'USD']],
  ] as const) {
    it(`refuses ${fields.join('|')} naming ${what}`, () => {
      const read = row(9, ...fields);
      expect(read).to.have.property('line', 9);
      expect('refusal' in read && read.refusal.message).to.contain(what);
    });
  }

  it('refuses a header with a column missing, unknown or twice', () => {
    const header = (text: string) => () => readHeader({ line: 1, fields: text.split(',') });
    const good = 'currency,amount,credit_account,debit_account,description,effective_date,id';
    expect(header(good)()).to.have.length(7);
    expect(header(good.replace(',id', ''))).to.throw(FileRefused);
    expect(header(`${good},id`)).to.throw(FileRefused);
    expect(header(`${good},note`)).to.throw(FileRefused);
  });
});

async function* batchesOf(rows: readonly ImportRow[]): AsyncGenerator<readonly ImportRow[]> {
  for (const one of rows) yield await Promise.resolve([one]);
}

const entryRow = (line: number): ImportRow =>
  row(line, `e${line}`, '2024-01-01', 'x', '1010', '2410', '1', 'KRW');

describe('importer', () => {
  it('sends batches several at a time, and no more, and counts every row once', async () => {
    let open = 0;
    let most = 0;
    const sizes: number[] = [];
    const sink = async (entries: readonly PostEntry[]): Promise<Outcome[]> => {
      most = Math.max(most, ++open);
      sizes.push(entries.length);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return entries.map(({ id }) =>
        id === 'e3'
          ? { kind: 'duplicate', position: 3n }
          : { kind: 'accepted', position: BigInt(id.slice(1)) },
      );
    };
    const refused: RefusedRow[] = [];
    const rows = [...Array(25).keys()].map((index) => entryRow(index + 1));
    rows.splice(5, 0, row(99, 'bad'));
    const summary = await importRows(batchesOf(rows), {
      sink,
      batchSize: 4,
      inFlight: 3,
      onRefused: (one) => refused.push(one),
    });
    expect(summary).to.deep.equal({
      rows: 26,
      accepted: 24,
      duplicates: 1,
      refused: 1,
      position: 25n,
    });
    expect(most).to.equal(3);
    expect(Math.max(...sizes)).to.equal(4);
    expect(refused.map((one) => one.line)).to.deep.equal([99]);
  });

  it('asks once more, after all earlier rows, where an earlier row may have been missing', async () => {
    const done = new Set<string>();
    const asked: string[] = [];
    const sink = async (entries: readonly PostEntry[]): Promise<Outcome[]> => {
      const outcomes = entries.map(({ id }): Outcome => {
        asked.push(id);
        const early = (id === 'e2' && !done.has('e1')) || id === 'e3';
        if (early) {
          return { kind: 'refused', refusal: { code: 'INSUFFICIENT_BALANCE', message: 'no' } };
        }
        return { kind: 'accepted', position: 1n };
      });
      await new Promise((resolve) => setImmediate(resolve));
      for (const entry of entries) done.add(entry.id);
      return outcomes;
    };
    const refused: RefusedRow[] = [];
    const summary = await importRows(batchesOf([1, 2, 3].map(entryRow)), {
      sink,
      batchSize: 1,
      onRefused: (one) => refused.push(one),
    });
    expect(summary).to.include({ accepted: 2, refused: 1 });
    expect(refused).to.deep.equal([
      { line: 3, id: 'e3', code: 'INSUFFICIENT_BALANCE', message: 'no' },
    ]);
    expect(asked).to.deep.equal(['e1', 'e2', 'e3', 'e2', 'e3']);
  });

  it('settles what is under way before it fails', async () => {
    let open = 0;
    const sink = async (entries: readonly PostEntry[]): Promise<Outcome[]> => {
      open++;
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      if (entries[0]?.id === 'e2') throw new Error('the disk is full');
      return entries.map(() => ({ kind: 'accepted', position: 1n }));
    };
    const options = { sink, batchSize: 1, onRefused: () => undefined };
    const failure: unknown = await importRows(
      batchesOf([1, 2, 3, 4, 5].map(entryRow)),
      options,
    ).catch((error: unknown) => error);
    expect(String(failure)).to.contain('the disk is full');
    expect(open).to.equal(0);
  });
});

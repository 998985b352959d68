import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { openEventStore } from '../shared/adapters/sqlite/event-store.js';
import { sagae, startSagae } from './cli/run-child.js';

const HEADER = 'id,effective_date,description,debit_account,credit_account,amount,currency\n';

const summary = z.object({
  rows: z.number(),
  accepted: z.number(),
  duplicates: z.number(),
  refused: z.number(),
  refusals: z.array(z.object({ line: z.number(), id: z.string().optional(), code: z.string() })),
});
const books = z.object({
  rows: z.array(
    z.object({
      account: z.string(),
      name: z.string(),
      currency: z.string(),
      debits: z.string(),
      credits: z.string(),
      balance: z.string(),
    }),
  ),
  totals: z.array(z.object({ currency: z.string(), debits: z.string(), credits: z.string() })),
  asOf: z.object({
    effective: z.string().nullable(),
    known: z.string().nullable(),
    position: z.string(),
  }),
});

describe('the command line', function () {
  this.timeout(60_000);
  let data: string;
  let file: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'sagae-test-'));
    file = join(data, 'entries.csv');
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  const importCsv = async (rows: string) => {
    writeFileSync(file, HEADER + rows);
    const ran = await sagae(data, 'import', 'entries', file, '--report', 'json');
    return { ...ran, answer: summary.parse(JSON.parse(ran.stdout)) };
  };

  it('says what is wrong with its use, on standard error, and leaves with 2', async () => {
    writeFileSync(file, 'a,b\n1,2\n');
    for (const [args, reason] of [
      [['bogus'], 'unknown command'],
      [['audit', 'replay', '--bogus'], 'unknown option'],
      [['audit', 'replay', '--effective', '2023-02-29'], 'not a day'],
      [['audit', 'replay'], 'there is no log'],
      [['audit', 'verify', 'extra'], 'too many arguments'],
      [['import', 'entries', join(data, 'none.csv')], 'no such file'],
      [['import', 'entries', file], 'the first line must name the columns'],
      [['import', 'entries', file, '--url', 'nowhere'], 'not the address of a server'],
      [['export', '--format', 'excel'], 'hledger, ledger, beancount'],
      [['bench', 'nothing'], 'no benchmark'],
    ] as const) {
      const { code, stdout, stderr } = await sagae(data, ...args);
      expect(stderr, args.join(' ')).to.contain(reason);
      expect({ code, stdout }, args.join(' ')).to.deep.equal({ code: 2, stdout: '' });
    }
    expect(await sagae(data, '--help')).to.include({ code: 0, stderr: '' });
  });

  it('makes no new log of an empty file, but says that there is none', async () => {
    writeFileSync(join(data, 'events.db'), '');
    for (const args of [
      ['audit', 'replay'],
      ['audit', 'verify'],
      ['export', '--format', 'ledger'],
      ['views', 'list'],
    ]) {
      const { code, stdout, stderr } = await sagae(data, ...args);
      expect({ code, stdout }, args.join(' ')).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.contain('there is no log in');
      expect(readFileSync(join(data, 'events.db'), 'utf8')).to.equal('');
    }
  });

  it('imports what is good, lists what is not with its line, and imports nothing twice', async () => {
    const rows =
      't1,2024-01-05,"sale, one",1010,2010:a,700.5,CZK\r\n' +
      't2,2024-01-06,won,1010,2010:b,50000,KRW\n' +
      't3,2024-01-06,too many places,1010,2010:b,0.5,KRW\n' +
      't4,2024-01-06,unknown,1010,zzz,1,KRW\n' +
      '"t5,2024-01-06,quote never closed,1010,2010,1,KRW\n' +
      't6,2024-01-07,last,2010:a,4010,7.5,CZK';
    const first = await importCsv(rows);
    expect(first.code).to.equal(1);
    expect(first.answer).to.deep.include({ rows: 6, accepted: 3, duplicates: 0, refused: 3 });
    expect(first.answer.refusals.map(({ line, id, code }) => [line, id, code])).to.deep.equal([
      [4, 't3', 'VALIDATION_FAILED'],
      [5, 't4', 'ACCOUNT_UNKNOWN'],
      [6, undefined, 'VALIDATION_FAILED'],
    ]);
    const second = await importCsv(rows);
    expect(second.answer).to.deep.include({ accepted: 0, duplicates: 3, refused: 3 });
    const changed = await importCsv('t2,2024-01-06,won,1010,2010:b,50001,KRW\n');
    expect(changed.answer.refusals[0]).to.deep.include({ line: 2, code: 'IDEMPOTENCY_KEY_REUSED' });
    const text = await sagae(data, 'import', 'entries', file);
    expect(text.stdout).to.match(/^line 2: t2: IDEMPOTENCY_KEY_REUSED: .*\n1 rows: 0 accepted/);
  });

  it('imports ndjson by the rules of a batch over HTTP', async () => {
    const ndjson = join(data, 'entries.ndjson');
    const legs = (amount: unknown) => [
      { account: '1010', side: 'debit', amount, currency: 'KRW' },
      { account: '2010:a', side: 'credit', amount, currency: 'KRW' },
    ];
    const line = (id: string, amount: unknown, more: object = {}) =>
      JSON.stringify({
        id,
        description: id,
        effectiveDate: '2024-01-05',
        legs: legs(amount),
        ...more,
      });
    const lines = [
      line('n1', '100'),
      '',
      line('n2', 200, { metadata: { order: '7' } }),
      line('n3', 1.5),
      line('n4', '1', { unknown: true }),
      '{"id":"n5","id":"n6"}',
      '{broken',
      line('n7', '0'),
    ];
    writeFileSync(ndjson, lines.join('\n'));
    const { code, stdout } = await sagae(data, 'import', 'entries', ndjson, '--report', 'json');
    const answer = summary.parse(JSON.parse(stdout));
    expect(code).to.equal(1);
    expect(answer).to.deep.include({ rows: 7, accepted: 2, refused: 5 });
    expect(answer.refusals.map(({ line: at }) => at)).to.deep.equal([4, 5, 6, 7, 8]);
  });

  it('goes on after it was killed in the middle, and nothing is there twice', async () => {
    const rows = Array.from(
      { length: 30_000 },
      (_, index) => `k${index},2024-01-05,row,1010,2010:${index % 50},1,KRW\n`,
    );
    writeFileSync(file, HEADER + rows.join(''));
    const store = await openEventStore({ folder: data });
    const { child, ran } = startSagae(data, 'import', 'entries', file, '--report', 'json');
    const seen = new AbortController();
    for await (const events of store.subscribe(0n, seen.signal)) {
      if (events.some(({ type }) => type === 'EntryPosted')) seen.abort();
    }
    child.kill('SIGKILL');
    await ran;
    const stored = (await store.head()) - 35n;
    await store.close();
    expect(stored > 0n && stored < 30_000n, `${stored} were stored`).to.equal(true);

    const again = await sagae(data, 'import', 'entries', file, '--report', 'json');
    const answer = summary.parse(JSON.parse(again.stdout));
    expect(again.code).to.equal(0);
    expect(answer).to.deep.include({
      accepted: 30_000 - Number(stored),
      duplicates: Number(stored),
      refused: 0,
    });
    const folded = await sagae(data, 'audit', 'replay', '--format', 'json');
    const { totals } = books.parse(JSON.parse(folded.stdout));
    expect(totals).to.deep.equal([{ currency: 'KRW', debits: '30000', credits: '30000' }]);
  });

  it('replays as of both axes, in all formats', async () => {
    await importCsv(
      'r1,2024-01-05,"sale, one",1010,2010:a,700.5,CZK\nr2,2024-01-07,fee,2010:a,4010,7.5,CZK\n' +
        'r3,2024-01-01,late,1010,2010:a,1,CZK\n',
    );
    const replay = async (...args: string[]) => {
      const { code, stdout, stderr } = await sagae(data, 'audit', 'replay', ...args);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      return stdout;
    };
    const sums = async (...args: string[]) =>
      books
        .parse(JSON.parse(await replay('--format', 'json', ...args)))
        .rows.map(({ account, balance }) => `${account} ${balance}`);
    expect(await sums()).to.deep.equal(['1010 70150', '2010:a 69400', '4010 750']);
    expect(await sums('--effective', '2024-01-05')).to.deep.equal(['1010 70150', '2010:a 70150']);
    expect(await sums('--effective', '2024-01-05', '--known', 'position:37')).to.deep.equal([
      '1010 70050',
      '2010:a 70050',
    ]);
    expect(await sums('--known', '2020-01-01T00:00:00Z')).to.deep.equal([]);
    expect(await replay('--format', 'csv')).to.contain(
      '\r\n1010,"Bank, operating",asset,CZK,70150,0,70150\r\n',
    );
    expect(await replay()).to.match(
      /^1010 +Bank, operating +asset +CZK +701\.50 +0\.00 +701\.50$/m,
    );
    for (const known of ['position:39', '2999-01-01T00:00:00Z']) {
      expect(await sagae(data, 'audit', 'replay', '--known', known)).to.include({ code: 2 });
    }
  });

  it('exports to a file and to standard output alike, and ends quietly when nobody reads on', async () => {
    await importCsv('x1,2024-01-05,"a; b",1010,2010:a,700.5,CZK\n');
    for (const format of ['hledger', 'ledger', 'beancount']) {
      const path = join(data, 'book');
      const shown = await sagae(data, 'export', '--format', format);
      const saved = await sagae(data, 'export', '--format', format, '-o', path);
      expect({ shown: shown.code, saved: saved.code, out: saved.stdout }).to.deep.equal({
        shown: 0,
        saved: 0,
        out: '',
      });
      expect(readFileSync(path, 'utf8')).to.equal(shown.stdout);
      expect(shown.stdout).to.contain('a, b').and.to.contain('Assets:1010  700.50 CZK\n');
    }
    const backwards = ['--from', '2024-01-02', '--to', '2024-01-01'];
    expect(await sagae(data, 'export', '--format', 'ledger', ...backwards)).to.include({ code: 2 });
    const { child, ran } = startSagae(data, 'export', '--format', 'hledger');
    const closed = once(child, 'close');
    child.stdout?.destroy();
    await Promise.allSettled([ran]);
    expect(await closed).to.deep.equal([0, null]);
  });
});

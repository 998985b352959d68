import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { AsOf } from '../../query-service/queries/answers.js';
import { isDay } from '../../shared/ledger/day.js';
import { FileLog } from '../audit/file-log.js';
import { replay } from '../audit/replay.js';
import { fillBook, type CheckedBook } from './book.js';

const FILE = new URL('../../../scripts/demo-data/bank-transactions-1993.csv.gz', import.meta.url);
const DAYS = ['1993-01-01', '1993-03-31', '1993-06-15', '1993-06-16', '1993-09-30'].filter(isDay);

/** Each customer's balance in hellers at the end of a day, from the text of the file alone. */
function sumsOfFile(day: string): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  const [, ...lines] = gunzipSync(readFileSync(FILE)).toString('latin1').trim().split('\n');
  for (const line of lines) {
    const [, customer = '', date = '', type, , amount = ''] = line.split(';');
    if (date > day.slice(2).replaceAll('-', '')) continue;
    const cents = BigInt(amount.replace('.', ''));
    const signed = type === '"PRIJEM"' ? cents : -cents;
    sums.set(customer, (sums.get(customer) ?? 0n) + signed);
  }
  return sums;
}

describe('the book of real transactions', () => {
  let folder: string;
  let book: CheckedBook;
  let head: bigint;

  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
    book = await fillBook(folder);
    head = await book.store.head();
  });
  after(async () => {
    await book.close();
    rmSync(folder, { recursive: true });
  });

  for (const day of DAYS) {
    it(`has every customer's exact sum on ${day}`, async () => {
      const expected = sumsOfFile(day);
      // The correction of the one mistake: 1,290.00 went out that day, not 12,900.00.
      if (day >= '1993-06-16') expected.set('1815', (expected.get('1815') ?? 0n) + 1_161_000n);
      const { rows, totals } = await book.trialBalance({ effective: day });
      const customers = rows.filter(({ account }) => account.startsWith('2610:'));
      expect(new Map(customers.map((row) => [row.account.slice(5), row.balance]))).to.deep.equal(
        expected,
      );
      expect(totals.every(({ debits, credits }) => debits === credits)).to.equal(true);
    });
  }

  it('is folded from the raw log to the same balances, on both axes and in any number of threads', async () => {
    const instant = (await book.store.readAt([head / 2n]))[0]?.recordedAt ?? 0;
    const questions: AsOf[] = [
      {},
      ...DAYS.slice(2, 4).map((effective) => ({ effective })),
      { known: { position: 1n } },
      { known: { position: head } },
      { known: { instant } },
    ];
    for (const effective of ['1993-06-16', '2024-03-04'].filter(isDay)) {
      questions.push({ effective, known: { position: 14_166n } });
      questions.push({ effective, known: { instant } });
    }
    for (const [index, question] of questions.entries()) {
      const asked = await book.trialBalance(question);
      const folded = await replay(new FileLog(folder, head, 1 + (index % 3)), question);
      expect(folded.rows, JSON.stringify(index)).to.deep.equal(asked.rows);
      expect(folded.totals).to.deep.equal(asked.totals);
      if (!('known' in question && 'position' in question.known)) {
        expect(folded.position).to.equal(asked.asOf.position);
      }
    }
  });
});

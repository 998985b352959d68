import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ACCOUNT_TYPES, isAccountId } from '../../shared/ledger/account.js';
import { isCurrency } from '../../shared/ledger/currency.js';
import { isDay } from '../../shared/ledger/day.js';
import { beancountName, journalName } from './account-names.js';
import { writeBeancount } from './beancount.js';
import type { Book, BookEntry } from './book.js';
import { writeAtomically } from './file.js';
import { writeJournal } from './journal.js';
import { harmlessText } from './text.js';

const day = (text: string) => {
  if (!isDay(text)) throw new Error(text);
  return text;
};

/** A book of one entry from 2010:a to 1010 for each description. */
function bookOf(descriptions: readonly string[], names: readonly string[] = ['Bank']): Book {
  const account = (id: string) => {
    if (!isAccountId(id)) throw new Error(id);
    return id;
  };
  const currency = 'CZK';
  if (!isCurrency(currency)) throw new Error(currency);
  const amount = 12_345n;
  const entries = descriptions.map((description, index): BookEntry => ({
    id: description,
    eventId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    position: BigInt(index + 1),
    recordedAt: 0,
    effectiveDate: day('2024-02-29'),
    description,
    legs: [
      { account: account('1010'), side: 'debit', amount, currency },
      { account: account('2010:a'), side: 'credit', amount, currency },
    ],
  }));
  const closing = amount * BigInt(entries.length);
  const definition = { guarded: false, floor: 0n, currencies: [] };
  return {
    days: { first: day('2024-02-29'), last: day('2024-02-29') },
    definitions: new Map([
      ['1010', { ...definition, code: '1010', name: names[0] ?? '', type: 'asset' }],
      ['2010', { ...definition, code: '2010', name: names[0] ?? '', type: 'liability' }],
    ]),
    sums: [
      { account: account('1010'), currency, opening: 0n, closing },
      { account: account('2010:a'), currency, opening: 0n, closing: -closing },
    ],
    entries: entries.length,
    async *read() {
      yield await Promise.resolve(entries);
    },
  };
}

async function written(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

/** Texts made of what these formats give a meaning to, and of anything at all. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '\n',
          '\r',
          '\u2028',
          '\u0085',
          ' ',
          '  ',
          '\t',
          ';',
          '"',
          '\\',
          '|',
          '#',
          '*',
          '!',
          '=',
        ],
        ...[
          '2024-01-01',
          '2024-01-01 * x',
          '    Assets:1010  1.00 CZK',
          '(',
          ')',
          '@',
          '{',
          '%',
          ':',
        ],
        ...[
          'option "x" "y"',
          'include x',
          'account A',
          '\ud800',
          '\u202e',
          'é',
          '字',
          '\0',
          '~',
          '$',
        ],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

const LINES = {
  journal: [
    /^2024-02-29 \* \([A-Za-z0-9._:-]*\) [^\s;|"\\][^;|"\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u,
    /^ {4}; event_id: [0-9a-f-]{36}$/,
    /^ {4}; position: \d+$/,
    /^ {4}; recorded: 1970-01-01T00:00:00\.000Z$/,
    /^ {4}Assets:1010 {2}123\.45 CZK$/,
    /^ {4}Liabilities:2010:a {2}-123\.45 CZK$/,
    /^$/,
  ],
  beancount: [
    /^2024-02-29 \* "[^"\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+"$/u,
    /^ {2}id: "[^"\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+"$/u,
    /^ {2}event_id: "[0-9a-f-]{36}"$/,
    /^ {2}position: "\d+"$/,
    /^ {2}recorded: "1970-01-01T00:00:00\.000Z"$/,
    /^ {2}Assets:1010 {2}123\.45 CZK$/,
    /^ {2}Liabilities:2010:A {2}-123\.45 CZK$/,
    /^$/,
  ],
} as const;

/** Every transaction is exactly these lines, whatever its description: nothing else came to be. */
function checkLines(text: string, shape: readonly RegExp[], descriptions: readonly string[]): void {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('2024-02-29 * '));
  descriptions.forEach((description, index) => {
    shape.forEach((pattern, offset) => {
      const line = lines[start + index * shape.length + offset];
      expect(line).to.match(pattern);
      if (offset === 0) expect(line).to.contain(harmlessText(description));
    });
  });
}

describe('export of text from outside', () => {
  it('makes no leg and no directive of any description, id or name', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(nasty, { minLength: 1, maxLength: 4 }),
        nasty,
        async (texts, name) => {
          const book = bookOf(texts, [name]);
          for (const program of ['hledger', 'ledger'] as const) {
            checkLines(await written(writeJournal(book, program)), LINES.journal, texts);
          }
          checkLines(await written(writeBeancount(book)), LINES.beancount, texts);
        },
      ),
    );
  });

  it('writes as many lines for an awkward name as for a plain one', async () => {
    const count = async (name: string) =>
      (await written(writeJournal(bookOf(['x'], [name]), 'ledger'))).split('\n').length;
    const plain = await count('Bank');
    await fc.assert(
      fc.asyncProperty(nasty, async (name) => {
        expect(await count(name)).to.equal(plain);
      }),
    );
  });

  it('leaves ordinary text alone', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9é字.,:'()#*-]( ?[A-Za-z0-9é字.,:'()#*-]){0,40}$/),
        (text) => {
          expect(harmlessText(text)).to.equal(text);
        },
      ),
    );
    expect(harmlessText('a;b|c"d\\e')).to.equal("a,b,c'd/e");
    expect(harmlessText(' \n ')).to.equal('(no description)');
  });
});

describe('export of account names', () => {
  const segment = fc.stringMatching(/^[AaXxm._1-]{1,5}$/);
  const account = fc.oneof(
    fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(':')),
    fc.constantFrom('memo:9010', 'Memo:9010', 'X-memo:9010', '9010', 'memo', 'Memo'),
  );
  const typed = fc.tuple(account, fc.constantFrom(...ACCOUNT_TYPES));

  it('gives no two accounts one name', () => {
    fc.assert(
      fc.property(typed, typed, ([one, oneType], [other, otherType]) => {
        fc.pre(one !== other || oneType !== otherType);
        expect(beancountName(one, oneType)).not.to.equal(beancountName(other, otherType));
        expect(journalName(one, oneType)).not.to.equal(journalName(other, otherType));
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives beancount names it accepts', () => {
    const valid = /^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+$/;
    fc.assert(
      fc.property(typed, ([id, type]) => void expect(beancountName(id, type)).to.match(valid)),
    );
    expect(beancountName('2010:cust-1', 'liability')).to.equal('Liabilities:2010:Cust-1');
    expect(beancountName('9010', 'memo')).to.equal('Equity:Memo:9010');
    expect(journalName('2010:cust-1', 'liability')).to.equal('Liabilities:2010:cust-1');
  });
});

describe('export to a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('leaves what was there, and nothing else, when writing fails', async () => {
    const path = join(folder, 'book');
    writeFileSync(path, 'old');
    const parts = (async function* () {
      yield await Promise.resolve('new');
      throw new Error('no more');
    })();
    const failure: unknown = await writeAtomically(path, parts).catch((error: unknown) => error);
    expect(String(failure)).to.contain('no more');
    expect(readdirSync(folder)).to.deep.equal(['book']);
    expect(readFileSync(path, 'utf8')).to.equal('old');
    await writeAtomically(path, written2());
    expect(readFileSync(path, 'utf8')).to.equal('new and whole');
  });
});

async function* written2(): AsyncGenerator<string> {
  yield await Promise.resolve('new ');
  yield 'and whole';
}

import { codeOf } from '../../shared/ledger/account.js';
import { exponent, type Currency } from '../../shared/ledger/currency.js';
import { formatMajorUnits } from '../../shared/ledger/money.js';
import { journalName } from './account-names.js';
import {
  definitionOf,
  openingSums,
  signedAmount,
  type Book,
  type BookEntry,
  namer,
  type Namer,
} from './book.js';
import { harmlessCode, harmlessText } from './text.js';

/** The two programs that read the same journal, but for how a commodity's places are declared. */
export type JournalProgram = 'hledger' | 'ledger';

/** What each transaction carries beside its legs. */
const TAGS = ['event_id', 'position', 'recorded'];

/** Most legs in one transaction of closing sums, which are all zero and so may be divided. */
const SUMS_PER_TRANSACTION = 500;

/**
 * Writes a book as a journal. The date of a transaction is the effective day; when it was recorded,
 * its position and its event id travel as tags. It ends with an assertion of every balance, so that
 * a program that reads it and says nothing has recomputed them all.
 */
export async function* writeJournal(book: Book, program: JournalProgram): AsyncGenerator<string> {
  yield header(book, program);
  if (book.days === undefined) return;
  const name = names(book);
  for (const [currency, sums] of openingSums(book)) {
    const legs = sums.map((sum) => leg(name(sum), sum.opening, currency));
    yield transaction(`${book.days.first} * opening balances ${currency}`, legs);
  }
  for await (const entries of book.read()) {
    yield entries.map((entry) => entryText(entry, name)).join('');
  }
  for (const sums of slices(book.sums)) {
    const legs = sums.map(
      (sum) => `${leg(name(sum), 0n, sum.currency)} = ${commodity(sum.closing, sum.currency)}`,
    );
    yield transaction(`${book.days.last} * closing balances`, legs);
  }
}

function names(book: Book): Namer {
  return namer(book, journalName);
}

function header(book: Book, program: JournalProgram): string {
  const lines = [`; Written by sagae export --format ${program}: ${book.entries} entries.`];
  // What --pedantic asks ledger to have been told of.
  if (program === 'ledger') lines.push(...TAGS.map((tag) => `tag ${tag}`));
  else lines.push('decimal-mark .');
  for (const currency of currenciesOf(book)) lines.push(...commodityDirective(currency, program));
  const name = names(book);
  let code = '';
  let account = '';
  for (const sum of book.sums) {
    if (codeOf(sum.account) !== code) {
      code = codeOf(sum.account);
      lines.push(`; ${harmlessCode(code)}: ${harmlessText(definitionOf(book, sum.account).name)}`);
    }
    if (sum.account !== account) lines.push(`account ${name(sum)}`);
    account = sum.account;
  }
  return `${lines.join('\n')}\n\n`;
}

function commodityDirective(currency: Currency, program: JournalProgram): string[] {
  // The decimal mark is mandatory in hledger's, even where no place follows.
  const places = exponent(currency);
  const number = `1000.${'0'.repeat(places)}`;
  if (program === 'hledger') return [`commodity ${number} ${currency}`];
  return [`commodity ${currency}`, `    format ${places === 0 ? '1000' : number} ${currency}`];
}

/** The currencies of a book, in order. */
export function currenciesOf(book: Book): readonly Currency[] {
  return [...new Set(book.sums.map((sum) => sum.currency))].sort();
}

function entryText(entry: BookEntry, name: Namer): string {
  const head =
    `${entry.effectiveDate} * (${harmlessCode(entry.id)}) ${harmlessText(entry.description)}\n` +
    `    ; event_id: ${entry.eventId}\n` +
    `    ; position: ${entry.position}\n` +
    `    ; recorded: ${new Date(entry.recordedAt).toISOString()}`;
  return transaction(
    head,
    entry.legs.map((one) => leg(name(one), signedAmount(one), one.currency)),
  );
}

function transaction(head: string, legs: readonly string[]): string {
  return `${head}\n${legs.join('\n')}\n\n`;
}

function leg(name: string, amount: bigint, currency: Currency): string {
  return `    ${name}  ${commodity(amount, currency)}`;
}

/** An amount as all three programs read it. */
export function commodity(amount: bigint, currency: Currency): string {
  return `${formatMajorUnits(amount, currency)} ${currency}`;
}

function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += SUMS_PER_TRANSACTION) {
    yield items.slice(at, at + SUMS_PER_TRANSACTION);
  }
}

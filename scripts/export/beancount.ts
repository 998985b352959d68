import { codeOf } from '../../shared/ledger/account.js';
import type { Currency } from '../../shared/ledger/currency.js';
import { beancountName } from './account-names.js';
import {
  dayAfter,
  definitionOf,
  openingSums,
  signedAmount,
  type Book,
  type BookEntry,
  namer,
  type Namer,
} from './book.js';
import { commodity, currenciesOf } from './journal.js';
import { harmlessText } from './text.js';

/**
 * Writes a book for beancount. The tolerance is set to none, since the default forgives half a
 * unit. Closing balances are asserted on the day after the last, because an assertion there is
 * about the start of its day.
 */
export async function* writeBeancount(book: Book): AsyncGenerator<string> {
  yield header(book);
  if (book.days === undefined) return;
  const name = names(book);
  for (const [currency, sums] of openingSums(book)) {
    const legs = sums.map((sum) => `  ${name(sum)}  ${commodity(sum.opening, currency)}\n`);
    yield `${book.days.first} * "opening balances ${currency}"\n${legs.join('')}\n`;
  }
  for await (const entries of book.read()) {
    yield entries.map((entry) => entryText(entry, name)).join('');
  }
  const day = dayAfter(book.days.last);
  const lines = inclusiveSums(book, name).map(
    ([account, currency, sum]) => `${day} balance ${account}  ${commodity(sum, currency)}\n`,
  );
  for (let at = 0; at < lines.length; at += 1000) yield lines.slice(at, at + 1000).join('');
}

function names(book: Book): Namer {
  return namer(book, beancountName);
}

function header(book: Book): string {
  const lines = [
    `; Written by sagae export --format beancount: ${book.entries} entries.`,
    'option "inferred_tolerance_multiplier" "0"',
  ];
  if (book.days === undefined) return `${lines.join('\n')}\n`;
  const { first } = book.days;
  for (const currency of currenciesOf(book)) {
    lines.push(`option "operating_currency" "${currency}"`, `${first} commodity ${currency}`);
  }
  const name = names(book);
  let account = '';
  for (const sum of book.sums) {
    if (sum.account !== account) {
      const definition = definitionOf(book, sum.account);
      lines.push(
        `${first} open ${name(sum)}`,
        `  account: "${sum.account}"`,
        `  name: "${codeOf(sum.account)}, ${harmlessText(definition.name)}"`,
      );
    }
    account = sum.account;
  }
  return `${lines.join('\n')}\n\n`;
}

function entryText(entry: BookEntry, name: Namer): string {
  const legs = entry.legs.map(
    (leg) => `  ${name(leg)}  ${commodity(signedAmount(leg), leg.currency)}\n`,
  );
  return (
    `${entry.effectiveDate} * "${harmlessText(entry.description)}"\n` +
    `  id: "${harmlessText(entry.id)}"\n` +
    `  event_id: "${entry.eventId}"\n` +
    `  position: "${entry.position}"\n` +
    `  recorded: "${new Date(entry.recordedAt).toISOString()}"\n` +
    `${legs.join('')}\n`
  );
}

/** What beancount asserts of an account counts the accounts below it too. */
function inclusiveSums(
  book: Book,
  name: Namer,
): readonly (readonly [account: string, currency: Currency, sum: bigint])[] {
  const own = new Map(book.sums.map((sum) => [`${name(sum)} ${sum.currency}`, sum]));
  const totals = new Map<string, bigint>();
  for (const sum of book.sums) {
    const parts = name(sum).split(':');
    for (let length = parts.length; length > 0; length--) {
      const key = `${parts.slice(0, length).join(':')} ${sum.currency}`;
      if (own.has(key)) totals.set(key, (totals.get(key) ?? 0n) + sum.closing);
    }
  }
  return [...own].map(([key, sum]) => [name(sum), sum.currency, totals.get(key) ?? 0n]);
}

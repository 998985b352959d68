import type { PostEntry } from '../../command-service/application/ledger.js';
import type { AccountType } from '../../shared/ledger/account.js';
import { isDay, type Day } from '../../shared/ledger/day.js';

/** Accounts whose names other programs could take for something else, or for one another. */
export const AWKWARD_ACCOUNTS: readonly Readonly<{
  code: string;
  name: string;
  type: AccountType;
}>[] = [
  { code: 'Cash_Box.1', name: 'Cash box; the "old" one | type:X', type: 'asset' },
  { code: 'memo', name: 'An equity code called memo', type: 'equity' },
  { code: 'Memo', name: 'An equity code called Memo', type: 'equity' },
  { code: 'x-1', name: 'Looks escaped', type: 'revenue' },
  { code: '-', name: 'A dash', type: 'expense' },
];

/** The days of the awkward entries: long after those of the bank. */
export const AWKWARD_DAYS: Readonly<{ first: Day; last: Day }> = {
  first: day('2024-02-28'),
  last: day('2024-03-09'),
};

/** Texts that try to be a comment, a leg, a directive, a tag or the end of a string. */
const AWKWARD_TEXTS: readonly string[] = [
  '; a comment',
  'pay | note',
  'a  ; two spaces; and a comment',
  '(not a code) text',
  '* ! = ~ text',
  '"quoted" and \\escaped\\n',
  '2024-01-01 * fake',
  'Assets:1010  1000.00 CZK',
  '#tag ^link @payee {cost} [2024-01-01]',
  '한글 설명 é ß — emoji 🎉 and \u202eright to left',
  'recorded:1999-01-01, position:1',
  '= 0.00 CZK',
  'include /etc/passwd',
  '%(amount) ${x} `y`',
  ' \u00a0 ',
  'x'.repeat(500),
];

const MAX = 2n ** 63n - 1n;

/** Entries in three currencies with 0, 2 and 3 places, huge amounts, and those texts. */
export function awkwardEntries(): readonly PostEntry[] {
  const texts = AWKWARD_TEXTS.map((description, index): PostEntry => {
    const leg = { amount: BigInt(index + 1), currency: 'CZK' };
    return {
      id: `text-${index}`,
      description,
      effectiveDate: AWKWARD_DAYS.first,
      legs: [
        { account: 'Cash_Box.1', side: 'debit', ...leg },
        { account: `memo:m.${index % 3}_x`, side: 'credit', ...leg },
      ],
    };
  });
  return [...texts, ...shapes()];
}

function shapes(): readonly PostEntry[] {
  const entry = (id: string, on: string, legs: readonly string[]): PostEntry => ({
    id,
    description: id,
    effectiveDate: day(on),
    legs: legs.map((text) => {
      const [account = '', side, amount = '', currency = ''] = text.split(' ');
      return {
        account,
        side: side === 'Dr' ? 'debit' : 'credit',
        amount: BigInt(amount),
        currency,
      };
    }),
  });
  return [
    // One account is above another, and both have a balance of their own.
    entry('parents', '2024-02-29', ['1010 Dr 500 KRW', '1010:a Dr 300 KRW', 'memo Cr 800 KRW']),
    entry('deeper', '2024-03-01', ['1010:a:b Dr 7 KRW', '1010 Cr 7 KRW']),
    // Names that differ only where beancount sees no difference.
    entry('alike', '2024-03-01', ['2010:Cust-1 Cr 11 CZK', '2010:cust-1 Dr 11 CZK']),
    entry('alike-2', '2024-03-02', ['2010:a.b Cr 12 CZK', '2010:a_b Dr 12 CZK']),
    entry('alike-3', '2024-03-02', ['2010:a-b Cr 13 CZK', '2010:X-a-db Dr 13 CZK']),
    entry('alike-4', '2024-03-02', ['2010:x-a--b Cr 14 CZK', '2010:X-x--a----b Dr 14 CZK']),
    entry('memos', '2024-03-02', ['9010:memo Dr 15 CZK', 'Memo:9010:memo Cr 15 CZK']),
    entry('memos-2', '2024-03-02', ['9010 Dr 16 CZK', 'memo:9010 Cr 16 CZK']),
    entry('odd', '2024-03-03', ['- Dr 1 KWD', 'x-1:. Cr 1 KWD']),
    entry('mixed', '2024-03-04', [
      '1010 Dr 5 KWD',
      '5090 Cr 5 KWD',
      '1010 Cr 1 CZK',
      '5090 Dr 1 CZK',
      '1110 Dr 2 KRW',
      '1110 Cr 2 KRW',
    ]),
    entry('huge', '2024-03-08', [`1010 Dr ${MAX} KWD`, `memo Cr ${MAX} KWD`]),
    entry('huge-again', '2024-03-09', [`1010 Dr ${MAX} KWD`, `memo Cr ${MAX} KWD`]),
    // Out of order on purpose: entered last, effective in between.
    entry('late', '2024-03-05', ['1010 Dr 999 CZK', '2990 Cr 999 CZK']),
  ];
}

function day(text: string): Day {
  if (isDay(text)) return text;
  throw new Error(`${text} is not a day`);
}

import type { AccountType } from '../../shared/ledger/account.js';

/** Gives an account of the ledger its name in a plain-text accounting program; always the same. */
export type AccountNames = (account: string, type: AccountType) => string;

/**
 * hledger and ledger: the id stays as it is, below the root of its type. Memo accounts have a root
 * of their own, since they stand beside the books. No two accounts share a name, because no two
 * ids of one root are equal and a code has one type.
 */
export const journalName: AccountNames = (account, type) => `${JOURNAL_ROOTS[type]}:${account}`;

const JOURNAL_ROOTS = {
  asset: 'Assets',
  liability: 'Liabilities',
  equity: 'Equity',
  revenue: 'Income',
  expense: 'Expenses',
  memo: 'Memo',
} as const satisfies Record<AccountType, string>;

const BEANCOUNT_ROOTS = {
  ...JOURNAL_ROOTS,
  // Beancount has five roots and no more. No equity code can be read as `Memo`: see below.
  memo: 'Equity:Memo',
} as const satisfies Record<AccountType, string>;

/** beancount: each segment is written so that it is valid there and can still be told apart. */
export const beancountName: AccountNames = (account, type) =>
  `${BEANCOUNT_ROOTS[type]}:${account.split(':').map(beancountSegment).join(':')}`;

/**
 * Beancount wants a capital or a digit first, then letters, digits and dashes. `1010` stays,
 * `cust-1` becomes `Cust-1`. Whatever would be invalid, or equal to the name of another segment,
 * is written out after `X-`: a dash as `--`, a point as `-d`, an underscore as `-u`.
 */
function beancountSegment(segment: string): string {
  if (/^[0-9][A-Za-z0-9-]*$/.test(segment)) return segment;
  const plain =
    /^[a-z][A-Za-z0-9-]*$/.test(segment) && !segment.startsWith('x-') && segment !== 'memo';
  if (plain) return segment.charAt(0).toUpperCase() + segment.slice(1);
  const escaped = segment.replace(/[-._]/g, (mark) => ESCAPES.get(mark) ?? mark);
  return `X-${escaped}`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['-', '--'],
  ['.', '-d'],
  ['_', '-u'],
]);

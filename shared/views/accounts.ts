import { ACCOUNT_TYPES, type AccountDefinition, type AccountType } from '../ledger/account.js';
import type { Row, Table } from '../ports/view-store.js';
import { intAt, textAt } from './row.js';

export const ACCOUNTS_VIEW = 'accounts';

/** The chart: every declared code. */
export const codesTable: Table = {
  name: 'codes_v1',
  columns: [
    ['code', 'text'],
    ['name', 'text'],
    ['type', 'text'],
    ['guarded', 'int'],
    ['floor', 'sum'],
    ['currencies', 'text'],
  ],
  key: ['code'],
  indexes: {},
};

export function codeRow(definition: AccountDefinition): Row {
  const { code, name, type, guarded, floor, currencies } = definition;
  return [code, name, type, guarded ? 1n : 0n, floor, currencies.join(' ')];
}

export function readCode(row: Row): AccountDefinition {
  const currencies = textAt(row, 5);
  return {
    code: textAt(row, 0),
    name: textAt(row, 1),
    type: accountType(textAt(row, 2)),
    guarded: intAt(row, 3) === 1n,
    floor: intAt(row, 4),
    currencies: currencies === '' ? [] : currencies.split(' '),
  };
}

/** Every account there is: declared codes, and accounts below them that an entry has named. */
export const accountsTable: Table = {
  name: 'accounts_v1',
  columns: [
    ['code', 'text'],
    ['id', 'text'],
  ],
  key: ['code', 'id'],
  indexes: {},
};

export function accountId(row: Row): string {
  return textAt(row, 1);
}

function accountType(text: string): AccountType {
  const type = ACCOUNT_TYPES.find((known) => known === text);
  if (type === undefined) throw new Error(`${text} is no type of account`);
  return type;
}

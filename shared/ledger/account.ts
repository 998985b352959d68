/** The six kinds of account. `memo` accounts stand beside the books, like an authorisation. */
export const ACCOUNT_TYPES = [
  'asset',
  'liability',
  'equity',
  'revenue',
  'expense',
  'memo',
] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

export type Side = 'debit' | 'credit';

/** The side on which an account of this type grows. Memo accounts are counted like assets. */
export function normalSide(type: AccountType): Side {
  switch (type) {
    case 'asset':
    case 'expense':
    case 'memo':
      return 'debit';
    case 'liability':
    case 'equity':
    case 'revenue':
      return 'credit';
  }
}

/** The balance on the account's normal side, in minor units. */
export function normalBalance(type: AccountType, debits: bigint, credits: bigint): bigint {
  return normalSide(type) === 'debit' ? debits - credits : credits - debits;
}

/** `code` or `code:owner[:…]`, 128 characters at most. */
export type AccountId = string & { readonly __brand: 'AccountId' };

const ACCOUNT_ID = /^[A-Za-z0-9._-]+(?::[A-Za-z0-9._-]+)*$/;
const CODE = /^[A-Za-z0-9._-]+$/;
const MAX_ACCOUNT_ID_LENGTH = 128;

/** Whether the text has the form of an account id. */
export function isAccountId(text: string): text is AccountId {
  return text.length <= MAX_ACCOUNT_ID_LENGTH && ACCOUNT_ID.test(text);
}

/** Whether the text has the form of a code: the first segment of an account id. */
export function isAccountCode(text: string): boolean {
  return text.length <= MAX_ACCOUNT_ID_LENGTH && CODE.test(text);
}

/** The code of an account: everything before the first colon. */
export function codeOf(account: AccountId): string {
  const colon = account.indexOf(':');
  return colon === -1 ? account : account.slice(0, colon);
}

/** What a code was declared to be. `floor` is in minor units, on the normal side. */
export type AccountDefinition = Readonly<{
  code: string;
  name: string;
  type: AccountType;
  guarded: boolean;
  floor: bigint;
  /** The only currencies allowed below the code; empty: any. */
  currencies: readonly string[];
}>;

import { codeOf, type AccountDefinition, type AccountId } from '../../shared/ledger/account.js';
import { normalBalance } from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { codesTable, readCode } from '../../shared/views/accounts.js';
import { chainsTable, readChain, type ChainRow, type Sums } from '../../shared/views/journal.js';
import { QueryRefused, type BalanceRow } from './answers.js';
import { ALL_ROWS } from './parts.js';

/** What the code of an account was declared to be. @throws {QueryRefused} it was not declared */
export async function definitionOf(
  reader: ViewReader,
  account: AccountId,
): Promise<AccountDefinition> {
  const row = await reader.get(codesTable, [codeOf(account)]);
  if (row !== undefined) return readCode(row);
  throw new QueryRefused('NOT_FOUND', 'account', account, 'its code has not been declared');
}

/** All declared codes, in order. */
export async function allCodes(reader: ViewReader): Promise<readonly AccountDefinition[]> {
  const rows = await reader.scan(codesTable, { index: 'key', prefix: [], limit: ALL_ROWS });
  return rows.map(readCode);
}

/** The chains of an account, in order of currency. */
export async function chainsOf(
  reader: ViewReader,
  account: AccountId,
): Promise<readonly ChainRow[]> {
  const range = { index: 'account', prefix: [account], limit: ALL_ROWS };
  return (await reader.scan(chainsTable, range)).map(readChain);
}

export function balanceRow(
  { type }: Pick<AccountDefinition, 'type'>,
  currency: string,
  { debits, credits }: Sums,
): BalanceRow {
  return { currency, debits, credits, balance: normalBalance(type, debits, credits) };
}

/** Whether any leg has been counted. */
export function isMoved({ debits, credits }: Sums): boolean {
  return debits !== 0n || credits !== 0n;
}

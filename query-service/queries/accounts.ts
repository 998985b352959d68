import {
  codeOf,
  isAccountId,
  type AccountDefinition,
  type AccountType,
} from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { accountId, accountsTable } from '../../shared/views/accounts.js';
import type { AccountItem, Page } from './answers.js';
import { allCodes } from './chart.js';
import { noCursor, openCursor, sealCursor } from './cursor.js';
import { checkLimit, type QueryParts } from './parts.js';

/** Accounts of a type, or whose ids begin so; `limit` is 1 to 500. */
export type AccountsQuery = Readonly<{
  type?: AccountType;
  prefix?: string;
  limit: number;
  cursor?: string;
}>;

/** Above every character an account id may have. */
const AFTER_ANY = '\u007f';
/** Below every character an account id may have. */
const NEXT = '\u0000';

/**
 * Accounts in order of code, then id: declared codes, and below them what entries have named.
 * @throws {QueryRefused} a cursor of another question
 */
export async function accounts(
  parts: QueryParts,
  query: AccountsQuery,
): Promise<Page<AccountItem>> {
  checkLimit(query.limit);
  const { type, prefix = '', limit, cursor } = query;
  const question = ['accounts', type ?? '', prefix];
  const [lastCode, lastId] = cursor === undefined ? ['', ''] : readPlace(question, cursor);
  return parts.views.snapshot(async (reader) => {
    const items: AccountItem[] = [];
    for (const definition of await allCodes(reader)) {
      const { code } = definition;
      if (type !== undefined && definition.type !== type) continue;
      if (code < lastCode || !mayHold(code, prefix)) continue;
      const from = code === lastCode ? lastId + NEXT : '';
      const range = { prefix, from, limit: limit + 1 - items.length };
      items.push(...(await accountsOf(reader, definition, range)));
      if (items.length > limit) break;
    }
    const shown = items.slice(0, limit);
    const last = items.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown,
      nextCursor: last === undefined ? null : sealCursor(question, [last.code, last.id]),
    };
  });
}

function readPlace(question: readonly string[], cursor: string): readonly [string, string] {
  const [code = '', id = ''] = openCursor(question, cursor);
  if (!isAccountId(id) || codeOf(id) !== code) throw noCursor(cursor);
  return [code, id];
}

/** Whether ids that begin with the prefix can be below the code. */
function mayHold(code: string, prefix: string): boolean {
  return code.startsWith(prefix) || prefix.startsWith(`${code}:`);
}

async function accountsOf(
  reader: ViewReader,
  { code, name, type, guarded }: AccountDefinition,
  { prefix, from, limit }: Readonly<{ prefix: string; from: string; limit: number }>,
): Promise<readonly AccountItem[]> {
  const rows = await reader.scan(accountsTable, {
    index: 'key',
    prefix: [code],
    from: [from > prefix ? from : prefix],
    to: [prefix + AFTER_ANY],
    limit,
  });
  return rows.map((row) => ({ id: accountId(row), code, name, type, guarded }));
}

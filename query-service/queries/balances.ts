import type { AccountId } from '../../shared/ledger/account.js';
import { NO_SUMS } from '../../shared/views/journal.js';
import type { AccountBalances, AsOf } from './answers.js';
import { cutOf } from './as-of.js';
import { balanceRow, chainsOf, definitionOf, isMoved } from './chart.js';
import type { QueryParts } from './parts.js';
import { sumsOfRows } from './sums.js';

/**
 * Balances of one account, one per currency it had moved in as of then; none is an answer too.
 * @throws {QueryRefused} the code was never declared, or `known` lies in the future
 */
export function balances(
  parts: QueryParts,
  account: AccountId,
  asOf: AsOf,
): Promise<AccountBalances> {
  return parts.views.snapshot(async (reader) => {
    const { cut, answered } = await cutOf(parts, reader, asOf);
    const definition = await definitionOf(reader, account);
    const chains = await chainsOf(reader, account);
    const sums = await sumsOfRows(reader, chains, cut);
    const rows = chains.flatMap(({ currency }, index) => {
      const sum = sums[index] ?? NO_SUMS;
      return isMoved(sum) ? [balanceRow(definition, currency, sum)] : [];
    });
    return { account, balances: rows, asOf: answered };
  });
}

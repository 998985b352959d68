import { codeOf, isAccountId, type AccountDefinition } from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { chainsTable, NO_SUMS, readChain, type Sums } from '../../shared/views/journal.js';
import type { AsOf, TrialBalance } from './answers.js';
import { cutOf, ledgerCheckpoint, type Cut } from './as-of.js';
import { allCodes, balanceRow, isMoved } from './chart.js';
import type { Chain, ChainDirectory } from './directory.js';
import { ALL_ROWS, type QueryParts } from './parts.js';
import { sumsOfAll, sumsOfRows } from './sums.js';

/** Above every character an account id may have. */
const AFTER_ANY = '\u007f';

type Summed = Readonly<{ chains: readonly Chain[]; sums: readonly Sums[] }>;

/**
 * Debits, credits and balance of every account that had moved as of then, and the totals per
 * currency. `prefix` narrows it to the accounts whose ids begin so.
 * @throws {QueryRefused} `known` lies in the future
 * @throws Error when the debits and credits of the whole ledger differ: the view is damaged
 */
export function trialBalance(
  parts: QueryParts,
  directory: ChainDirectory,
  asOf: AsOf,
  prefix?: string,
): Promise<TrialBalance> {
  return parts.views.snapshot(async (reader) => {
    const { cut, answered } = await cutOf(parts, reader, asOf);
    const codes = new Map((await allCodes(reader)).map((code) => [code.code, code]));
    const summed =
      prefix !== undefined
        ? await sumsBelow(reader, prefix, cut)
        : await sumsOfLedger(reader, directory, cut);
    const rows = rowsOf(summed, codes);
    const totals = totalsOf(rows);
    if (prefix === undefined) assertBalanced(totals);
    return { rows, totals, asOf: answered };
  });
}

async function sumsBelow(reader: ViewReader, prefix: string, cut: Cut): Promise<Summed> {
  const rows = await reader.scan(chainsTable, {
    index: 'account',
    prefix: [],
    from: [prefix],
    to: [prefix + AFTER_ANY],
    limit: ALL_ROWS,
  });
  const chains = rows.map(readChain);
  return { chains, sums: await sumsOfRows(reader, chains, cut) };
}

async function sumsOfLedger(
  reader: ViewReader,
  directory: ChainDirectory,
  cut: Cut,
): Promise<Summed> {
  if (cut.through === null && cut.position === (await ledgerCheckpoint(reader))) {
    // Everything, as known now: the chains' own totals, in the order of the index.
    return sumsBelow(reader, '', cut);
  }
  const { chains, prefixes } = await directory.all(reader);
  return { chains, sums: await sumsOfAll(reader, prefixes, cut) };
}

function rowsOf(
  { chains, sums }: Summed,
  codes: ReadonlyMap<string, AccountDefinition>,
): TrialBalance['rows'] {
  const rows: TrialBalance['rows'][number][] = [];
  for (let index = 0; index < chains.length; index++) {
    const chain = chains[index];
    const sum = sums[index] ?? NO_SUMS;
    if (chain === undefined || !isMoved(sum)) continue;
    const { account, currency } = chain;
    if (!isAccountId(account)) throw new Error(`${account} is no account id`);
    // A log of other hands may use a code it never declared: its money is shown all the same.
    const { name, type } = codes.get(codeOf(account)) ?? { name: '', type: 'memo' };
    rows.push({ account, name, type, ...balanceRow({ type }, currency, sum) });
  }
  return rows;
}

function totalsOf(rows: TrialBalance['rows']): TrialBalance['totals'] {
  const totals = new Map<string, { currency: string; debits: bigint; credits: bigint }>();
  for (const { currency, debits, credits } of rows) {
    const total = totals.get(currency);
    if (total === undefined) totals.set(currency, { currency, debits, credits });
    else {
      total.debits += debits;
      total.credits += credits;
    }
  }
  return [...totals.values()].sort((one, other) => (one.currency < other.currency ? -1 : 1));
}

function assertBalanced(totals: TrialBalance['totals']): void {
  for (const { currency, debits, credits } of totals) {
    if (debits !== credits) {
      throw new Error(`the books do not balance: ${debits} and ${credits} in ${currency}`);
    }
  }
}

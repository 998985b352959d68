import type { ViewReader } from '../../shared/ports/view-store.js';
import { chainsTable, readChain } from '../../shared/views/journal.js';
import { ALL_ROWS } from './parts.js';

/** What never changes about a chain. */
export type Chain = Readonly<{ chain: bigint; account: string; currency: string }>;

/** All chains in order of account, then currency, and the prefix `[chain]` of each. */
export type ChainList = Readonly<{
  chains: readonly Chain[];
  prefixes: readonly (readonly [bigint])[];
}>;

/**
 * Remembers which chains there are. They are numbered in log order and only ever added to, so
 * reading those not known yet brings the list up to date; sorting them anew for every trial balance
 * would cost more than the balance.
 */
export class ChainDirectory {
  private count = 0n;
  private list: ChainList = { chains: [], prefixes: [] };

  async all(reader: ViewReader): Promise<ChainList> {
    const range = { index: 'key', prefix: [], from: [this.count], limit: ALL_ROWS };
    const rows = await reader.scan(chainsTable, range);
    // Another question may have added some of them while this one was reading.
    const added = rows.map(readChain).filter(({ chain }) => chain >= this.count);
    if (added.length === 0) return this.list;
    this.count += BigInt(added.length);
    const chains = [
      ...this.list.chains,
      ...added.map(({ chain, account, currency }) => ({ chain, account, currency })),
    ].sort(byAccount);
    this.list = { chains, prefixes: chains.map(({ chain }) => [chain] as const) };
    return this.list;
  }
}

/** Account ids and currencies are ASCII, so the order of the texts is that of their bytes. */
function byAccount(one: Chain, other: Chain): number {
  if (one.account !== other.account) return one.account < other.account ? -1 : 1;
  return one.currency < other.currency ? -1 : 1;
}

import type { Side } from '../ledger/account.js';
import { isEntry, journalEntry, type JournalEntry, type LegInput } from '../ledger/entry.js';

const SIDES: Readonly<Record<string, Side>> = { debit: 'debit', credit: 'credit' };

/**
 * An entry as an accountant writes it, in won: `entryFrom('debit 1110:pg 700', 'credit 2010:s 700')`.
 * @throws Error when it is none
 */
export function entryFrom(...lines: readonly string[]): JournalEntry {
  const entry = journalEntry(lines.map(legFrom));
  if (!isEntry(entry)) throw new Error(entry.reason);
  return entry;
}

function legFrom(line: string): LegInput {
  const [word = '', account = '', amount = ''] = line.split(' ');
  const side = SIDES[word];
  if (side === undefined) throw new Error(`${line} is no leg`);
  return { account, side, amount: BigInt(amount), currency: 'KRW' };
}

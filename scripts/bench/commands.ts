import type { PostEntry } from '../../command-service/application/ledger.js';
import { formatDay, type Day } from '../../shared/ledger/day.js';
import { Random } from './random.js';
import { entryAt, type Workload } from './workload.js';

const MS_PER_DAY = 86_400_000;
/** Length of the history that is made. */
export const HISTORY_DAYS = 730;

/** The last day of the history: the day before yesterday, past in every time zone. */
export function lastHistoryDay(): number {
  return Math.floor(Date.now() / MS_PER_DAY) - 2;
}

/** Entry `n` of a workload as a command, on the day the ledger chooses or on another. */
export function commandAt(workload: Workload, n: number, effectiveDate?: Day): PostEntry {
  const { id, debit, credit, amount } = entryAt(workload, n);
  return {
    id,
    description: `order ${id}`,
    legs: [
      { account: debit, side: 'debit', amount: BigInt(amount), currency: 'KRW' },
      { account: credit, side: 'credit', amount: BigInt(amount), currency: 'KRW' },
    ],
    ...(effectiveDate === undefined ? {} : { effectiveDate }),
  };
}

/**
 * Two years of entries in order of date, `count` of them; every hundredth, if asked, on a day
 * anywhere before the one it is recorded among.
 */
export function historyOf(
  workload: Workload,
  count: number,
  backDated: boolean,
): (n: number) => PostEntry {
  const last = lastHistoryDay();
  return (n) => {
    const elapsed = Math.floor((n * HISTORY_DAYS) / count);
    const back = backDated && n % 100 === 99 ? new Random(n).below(elapsed + 1) : 0;
    return commandAt(workload, n, formatDay(last - HISTORY_DAYS + 1 + elapsed - back));
  };
}

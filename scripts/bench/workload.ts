import { Random } from './random.js';

/** A made-up but repeatable stream of two-leg entries. */
export type Workload = Readonly<{
  /** Begins the id of every entry, so that two workloads never share one. */
  tag: string;
  /** How many accounts the legs are spread over, half on each side. */
  accounts: number;
  /** An account that every entry debits, instead of a spread one. */
  hot?: string | undefined;
  /** Accounting day of every entry; default: left to the server. */
  effectiveDate?: string | undefined;
}>;

export type WorkloadEntry = Readonly<{
  id: string;
  debit: string;
  credit: string;
  amount: number;
}>;

/** Number `n` of the workload, the same whenever it is asked for. */
export function entryAt(workload: Workload, n: number): WorkloadEntry {
  const random = new Random(n * 2_654_435_761);
  const half = Math.max(1, Math.floor(workload.accounts / 2));
  return {
    id: `${workload.tag}-${n}`,
    debit: workload.hot ?? `1110:c${random.below(half)}`,
    credit: `2010:s${random.below(half)}`,
    amount: 1 + random.below(9_999),
  };
}

/** The JSON of one entry, as a body of its own or, with its id, as a part of a batch. */
export function entryJson(workload: Workload, n: number, withId: boolean): string {
  const { id, debit, credit, amount } = entryAt(workload, n);
  const head = withId ? `"id":"${id}",` : '';
  const day =
    workload.effectiveDate === undefined ? '' : `"effectiveDate":"${workload.effectiveDate}",`;
  const leg = (account: string, side: string): string =>
    `{"account":"${account}","side":"${side}","amount":"${amount}","currency":"KRW"}`;
  return (
    `{${head}${day}"description":"order ${id}",` +
    `"legs":[${leg(debit, 'debit')},${leg(credit, 'credit')}]}`
  );
}

/** What all amounts of the first `count` entries add up to: what the books must then show. */
export function totalOf(workload: Workload, count: number): bigint {
  let total = 0;
  for (let n = 0; n < count; n++) total += entryAt(workload, n).amount;
  return BigInt(total);
}

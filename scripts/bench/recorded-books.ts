import type { EventStore } from '../../shared/ports/event-store.js';
import { Fold, type FoldResult } from '../audit/fold.js';
import { same, type Check } from './report.js';
import { totalOf, type Workload } from './workload.js';

const PAGE = 10_000;

/** What a log must hold of the loads that were put on it. */
export class Expected {
  #entries = 0;
  #amount = 0n;

  add(workload: Workload, entries: number): void {
    this.#entries += entries;
    this.#amount += totalOf(workload, entries);
  }

  /**
   * Folds the log: every entry in it once, and the books balanced.
   * @param after where the log ended before the loads
   */
  async checks(by: string, log: EventStore, after: bigint): Promise<readonly Check[]> {
    const { fold, ids } = await foldLog(log, after);
    const { debits, credits } = totals(fold);
    return [
      same(`${by}: entries in the log`, fold.entries, this.#entries),
      same(`${by}: different events in the log`, ids, fold.events),
      same(`${by}: debits in the log`, debits, this.#amount),
      same(`${by}: credits in the log`, credits, debits),
    ];
  }
}

/**
 * The auditor's fold of a log, wherever it is, and how many different event ids there are.
 * @throws {AuditFailed} an event cannot be read, or its entry does not balance
 */
export async function foldLog(
  log: EventStore,
  after: bigint,
): Promise<Readonly<{ fold: FoldResult; ids: number }>> {
  const fold = new Fold();
  const ids = new Set<string>();
  for (let position = after; ;) {
    const events = await log.readAll(position, PAGE);
    for (const event of events) {
      fold.add({ ...event, position: Number(event.position) });
      ids.add(event.eventId);
      position = event.position;
    }
    if (events.length < PAGE) return { fold: fold.result(), ids: ids.size };
  }
}

function totals({ sums }: FoldResult): Readonly<{ debits: bigint; credits: bigint }> {
  let debits = 0n;
  let credits = 0n;
  for (const currencies of sums.values()) {
    const sum = currencies.get('KRW');
    debits += sum?.debits ?? 0n;
    credits += sum?.credits ?? 0n;
  }
  return { debits, credits };
}

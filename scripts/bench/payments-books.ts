import { join } from 'node:path';
import { z } from 'zod';
import { readRawRows } from '../../shared/adapters/sqlite/event-raw.js';
import { openSimulator } from '../../shared/adapters/simulator/simulator.js';
import { FileLog } from '../audit/file-log.js';
import { replay } from '../audit/replay.js';
import type { Totals } from './api.js';
import type { PaymentsResult } from './payments-load.js';
import { same, type Check } from './report.js';

const RECEIVABLE = '1110:simulator';

/** What the gateway did, by our own reference. */
type Done = ReadonlyMap<string, string>;

/** What was acknowledged to the callers, in minor units. */
export class Acknowledged {
  payments = 0;
  captured = 0;
  refunded = 0;
  #missing = 0;

  /** Adds a load of so many payments. */
  add(count: number, { authorize, capture, refund }: PaymentsResult): void {
    this.payments += count;
    this.captured += capture.amount;
    this.refunded += refund?.amount ?? 0;
    const refunds = refund === undefined ? 0 : count - refund.done;
    this.#missing += count - authorize.done + (count - capture.done) + refunds;
  }

  check(): Check {
    return same(`commands of ${this.payments} payments not acknowledged`, this.#missing, 0);
  }
}

/**
 * Whether the books, the gateway's own records and what callers were told are the same, to the unit.
 * To be asked when the server has left: everything is read from its folder.
 * @param views what the views showed at the end, where there were any
 */
export async function checkBooks(
  folder: string,
  told: Acknowledged,
  views: Pick<Totals, 'debits' | 'credits'> | undefined,
): Promise<readonly Check[]> {
  const books = outcomesOf(folder);
  const records = recordsOf(folder);
  const { rows, totals } = await replay(new FileLog(folder, BigInt(books.events)));
  const [krw] = totals.filter(({ currency }) => currency === 'KRW');
  const debits = krw?.debits ?? 0n;
  const receivable = rows.find(({ account }) => account === RECEIVABLE);
  const left = (receivable?.debits ?? 0n) - (receivable?.credits ?? 0n);
  const equal = [...books.done].filter(([id, what]) => records.get(id) === what).length;
  return [
    told.check(),
    same('debits of the trial balance against credits', debits, krw?.credits ?? -1n),
    ...(views === undefined
      ? []
      : [
          same('debits in the views', views.debits, debits),
          same('credits in the views', views.credits, debits),
        ]),
    same(`${RECEIVABLE}: captured less refunded`, left, BigInt(told.captured - told.refunded)),
    {
      what: 'operations in the books and in the gateway’s own records, equal',
      held: equal === records.size && equal === books.done.size && equal > 0,
      seen: `${equal} of ${books.done.size} and ${records.size}`,
    },
    same('operations without an outcome', books.open, 0),
  ];
}

const outcome = z.object({ operation: z.string(), amount: z.string() });

const STARTED = new Set(['AttemptStarted', 'CaptureStarted', 'VoidStarted', 'RefundRequested']);
const DONE: Readonly<Record<string, string>> = {
  PaymentAuthorized: 'authorize',
  PaymentCaptured: 'capture',
  RefundSucceeded: 'refund',
};

/** What the log says was done; how many operations it says nothing of; and its length. */
function outcomesOf(folder: string): Readonly<{ done: Done; open: number; events: number }> {
  const done = new Map<string, string>();
  let started = 0;
  let events = 0;
  for (const rows of readRawRows(folder, 0, Number.MAX_SAFE_INTEGER)) {
    events += rows.length;
    for (const [, , type, , data] of rows) {
      if (STARTED.has(type)) started++;
      const kind = DONE[type];
      if (kind === undefined) continue;
      const { operation, amount } = outcome.parse(JSON.parse(data));
      done.set(operation, `${kind} ${amount}`);
    }
  }
  return { done, open: started - done.size, events };
}

/** What the simulator did, as it remembers it. */
function recordsOf(folder: string): Done {
  const simulator = openSimulator({ file: join(folder, 'gateway-simulator.db'), clock: Date.now });
  const done = new Map<string, string>();
  for (const { reference, kind, amount, decline } of simulator.records()) {
    if (decline === undefined) done.set(reference, `${kind} ${amount}`);
  }
  void simulator.close();
  return done;
}

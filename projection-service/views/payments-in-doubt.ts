import type { PaymentEvent } from '../../shared/events/payment.js';
import { operationOf, type Operation } from '../../shared/payments/payment.js';
import type { Row, ViewBatch, ViewReader } from '../../shared/ports/view-store.js';
import {
  doubtRow,
  doubtsTable,
  doubtTotalRow,
  doubtTotalsTable,
  readDoubtTotal,
  type DoubtTotal,
  type PaymentRow,
} from '../../shared/views/payments.js';

/** More than there are currencies. */
const ALL_CURRENCIES = 1_000;

/** What is in doubt per currency, read once and then kept. */
export class DoubtTotals {
  private byCurrency: Map<string, DoubtTotal> | undefined;

  constructor(private readonly reader: ViewReader) {}

  async loaded(): Promise<Map<string, DoubtTotal>> {
    this.byCurrency ??= await this.read();
    return this.byCurrency;
  }

  private async read(): Promise<Map<string, DoubtTotal>> {
    const range = { index: 'key', prefix: [], limit: ALL_CURRENCIES };
    const totals = (await this.reader.scan(doubtTotalsTable, range)).map(readDoubtTotal);
    return new Map(totals.map((total) => [total.currency, total]));
  }
}

/**
 * Collects what one batch changes of what is in doubt. A doubt that arises and is resolved within
 * the batch is written all the same: elsewhere a batch may end between the two.
 */
export class DoubtWriter {
  private readonly rows = new Map<string, Row>();
  private readonly changed = new Set<string>();

  constructor(private readonly totals: Map<string, DoubtTotal>) {}

  /** Takes note of an event of a payment, which was `before` and is `after`. */
  note(before: PaymentRow | undefined, after: PaymentRow, { data }: PaymentEvent): void {
    if (before === undefined || !('operation' in data)) return;
    const was = inDoubt(before, data.operation);
    const is = inDoubt(after, data.operation);
    const operation = is ?? was;
    if (operation === undefined) return;
    const row = doubtRow(after, operation, is !== undefined);
    this.rows.set(`${after.createdPosition} ${operation.id}`, row);
    this.add(after.payment.currency, {
      amount: (is?.amount ?? 0n) - (was?.amount ?? 0n),
      count: (is === undefined ? 0n : 1n) - (was === undefined ? 0n : 1n),
    });
  }

  puts(): ViewBatch['puts'] {
    if (this.rows.size === 0) return [];
    const totals = [...this.totals.values()].filter(({ currency }) => this.changed.has(currency));
    return [
      { table: doubtsTable, rows: [...this.rows.values()] },
      { table: doubtTotalsTable, rows: totals.map(doubtTotalRow) },
    ];
  }

  private add(currency: string, { amount, count }: Omit<DoubtTotal, 'currency'>): void {
    const total = this.totals.get(currency) ?? { currency, amount: 0n, count: 0n };
    this.totals.set(currency, {
      currency,
      amount: total.amount + amount,
      count: total.count + count,
    });
    this.changed.add(currency);
  }
}

function inDoubt({ payment }: PaymentRow, id: string): Operation | undefined {
  const operation = operationOf(payment, id);
  return operation?.status === 'unknown' ? operation : undefined;
}

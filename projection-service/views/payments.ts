import type { DecodedEvent } from '../../shared/events/codec.js';
import { isPaymentEvent } from '../../shared/events/payment.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type Payment,
  type RecordedPaymentEvent,
} from '../../shared/payments/payment.js';
import { paymentIdOf } from '../../shared/payments/stream.js';
import type { ViewBatch, ViewReader } from '../../shared/ports/view-store.js';
import {
  doubtsTable,
  doubtTotalsTable,
  paymentRow,
  PAYMENTS_VIEW,
  paymentsTable,
  readPayment,
  type PaymentRow,
} from '../../shared/views/payments.js';
import type { View, ViewFold } from '../view.js';
import { Generations } from './generations.js';
import { DoubtTotals, DoubtWriter } from './payments-in-doubt.js';

/**
 * Payments remembered between batches, by last use. Most of what happens to a payment happens to it
 * while it is young; a later refund costs a look at its row.
 */
const REMEMBERED = 5_000;

const LAST_POSITION = 2n ** 63n - 1n;

/**
 * Every payment as it is now, and what is in doubt.
 * @param zone IANA name of the zone in which accounting days begin and end
 */
export function paymentsView(zone: string): View {
  return {
    name: PAYMENTS_VIEW,
    tables: [paymentsTable, doubtsTable, doubtTotalsTable],
    undecodable: 'park',
    open: (reader) => new PaymentsFold(reader, zone),
  };
}

/** An event of a payment, and whose it is. */
type Own = Readonly<{ id: string; recorded: RecordedPaymentEvent }>;

class PaymentsFold implements ViewFold {
  private readonly rows = new Generations<PaymentRow>(REMEMBERED);
  private readonly totals: DoubtTotals;

  constructor(
    private readonly reader: ViewReader,
    private readonly zone: string,
  ) {
    this.totals = new DoubtTotals(reader);
  }

  async fold(events: readonly DecodedEvent[]): Promise<ViewBatch['puts']> {
    const own = ownOf(events);
    if (own.length === 0) return [];
    await this.load(own);
    const doubts = new DoubtWriter(await this.totals.loaded());
    const changed = new Map<string, PaymentRow>();
    for (const { id, recorded } of own) {
      const before = this.rows.get(id);
      const after = this.evolve(id, before, recorded);
      if (after === undefined) continue;
      this.rows.set(id, after);
      changed.set(id, after);
      doubts.note(before, after, recorded.event);
    }
    return [
      { table: paymentsTable, rows: [...changed.values()].map(paymentRow) },
      ...doubts.puts(),
    ];
  }

  /** Reads every stored payment that these events go on with and that is not in memory. */
  private async load(own: readonly Own[]): Promise<void> {
    this.rows.beginBatch();
    const missing = new Set<string>();
    for (const { id, recorded } of own) {
      // Opened in this batch: there is nothing to read.
      if (recorded.revision === 0n || this.rows.get(id) !== undefined) continue;
      missing.add(id);
    }
    if (missing.size === 0) return;
    const prefixes = [...missing].map((id) => [id]);
    const found = await this.reader.lastOfEach(paymentsTable, 'id', prefixes, LAST_POSITION);
    for (const row of found) {
      if (row === undefined) continue;
      const stored = readPayment(row);
      this.rows.set(stored.payment.id, stored);
    }
  }

  /** Undefined: the stream was closed before there was a payment. */
  private evolve(
    id: string,
    before: PaymentRow | undefined,
    recorded: RecordedPaymentEvent,
  ): PaymentRow | undefined {
    const { revision, position, recordedAt, event } = recorded;
    // An abandoned stream leaves no row, so that what must not follow it is told by its place.
    if (before === undefined && revision !== 0n) {
      throw new Error(`${event.type} at revision ${revision} of a payment that is not there`);
    }
    const payment = evolvePayment(before?.payment ?? NO_PAYMENT, recorded);
    if (payment.kind !== 'payment') return undefined;
    if (before !== undefined) return { ...before, payment };
    return {
      createdPosition: position,
      createdDay: BigInt(ledgerDay(recordedAt, this.zone)),
      payment: named(payment, id),
    };
  }
}

function ownOf(events: readonly DecodedEvent[]): readonly Own[] {
  const own: Own[] = [];
  for (const decoded of events) {
    if (!isPaymentEvent(decoded.event)) continue;
    own.push({ id: paymentIdOf(decoded.stream), recorded: paymentEventOf(decoded) });
  }
  return own;
}

function named(payment: Payment, id: string): Payment {
  if (payment.id === id) return payment;
  throw new Error(`payment ${payment.id} is in the stream of ${id}`);
}

import { decodeEvent } from '../../shared/events/codec.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { isOpen } from '../../shared/payments/amounts.js';
import {
  evolvePayment,
  NO_PAYMENT,
  operationOf,
  paymentEventOf,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import { readRecorded } from './account-states.js';
import type { Folded } from './handle.js';
import { paymentStream } from './payment-watch.js';
import { Remembered } from './remembered.js';

export type FoldedPayment = Folded<PaymentStream>;

const NOTHING: FoldedPayment = { state: NO_PAYMENT, revision: -1n };

/** Folded payment streams, the most recently used ones remembered. */
export class PaymentStates {
  readonly #states: Remembered<string, PaymentStream>;

  constructor(
    readonly store: EventStore,
    capacity: number,
  ) {
    this.#states = new Remembered(capacity);
  }

  /** As remembered; undefined when it is not. */
  remembered(id: string): FoldedPayment | undefined {
    return this.#states.get(id);
  }

  /** As it is in the log now. */
  async read(id: string): Promise<FoldedPayment> {
    return this.refresh(id, this.#states.get(id) ?? NOTHING);
  }

  /** Folds what was appended since, and remembers the new state. */
  async refresh(id: string, folded: FoldedPayment): Promise<FoldedPayment> {
    let { state, revision } = folded;
    for await (const recorded of readRecorded(this.store, paymentStream(id), revision + 1n)) {
      state = evolvePayment(state, paymentEventOf(decodeEvent(recorded)));
      revision = recorded.revision;
    }
    const result = { state, revision };
    if (revision >= 0n) this.remember(id, result);
    return result;
  }

  /**
   * As it was right after the first outcome of an operation, whatever was learned later: what its
   * caller was told then, and is told for ever.
   */
  async answered(id: string, operation: string): Promise<PaymentStream> {
    let state = NO_PAYMENT;
    for await (const recorded of readRecorded(this.store, paymentStream(id), 0n)) {
      state = evolvePayment(state, paymentEventOf(decodeEvent(recorded)));
      if (state.kind === 'payment' && hasOutcome(state, operation)) return state;
    }
    return state;
  }

  remember(id: string, folded: FoldedPayment): void {
    this.#states.set(id, folded);
  }

  get size(): number {
    return this.#states.size;
  }
}

function hasOutcome(payment: Payment, id: string): boolean {
  const operation = operationOf(payment, id);
  if (operation === undefined || isOpen(operation)) return false;
  // What is captured with the authorisation is two events of one append.
  const withCapture = operation.kind === 'attempt' && payment.capture === 'auto';
  return operation.status === 'failed' || !withCapture || payment.captured > 0n;
}

import { isDeepStrictEqual } from 'node:util';
import { decodeEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import { isPaymentEvent } from '../../shared/events/payment.js';
import {
  inDoubt,
  isLive,
  isOpen,
  pendingOf,
  statusOf,
  uncaptured,
  type PaymentStatus,
} from '../../shared/payments/amounts.js';
import {
  evolvePayment,
  NO_PAYMENT,
  operationOf,
  paymentEventOf,
  type Operation,
  type OperationStatus,
  type Payment,
  type PaymentStream,
  type RecordedPaymentEvent,
} from '../../shared/payments/payment.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import type { PaymentAnswer } from '../application/payments.js';
import { reversalOf } from '../domain/outcome.js';
import type { FakeGateway } from './fake-gateway.js';

type Status = OperationStatus | 'none';

/** What an operation may be before an event about it. */
const BEFORE: Readonly<Record<string, readonly Status[]>> = {
  AttemptStarted: ['none'],
  CaptureStarted: ['none'],
  VoidStarted: ['none'],
  RefundRequested: ['none'],
  // From `failed`: the truth that came late. From `done`: captured with the authorisation.
  PaymentAuthorized: ['started', 'unknown', 'failed'],
  PaymentCaptured: ['started', 'unknown', 'failed', 'done'],
  PaymentVoided: ['started', 'unknown', 'failed'],
  RefundSucceeded: ['started', 'unknown', 'failed'],
  AttemptDeclined: ['started', 'unknown'],
  CaptureFailed: ['started', 'unknown'],
  VoidFailed: ['started', 'unknown'],
  RefundFailed: ['started', 'unknown'],
  OutcomeUnknown: ['started', 'unknown'],
  OutcomeNotFound: ['started', 'unknown'],
  AnswerContradicted: ['done', 'failed'],
};

/** Where a payment may go from where it stands. */
const AFTER: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  AUTHORIZING: ['AUTHORIZED', 'DECLINED'],
  DECLINED: ['AUTHORIZED'],
  AUTHORIZED: ['PARTIALLY_CAPTURED', 'CAPTURED', 'VOIDED', 'EXPIRED'],
  PARTIALLY_CAPTURED: ['CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
  CAPTURED: ['PARTIALLY_REFUNDED', 'REFUNDED'],
  PARTIALLY_REFUNDED: ['REFUNDED'],
  // What was left of the authorisation is captured after what had been captured was given back.
  REFUNDED: ['PARTIALLY_REFUNDED'],
  VOIDED: [],
  EXPIRED: [],
};

/** What the raw log says about payments, and what of it must not be. */
export class PaymentAudit {
  /** What does not hold: nothing, or the log is wrong. */
  readonly faults: string[] = [];
  readonly #streams = new Map<string, PaymentStream>();
  readonly #history = new Map<string, Payment[]>();
  readonly #eventIds = new Set<string>();
  readonly #commandIds = new Set<string>();
  readonly #orders = new Map<string, Set<string>>();
  readonly #book = new Map<string, bigint>();

  constructor(log: readonly RecordedEvent[]) {
    for (const recorded of log) this.#take(recorded);
    const total = [...this.#book.values()].reduce((sum, balance) => sum + balance, 0n);
    if (total !== 0n) this.faults.push(`the book sums to ${total}`);
  }

  get payments(): readonly Payment[] {
    return [...this.#streams.values()].filter((state) => state.kind === 'payment');
  }

  payment(id: string): Payment {
    const state = this.#streams.get(id);
    if (state?.kind !== 'payment') throw new Error(`no payment ${id} in the log`);
    return state;
  }

  /** Debits less credits of an account. */
  balance(account: string): bigint {
    return this.#book.get(account) ?? 0n;
  }

  /** Operations whose outcome is not known. */
  get open(): readonly string[] {
    return this.payments.flatMap(({ operations }) =>
      operations.filter(isOpen).map(({ id, status }) => `${id} ${status}`),
    );
  }

  get inDoubt(): bigint {
    return this.payments.reduce((sum, payment) => sum + inDoubt(payment), 0n);
  }

  /** What was acknowledged is in the log, at the revision that was acknowledged (I1). */
  acknowledged(answers: readonly PaymentAnswer[]): void {
    for (const answer of answers) {
      if (answer.kind === 'refused' || answer.kind === 'mismatch') continue;
      const { id, revision } = answer.payment;
      const stored = this.#history.get(id)?.find((each) => each.revision === revision);
      if (isDeepStrictEqual(stored, answer.payment)) continue;
      this.faults.push(`payment ${id} was answered as it never was at revision ${revision}`);
    }
  }

  /** With nothing in doubt, the gateway has what the books have, to the unit. */
  agreesWith(gateway: FakeGateway): void {
    for (const payment of this.payments) {
      const { id, authorized, captured, voided, expired, refunded } = payment;
      const books = { authorized, captured, voided, expired, refunded };
      const truth = gateway.truth(id);
      if (isDeepStrictEqual(books, truth)) continue;
      this.faults.push(`payment ${id}: books ${words(books)}, the gateway ${words(truth)}`);
    }
    for (const { reference, paymentId } of gateway.calls) {
      const state = this.#streams.get(paymentId);
      if (state?.kind !== 'payment' || operationOf(state, reference) === undefined) {
        this.faults.push(`${reference} was asked of the gateway and is not in the log`);
      }
    }
  }

  #take(recorded: RecordedEvent): void {
    const { eventId, stream } = recorded;
    if (this.#eventIds.has(eventId)) this.faults.push(`event ${eventId} is there twice`);
    this.#eventIds.add(eventId);
    const decoded = decodeEvent(recorded);
    for (const { account, side, amount } of entryOf(decoded.event)?.legs ?? []) {
      this.#book.set(account, this.balance(account) + (side === 'debit' ? amount : -amount));
    }
    if (!isPaymentEvent(decoded.event)) return;
    const id = stream.slice('payment-'.length);
    const before = this.#streams.get(id) ?? NO_PAYMENT;
    const payment = paymentEventOf(decoded);
    const after = evolvePayment(before, payment);
    this.#streams.set(id, after);
    this.#checkEvent(before, payment);
    this.#checkEntry(before, after, payment);
    if (after.kind !== 'payment') return;
    this.#history.set(id, [...(this.#history.get(id) ?? []), after]);
    this.#checkPayment(before, after);
    this.#checkOrder(after);
  }

  /** Only legal steps (I8); no command has two effects (I2); every effect has its cause. */
  #checkEvent(before: PaymentStream, payment: RecordedPaymentEvent): void {
    const { event, metadata } = payment;
    if (before.kind !== 'payment' || !('operation' in event.data)) return;
    const { operation: id } = event.data;
    const operation = operationOf(before, id);
    const status = operation?.status ?? 'none';
    if (BEFORE[event.type]?.includes(status) !== true) this.#fault(before, event.type, status);
    if (event.type === 'OutcomeNotFound' && operation?.notFound === true) {
      this.#fault(before, event.type, 'twice');
    }
    if (metadata.effectiveDate < before.day) this.#fault(before, event.type, 'an earlier day');
    if (operation === undefined) this.#checkIntent(before, payment, id);
    else this.#checkOutcome(before, payment, operation);
  }

  #checkIntent(before: Payment, { event, metadata }: RecordedPaymentEvent, id: string): void {
    // The reversal of what came too late is an effect of the attempt's command.
    const { commandId } = metadata;
    const isSecond = this.#commandIds.has(commandId) && id !== reversalOf(before.id);
    if (isSecond) this.#fault(before, event.type, `a second effect of ${commandId}`);
    this.#commandIds.add(commandId);
  }

  #checkOutcome(
    before: Payment,
    payment: RecordedPaymentEvent,
    { correlationId }: Operation,
  ): void {
    const { event, metadata, eventId } = payment;
    const byHand = 'by' in event.data && event.data.by === 'operator';
    if (metadata.correlationId !== correlationId && !byHand) {
      this.#fault(before, event.type, `of correlation ${metadata.correlationId}`);
    }
    if (!this.#eventIds.has(metadata.causationId) || metadata.causationId === eventId) {
      this.#fault(before, event.type, 'without a cause in the log');
    }
  }

  /** An event's entry is exactly what its amounts say (I3). */
  #checkEntry(before: PaymentStream, after: PaymentStream, recorded: RecordedPaymentEvent): void {
    const change = new Map<string, bigint>();
    const add = (account: string, amount: bigint) =>
      change.set(account, (change.get(account) ?? 0n) + amount);
    for (const { account, side, amount } of entryOf(recorded.event)?.legs ?? []) {
      add(account, side === 'debit' ? -amount : amount);
    }
    for (const [account, balance] of standing(after)) add(account, balance);
    for (const [account, balance] of standing(before)) add(account, -balance);
    for (const [account, left] of change) {
      if (left !== 0n) this.faults.push(`${recorded.event.type}: ${account} is off by ${left}`);
    }
  }

  /** Caps (I7) and the states in their order (I8). */
  #checkPayment(before: PaymentStream, after: Payment): void {
    const { requested, authorized, captured, voided, expired, refunded } = after;
    const holds =
      authorized <= requested &&
      captured + voided + expired + pendingOf(after, 'capture') <= authorized &&
      refunded + pendingOf(after, 'refund') <= captured;
    if (!holds) this.#fault(after, 'caps', words({ authorized, captured, voided, refunded }));
    if (before.kind !== 'payment') return;
    const [from, to] = [statusOf(before), statusOf(after)];
    if (from !== to && !AFTER[from].includes(to)) this.#fault(after, from, to);
  }

  /** One live payment for an order, apart from one that came too late and is being undone. */
  #checkOrder(payment: Payment): void {
    const order = `${payment.merchant}/${payment.orderId}`;
    const live = this.#orders.get(order) ?? new Set();
    this.#orders.set(order, live);
    const undone = operationOf(payment, reversalOf(payment.id)) !== undefined;
    const late = payment.operations[0]?.status === 'failed';
    if (isLive(payment) && !undone && !late) live.add(payment.id);
    else live.delete(payment.id);
    // An authorisation that came late is live for one event, until the intent to undo it.
    if (live.size > 1 && payment.authorized === 0n) {
      this.#fault(payment, order, `live: ${[...live].join(', ')}`);
    }
  }

  #fault({ id }: Payment, ...what: readonly string[]): void {
    this.faults.push(`payment ${id}: ${what.join(', ')}`);
  }
}

/** What a payment's amounts say stands on the accounts, debits less credits. */
function standing(state: PaymentStream): readonly (readonly [string, bigint])[] {
  if (state.kind !== 'payment') return [];
  const { gateway, sellerId, captured, refunded } = state;
  const pending = pendingOf(state, 'refund');
  return [
    [`9010:${gateway}`, uncaptured(state)],
    [`9011:${gateway}`, -uncaptured(state)],
    [`1110:${gateway}`, captured - refunded],
    [`2010:${sellerId}`, refunded + pending - captured],
    [`2130:${sellerId}`, -pending],
  ];
}

function words(amounts: Readonly<Record<string, bigint>>): string {
  return Object.entries(amounts)
    .map(([name, amount]) => `${name} ${amount}`)
    .join(' ');
}

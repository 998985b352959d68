import { asPaymentEvent, type PaymentLogEvent } from './payment-event.js';
import type { LogEvent } from './log-event.js';
import {
  amountsOf,
  isOpen,
  left,
  pending,
  type BookOperation,
  type BookPayment,
  type OperationKind,
} from './payment-amounts.js';
import { isLive, whyNot } from './payment-rules.js';

/** What the events that speak of one operation do to it. */
const OPERATION_EVENTS: ReadonlyMap<
  string,
  Readonly<{ kind: OperationKind; does: 'starts' | 'succeeds' | 'fails' }>
> = new Map([
  ['AttemptStarted', { kind: 'attempt', does: 'starts' }],
  ['PaymentAuthorized', { kind: 'attempt', does: 'succeeds' }],
  ['AttemptDeclined', { kind: 'attempt', does: 'fails' }],
  ['CaptureStarted', { kind: 'capture', does: 'starts' }],
  ['PaymentCaptured', { kind: 'capture', does: 'succeeds' }],
  ['CaptureFailed', { kind: 'capture', does: 'fails' }],
  ['VoidStarted', { kind: 'void', does: 'starts' }],
  ['PaymentVoided', { kind: 'void', does: 'succeeds' }],
  ['VoidFailed', { kind: 'void', does: 'fails' }],
  ['RefundRequested', { kind: 'refund', does: 'starts' }],
  ['RefundSucceeded', { kind: 'refund', does: 'succeeds' }],
  ['RefundFailed', { kind: 'refund', does: 'fails' }],
]);

/**
 * Payments folded from their raw events, with the rules of a payment written down once more: which
 * event may follow which, and the caps. It shares nothing with the program that it judges.
 */
export class PaymentBook {
  readonly #payments = new Map<string, BookPayment>();
  readonly #operations = new Map<string, BookOperation>();
  readonly #orders = new Map<string, BookPayment[]>();
  readonly #abandoned = new Set<string>();
  readonly #problems: string[] = [];

  /** Takes events in log order. Those of other streams are left alone. */
  see(events: readonly LogEvent[]): void {
    for (const each of events) {
      const event = asPaymentEvent(each);
      if (event !== undefined) this.#see(event);
    }
  }

  get payments(): ReadonlyMap<string, BookPayment> {
    return this.#payments;
  }

  get operations(): ReadonlyMap<string, BookOperation> {
    return this.#operations;
  }

  /** Operations without an outcome. */
  open(): readonly BookOperation[] {
    return [...this.#operations.values()].filter(isOpen);
  }

  /** Everything that no payment may do, in plain words. Empty: all is well. */
  problems(): readonly string[] {
    const forgotten = [...this.#payments.values()]
      .filter(({ id, late }) => late && !this.#operations.has(`${id}-reversal`))
      .map(({ id }) => `${id}: authorised after it was given up, and nothing undoes it`);
    return [...this.#problems, ...forgotten];
  }

  #see(event: PaymentLogEvent): void {
    const { payment: id, type } = event;
    const payment = this.#payments.get(id);
    if (type === 'PaymentAbandoned') {
      this.#rule(event, payment === undefined, 'there was a payment');
      this.#abandoned.add(id);
    } else if (type === 'PaymentRequested') {
      this.#rule(event, payment === undefined && !this.#abandoned.has(id), 'it was there before');
      this.#request(event);
    } else if (payment === undefined) {
      this.#rule(event, false, 'nothing was requested');
    } else {
      this.#apply(payment, event);
      this.#place(payment, event);
    }
  }

  #request(event: PaymentLogEvent): void {
    const { payment: id, actor, data } = event;
    const { orderId = '', sellerId = '', currency = '', amount = 0n, capture } = data;
    const order = `${actor}/${orderId}`;
    const others = this.#orders.get(order) ?? [];
    for (const other of others) {
      this.#rule(event, !isLive(other), `order ${orderId} had the live payment ${other.id}`);
    }
    const payment: BookPayment = {
      id,
      orderId,
      sellerId,
      currency,
      requested: amount,
      auto: capture === 'auto',
      authorized: 0n,
      captured: 0n,
      voided: 0n,
      expired: 0n,
      refunded: 0n,
      late: false,
      operations: [],
      places: [],
    };
    this.#payments.set(id, payment);
    this.#orders.set(order, [...others, payment]);
    this.#place(payment, event);
  }

  #apply(payment: BookPayment, event: PaymentLogEvent): void {
    const { type, data } = event;
    if (type === 'AuthorizationExpired') {
      this.#expire(payment, event);
      return;
    }
    const known = this.#operations.get(data.operation ?? '');
    const does = OPERATION_EVENTS.get(type);
    if (does?.does === 'starts') {
      this.#start(payment, does.kind, event);
    } else if (known === undefined || !payment.operations.includes(known)) {
      this.#rule(event, false, `it has no operation ${data.operation ?? ''}`);
    } else if (does === undefined) {
      this.#doubt(known, event);
    } else {
      const both = type === 'PaymentCaptured' && payment.auto && known.kind === 'attempt';
      this.#rule(event, both || known.kind === does.kind, `${known.id} is of kind ${known.kind}`);
      if (does.does === 'fails') this.#fail(known, event);
      else if (both) this.#captureToo(payment, known, event);
      else this.#succeed(payment, known, event);
    }
    this.#caps(payment, event);
  }

  #start(payment: BookPayment, kind: OperationKind, event: PaymentLogEvent): void {
    const { operation: id = '', amount = 0n } = event.data;
    this.#rule(event, !this.#operations.has(id), `operation ${id} was started before`);
    const why = whyNot(payment, kind, amount);
    this.#rule(event, why === undefined, why ?? '');
    const operation: BookOperation = {
      id,
      kind,
      payment: payment.id,
      amount,
      startedAt: event.recordedAt,
      status: 'started',
      notFound: false,
      givenUp: false,
    };
    this.#operations.set(id, operation);
    payment.operations.push(operation);
  }

  #succeed(payment: BookPayment, operation: BookOperation, event: PaymentLogEvent): void {
    const { amount } = operation;
    // What was told to have failed is done only if it had merely been given up, or if it was asked.
    const wasFailed = operation.status === 'failed';
    const late = wasFailed && (operation.givenUp || event.data.by === 'inquiry');
    this.#rule(event, isOpen(operation) || late, `${operation.id} was ${operation.status}`);
    this.#rule(event, event.data.amount === amount, `${operation.id} was for ${amount}`);
    operation.status = 'succeeded';
    switch (operation.kind) {
      case 'attempt':
        payment.authorized += amount;
        payment.late ||= wasFailed;
        return;
      case 'capture':
        payment.captured += amount;
        return;
      case 'void':
        payment.voided += amount;
        return;
      case 'refund':
        payment.refunded += amount;
    }
  }

  /** The second event of an authorisation that captures. */
  #captureToo(payment: BookPayment, attempt: BookOperation, event: PaymentLogEvent): void {
    const previous = payment.places.at(-1);
    const follows = previous?.type === 'PaymentAuthorized' && previous.operation === attempt.id;
    this.#rule(event, follows, 'it does not follow the authorisation');
    payment.captured += attempt.amount;
  }

  #fail(operation: BookOperation, event: PaymentLogEvent): void {
    const { failure, by, decline } = event.data;
    this.#rule(event, isOpen(operation), `${operation.id} was ${operation.status}`);
    operation.givenUp = failure === 'not-processed';
    if (operation.givenUp && by === 'inquiry' && decline?.pgCode !== 'EXPIRED') {
      this.#rule(event, operation.notFound, 'the gateway did not know it only once');
    }
    operation.status = 'failed';
  }

  #doubt(operation: BookOperation, event: PaymentLogEvent): void {
    const { id, status, notFound } = operation;
    switch (event.type) {
      case 'OutcomeUnknown': {
        const again = status === 'unknown' && event.data.reason === 'mismatch';
        this.#rule(event, status === 'started' || again, `${id} was ${status}`);
        operation.status = 'unknown';
        return;
      }
      case 'OutcomeNotFound':
        this.#rule(event, status === 'unknown' && !notFound, `${id} was ${status}`);
        operation.notFound = true;
        return;
      case 'AnswerContradicted':
        this.#rule(event, !isOpen(operation), `${id} was ${status}`);
        return;
      default:
        this.#rule(event, false, 'no payment has such an event');
    }
  }

  #expire(payment: BookPayment, event: PaymentLogEvent): void {
    const { amount = 0n } = event.data;
    const idle = pending(payment, 'capture') === 0n && pending(payment, 'void') === 0n;
    this.#rule(event, idle && amount > 0n && amount === left(payment), 'not what was left');
    payment.expired += amount;
    this.#caps(payment, event);
  }

  #caps(payment: BookPayment, event: PaymentLogEvent): void {
    const { requested, authorized, captured, refunded } = payment;
    this.#rule(event, authorized <= requested, 'more authorised than was asked for');
    this.#rule(
      event,
      left(payment) >= pending(payment, 'capture'),
      'more captured than authorised',
    );
    const given = refunded + pending(payment, 'refund');
    this.#rule(event, given <= captured, `${given} refunded or reserved of ${captured} captured`);
  }

  #place(payment: BookPayment, { position, type, data, revision }: PaymentLogEvent): void {
    const { operation } = data;
    if (revision !== String(payment.places.length)) {
      this.#problems.push(`${payment.id}: revision ${revision} is at ${payment.places.length}`);
    }
    const statuses = new Map(payment.operations.map((one) => [one.id, one.status]));
    payment.places.push({
      position,
      type,
      statuses,
      amounts: amountsOf(payment),
      ...(operation === undefined ? {} : { operation }),
    });
  }

  #rule({ payment, revision, type }: PaymentLogEvent, holds: boolean, why: string): void {
    if (!holds) this.#problems.push(`${type} in ${payment} at ${revision}: ${why}`);
  }
}

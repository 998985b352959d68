import { encodeData, encodeMetadata, type DecodedEvent } from '../events/codec.js';
import type { CaptureMode, FailureKind, PaymentEvent, UnknownReason } from '../events/payment.js';
import type { EventMetadata } from '../events/event.js';
import { isCurrency, type Currency } from '../ledger/currency.js';
import { formatDay } from '../ledger/day.js';
import { ledgerDay } from '../ledger/zone.js';
import { capturable, isOpen, refundable, uncaptured } from '../payments/amounts.js';
import * as journals from '../payments/journals.js';
import {
  evolvePayment,
  NO_PAYMENT,
  operationOf,
  paymentEventOf,
  type Operation,
  type OperationKind,
  type Payment,
  type PaymentStream,
  type RecordedPaymentEvent,
} from '../payments/payment.js';
import type { NewEvent } from '../ports/event-store.js';

/** What a test says of a payment; the rest is made up. */
export type HistoryOptions = Readonly<{
  /** Distinct histories of one test need distinct numbers: ids and positions come from it. */
  number?: number;
  orderId?: string;
  sellerId?: string;
  merchant?: string;
  gateway?: string;
  /** Default KRW. */
  currency?: string;
  /** Minor units; default 50,000. */
  amount?: bigint;
  capture?: CaptureMode;
  token?: string;
  /** When the first event was recorded; each one after it comes a second later. */
  at?: number;
}>;

const INTENTS = {
  attempt: 'AttemptStarted',
  capture: 'CaptureStarted',
  void: 'VoidStarted',
} as const;
const FAILURES = {
  attempt: 'AttemptDeclined',
  capture: 'CaptureFailed',
  void: 'VoidFailed',
} as const;

/**
 * The history of one payment, for tests of whatever reads it:
 * `new PaymentHistory().start('attempt').done().start('capture', 30_000n).unknown().done()`.
 * Its entries are the right ones. It folds what it adds, and so refuses an order of events that
 * cannot be; whether a cap is kept is up to the test.
 */
export class PaymentHistory {
  readonly decoded: DecodedEvent[] = [];
  readonly id: string;
  readonly stream: string;
  /** Whose accounts its entries are on. */
  readonly parties: journals.Parties;
  private readonly orderId: string;
  private readonly merchant: string;
  private state: PaymentStream = NO_PAYMENT;
  private clock: number;

  constructor(private readonly options: HistoryOptions = {}) {
    this.id = uuid(options.number ?? 1, 0);
    this.stream = `payment-${this.id}`;
    this.orderId = options.orderId ?? `order-${options.number ?? 1}`;
    this.merchant = options.merchant ?? 'anonymous';
    this.clock = options.at ?? Date.parse('2026-03-02T01:00:00.000Z');
    const { sellerId = 'seller-1', gateway = 'simulator' } = options;
    this.parties = { sellerId, gateway, currency: currencyOf(options.currency ?? 'KRW') };
    this.add({
      type: 'PaymentRequested',
      data: {
        id: this.id,
        orderId: this.orderId,
        sellerId,
        amount: options.amount ?? 50_000n,
        currency: this.parties.currency,
        method: { type: 'card', token: options.token ?? 'tok_ok' },
        capture: options.capture ?? 'manual',
        gateway,
      },
    });
  }

  get payment(): Payment {
    if (this.state.kind !== 'payment') throw new Error(`${this.stream} is no payment`);
    return this.state;
  }

  get events(): readonly PaymentEvent[] {
    return this.recorded.map(({ event }) => event);
  }

  get recorded(): readonly RecordedPaymentEvent[] {
    return this.decoded.map(paymentEventOf);
  }

  /** The events as they are appended to a store. */
  get newEvents(): readonly NewEvent[] {
    return this.decoded.map(({ eventId, event, metadata }) => ({
      eventId,
      type: event.type,
      data: encodeData(event),
      metadata: encodeMetadata(metadata),
    }));
  }

  /** Lets time pass before the next event. */
  wait(ms: number): this {
    this.clock += ms;
    return this;
  }

  /** Adds an event as it is. */
  add(event: PaymentEvent, metadata: Partial<EventMetadata> = {}): this {
    const place = this.decoded.length;
    const { number = 1 } = this.options;
    const commandId = metadata.commandId ?? this.id;
    const decoded: DecodedEvent = {
      event,
      metadata: {
        schemaVersion: 1,
        commandId,
        correlationId: `request-${number}`,
        causationId: commandId,
        actor: this.merchant,
        effectiveDate: formatDay(ledgerDay(this.clock, 'Asia/Seoul')),
        ...metadata,
      },
      eventId: uuid(number, 1_000 + place),
      stream: this.stream,
      revision: BigInt(place),
      position: BigInt(number * 1_000 + place),
      recordedAt: this.clock,
    };
    this.state = evolvePayment(this.state, paymentEventOf(decoded));
    this.decoded.push(decoded);
    this.clock += 1_000;
    return this;
  }

  /** The intent of an operation, before the gateway is called. Default amount: all that is left. */
  start(kind: OperationKind, asked?: bigint): this {
    const { payment } = this;
    const operation =
      kind === 'attempt'
        ? `${this.id}-${payment.operations.length + 1}`
        : uuid(this.options.number ?? 1, payment.operations.length + 1);
    const amount = asked ?? this.left(kind);
    const by = { commandId: kind === 'attempt' ? this.id : operation };
    if (kind !== 'refund')
      return this.add({ type: INTENTS[kind], data: { operation, amount } }, by);
    const { orderId } = this;
    const entry = journals.refundReservation(this.parties, amount);
    const data = { operation, orderId, amount, reason: 'it came back', entry };
    return this.add({ type: 'RefundRequested', data }, by);
  }

  /** The gateway did it: the last operation, or the one named. */
  done(id?: string): this {
    const { payment, orderId } = this;
    const { id: operation, kind, amount, status } = this.operation(id);
    const gatewayId = `gw-${operation}`;
    const data = { operation, orderId, amount, gatewayId, by: 'answer' } as const;
    switch (kind) {
      case 'attempt': {
        const entry = journals.authorizationEntry(this.parties, amount);
        this.add({ type: 'PaymentAuthorized', data: { ...data, entry } });
        return payment.capture === 'auto' ? this.captured(data) : this;
      }
      case 'capture':
        return this.captured(data);
      case 'void': {
        const entry = journals.authorizationReversal(this.parties, amount);
        return this.add({ type: 'PaymentVoided', data: { ...data, entry } });
      }
      case 'refund': {
        const make = status === 'failed' ? journals.lateRefundEntry : journals.refundEntry;
        const entry = make(this.parties, amount);
        return this.add({ type: 'RefundSucceeded', data: { ...data, entry } });
      }
    }
  }

  /** The gateway did not do it. */
  failed(id?: string, failure: FailureKind = 'declined'): this {
    const { id: operation, kind, amount } = this.operation(id);
    const decline = {
      code: failure === 'not-processed' ? 'not_processed' : 'card_declined',
      pgCode: 'REJECTED',
      pgMessage: 'no',
      retryable: false,
    };
    const data = { operation, failure, decline, by: 'answer' } as const;
    if (kind !== 'refund') return this.add({ type: FAILURES[kind], data });
    const entry = journals.refundRelease(this.parties, amount);
    return this.add({
      type: 'RefundFailed',
      data: { ...data, orderId: this.orderId, amount, entry },
    });
  }

  /** Nobody knows whether the gateway did it. */
  unknown(id?: string, reason: UnknownReason = 'timeout'): this {
    const data = { operation: this.operation(id).id, reason, detail: 'no answer' };
    return this.add({ type: 'OutcomeUnknown', data });
  }

  notFound(id?: string): this {
    return this.add({ type: 'OutcomeNotFound', data: { operation: this.operation(id).id } });
  }

  contradicted(told: 'done' | 'failed', id?: string): this {
    const operation = this.operation(id).id;
    const data = { operation, told, by: 'inquiry', detail: 'the books stand' } as const;
    return this.add({ type: 'AnswerContradicted', data });
  }

  /** The time to capture ran out. */
  expired(): this {
    const amount = uncaptured(this.payment);
    const entry = journals.authorizationReversal(this.parties, amount);
    const data = { orderId: this.orderId, amount, by: 'clock', entry } as const;
    return this.add({ type: 'AuthorizationExpired', data });
  }

  private captured(
    data: Readonly<{
      operation: string;
      orderId: string;
      amount: bigint;
      gatewayId: string;
      by: 'answer';
    }>,
  ): this {
    const entry = journals.captureEntry(this.parties, data.amount);
    const remaining = uncaptured(this.payment) - data.amount;
    return this.add({ type: 'PaymentCaptured', data: { ...data, remaining, entry } });
  }

  private left(kind: OperationKind): bigint {
    switch (kind) {
      case 'attempt':
        return this.payment.requested;
      case 'capture':
        return capturable(this.payment);
      case 'void':
        return uncaptured(this.payment);
      case 'refund':
        return refundable(this.payment);
    }
  }

  private operation(id: string | undefined): Operation {
    const { payment } = this;
    const found =
      id === undefined
        ? (payment.operations.findLast(isOpen) ?? payment.operations.at(-1))
        : operationOf(payment, id);
    if (found === undefined) throw new Error(`${this.stream} has no operation ${id ?? 'at all'}`);
    return found;
  }
}

function uuid(number: number, part: number): string {
  const [head, tail] = [number.toString(16), part.toString(16)];
  return `${head.padStart(8, '0')}-0000-4000-8000-${tail.padStart(12, '0')}`;
}

function currencyOf(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`${code} is no currency`);
  return code;
}

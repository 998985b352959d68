import type { DecodedEvent } from '../events/codec.js';
import type {
  CaptureMode,
  Decline,
  FailureKind,
  PaymentEvent,
  PaymentMethod,
  ToldBy,
  UnknownReason,
} from '../events/payment.js';
import { isPaymentEvent } from '../events/payment.js';
import type { Labels } from '../events/kind.js';
import type { Currency } from '../ledger/currency.js';
import type { Day } from '../ledger/day.js';

/*
 * What a payment is, from its events: pure, and the same for whoever decides, answers or projects.
 */

/** Something asked of the gateway. `started`: no outcome is stored yet. */
export type OperationStatus = 'started' | 'unknown' | 'done' | 'failed';

export type OperationKind = 'attempt' | 'capture' | 'void' | 'refund';

/** One thing asked of the gateway, from its intent to its outcome. Instants in ms since 1970. */
export type Operation = Readonly<{
  /** Ours, and the gateway's reference. */
  id: string;
  kind: OperationKind;
  amount: bigint;
  status: OperationStatus;
  /** Of the intent: who asked, under which request, and for what exactly. */
  commandId: string;
  fingerprint?: string;
  correlationId: string;
  eventId: string;
  startedAt: number;
  startedRevision: bigint;
  /** Why a refund or a void was asked for. */
  reason?: string;
  /** While it is unknown. */
  unknown?: Readonly<{ since: number; reason: UnknownReason; detail: string }>;
  /** The gateway said once, after its own time-out, that it does not know it. */
  notFound: boolean;
  /** Of the outcome, once there is one. */
  outcome?: Readonly<{
    at: number;
    revision: bigint;
    by: ToldBy;
    gatewayId?: string;
    failure?: FailureKind;
    decline?: Decline;
  }>;
}>;

/** Something told of an operation that contradicts the books. */
export type Contradiction = Readonly<{
  operation: string;
  told: 'done' | 'failed';
  by: ToldBy;
  detail: string;
  at: number;
}>;

/** A payment, folded. Amounts are minor units of its currency. */
export type Payment = Readonly<{
  kind: 'payment';
  id: string;
  orderId: string;
  sellerId: string;
  merchant: string;
  currency: Currency;
  method: PaymentMethod;
  capture: CaptureMode;
  gateway: string;
  description?: string;
  metadata?: Labels;
  requested: bigint;
  authorized: bigint;
  captured: bigint;
  refunded: bigint;
  voided: bigint;
  expired: bigint;
  /** Until when it can be captured, ms since 1970. */
  expiresAt?: number;
  operations: readonly Operation[];
  contradictions: readonly Contradiction[];
  revision: bigint;
  position: bigint;
  createdAt: number;
  changedAt: number;
  /** Accounting day of the last event: no later one may have an earlier day. */
  day: Day;
}>;

/** A payment stream: nothing yet, a payment, or closed before there was one. */
export type PaymentStream =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'abandoned'; id: string; orderId: string; insteadOf: string }>
  | Payment;

export const NO_PAYMENT: PaymentStream = { kind: 'none' };

/** An event of a payment with all that was recorded of it. */
export type RecordedPaymentEvent = Pick<
  DecodedEvent,
  'metadata' | 'eventId' | 'revision' | 'position' | 'recordedAt'
> &
  Readonly<{ event: PaymentEvent }>;

/** @throws Error when the event is not one of a payment's */
export function paymentEventOf(decoded: DecodedEvent): RecordedPaymentEvent {
  const { event } = decoded;
  if (!isPaymentEvent(event)) throw new Error(`${event.type} is no event of a payment`);
  return { ...decoded, event };
}

/**
 * The stream after one more event.
 * @throws Error when the events cannot have come in this order: the stream is not one of ours
 */
export function evolvePayment(state: PaymentStream, recorded: RecordedPaymentEvent): PaymentStream {
  const { event } = recorded;
  if (event.type === 'PaymentAbandoned') {
    if (state.kind !== 'none') throw new Error(`payment ${event.data.id} was there already`);
    return { kind: 'abandoned', ...event.data };
  }
  if (event.type === 'PaymentRequested') {
    if (state.kind !== 'none') throw new Error(`payment ${event.data.id} is requested twice`);
    return requested(event.data, recorded);
  }
  if (state.kind !== 'payment') throw new Error(`${event.type} before PaymentRequested`);
  const { revision, position, recordedAt, metadata } = recorded;
  const next = { ...state, revision, position, changedAt: recordedAt, day: metadata.effectiveDate };
  return apply(next, event, recorded);
}

function requested(
  data: Extract<PaymentEvent, { type: 'PaymentRequested' }>['data'],
  { revision, position, recordedAt, metadata }: RecordedPaymentEvent,
): Payment {
  const { amount, ...rest } = data;
  return {
    kind: 'payment',
    ...rest,
    merchant: metadata.actor,
    requested: amount,
    authorized: 0n,
    captured: 0n,
    refunded: 0n,
    voided: 0n,
    expired: 0n,
    operations: [],
    contradictions: [],
    revision,
    position,
    createdAt: recordedAt,
    changedAt: recordedAt,
    day: metadata.effectiveDate,
  };
}

type Later = Exclude<PaymentEvent, { type: 'PaymentRequested' | 'PaymentAbandoned' }>;

function apply(payment: Payment, event: Later, recorded: RecordedPaymentEvent): Payment {
  switch (event.type) {
    case 'AttemptStarted':
      return started(payment, 'attempt', event.data, recorded);
    case 'CaptureStarted':
      return started(payment, 'capture', event.data, recorded);
    case 'VoidStarted':
      return started(payment, 'void', event.data, recorded);
    case 'RefundRequested':
      return started(payment, 'refund', event.data, recorded);
    case 'PaymentAuthorized': {
      const { amount, expiresAt } = event.data;
      const done = closed(payment, event.data, recorded);
      const authorized = payment.authorized + amount;
      return { ...done, authorized, ...(expiresAt === undefined ? {} : { expiresAt }) };
    }
    case 'PaymentCaptured': {
      // By an operation of its own, or, with `auto`, by the attempt that authorised it.
      const captured = payment.captured + event.data.amount;
      return { ...closed(payment, event.data, recorded), captured };
    }
    case 'PaymentVoided': {
      const voided = payment.voided + event.data.amount;
      return { ...closed(payment, event.data, recorded), voided };
    }
    case 'RefundSucceeded': {
      const refunded = payment.refunded + event.data.amount;
      return { ...closed(payment, event.data, recorded), refunded };
    }
    case 'AttemptDeclined':
    case 'CaptureFailed':
    case 'VoidFailed':
    case 'RefundFailed':
      return closed(payment, event.data, recorded);
    case 'AuthorizationExpired':
      return { ...payment, expired: payment.expired + event.data.amount };
    case 'OutcomeUnknown': {
      const { reason, detail } = event.data;
      return changed(payment, event.data.operation, (operation) => {
        const since = operation.unknown?.since ?? recorded.recordedAt;
        return { ...operation, status: 'unknown', unknown: { since, reason, detail } };
      });
    }
    case 'OutcomeNotFound':
      return changed(payment, event.data.operation, (operation) => ({
        ...operation,
        notFound: true,
      }));
    case 'AnswerContradicted': {
      const { operation, told, by, detail } = event.data;
      const one = { operation, told, by, detail, at: recorded.recordedAt };
      return { ...payment, contradictions: [...payment.contradictions, one] };
    }
  }
}

function started(
  payment: Payment,
  kind: OperationKind,
  data: Readonly<{ operation: string; amount: bigint; reason?: string }>,
  { metadata, eventId, recordedAt, revision }: RecordedPaymentEvent,
): Payment {
  const { operation: id, amount, reason } = data;
  if (operationOf(payment, id) !== undefined) throw new Error(`operation ${id} is started twice`);
  const { commandId, correlationId, fingerprint } = metadata;
  const operation: Operation = {
    id,
    kind,
    amount,
    status: 'started',
    commandId,
    correlationId,
    eventId,
    startedAt: recordedAt,
    startedRevision: revision,
    notFound: false,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(reason === undefined ? {} : { reason }),
  };
  return { ...payment, operations: [...payment.operations, operation] };
}

type Outcome = Readonly<{
  operation: string;
  by: ToldBy;
  gatewayId?: string;
  failure?: FailureKind;
  decline?: Decline;
}>;

function closed(
  payment: Payment,
  { operation: id, by, gatewayId, failure, decline }: Outcome,
  { recordedAt, revision }: RecordedPaymentEvent,
): Payment {
  return changed(payment, id, ({ unknown: _resolved, ...operation }) => ({
    ...operation,
    status: failure === undefined ? 'done' : 'failed',
    outcome: {
      at: recordedAt,
      revision,
      by,
      ...(gatewayId === undefined ? {} : { gatewayId }),
      ...(failure === undefined ? {} : { failure }),
      ...(decline === undefined ? {} : { decline }),
    },
  }));
}

function changed(
  payment: Payment,
  id: string,
  change: (operation: Operation) => Operation,
): Payment {
  if (operationOf(payment, id) === undefined) throw new Error(`operation ${id} was never started`);
  const operations = payment.operations.map((one) => (one.id === id ? change(one) : one));
  return { ...payment, operations };
}

/** The operation with this id. */
export function operationOf(payment: Payment, id: string): Operation | undefined {
  return payment.operations.find((operation) => operation.id === id);
}

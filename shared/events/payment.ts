import type { Currency } from '../ledger/currency.js';
import type { Fact, Labels, Monetary } from './kind.js';

/*
 * The events of a payment. All of them are in one stream, `payment-{id}`, so that one revision guards
 * every cap. What is asked of a gateway is an operation: its intent is stored before the gateway is
 * called, its outcome after. Amounts are minor units of the payment's currency.
 */

/** A means of payment as the gateway knows it: a token, never a card number. */
export type PaymentMethod = Readonly<{ type: 'card'; token: string }>;

/** `auto`: captured with the authorisation, in one call. */
export type CaptureMode = 'manual' | 'auto';

/** Who told us of an outcome: the call itself, a later inquiry, a person, or the passing of time. */
export type ToldBy = 'answer' | 'inquiry' | 'operator' | 'clock';

/** Why the outcome of a call is not known. */
export type UnknownReason =
  /** No answer in time. */
  | 'timeout'
  /** The connection broke. */
  | 'reset'
  /** The gateway, or something before it, could not serve just then. */
  | 'unavailable'
  /** The answer could not be understood. */
  | 'garbled'
  /** The answer speaks of another amount or currency than was asked. */
  | 'mismatch'
  /** The intent is there and no outcome: the process that called is gone. */
  | 'interrupted';

/** Why the gateway said no, in neutral words and in its own. */
export type Decline = Readonly<{
  /** Of the vocabulary in `shared/ports/payment-gateway`. */
  code: string;
  /** The gateway's own code and message. */
  pgCode: string;
  pgMessage: string;
  /** Whether the same may succeed later, with a new request. */
  retryable: boolean;
}>;

/**
 * How an operation failed: the gateway `declined` it; it `refused` the request as such; or it was
 * `not-processed`, as inquiries found later.
 */
export type FailureKind = 'declined' | 'refused' | 'not-processed';

/** What is known of an outcome beside the outcome itself. */
type Told = {
  by: ToldBy;
  /** Why a person decided so. */
  reason?: string;
  /** The gateway's answer as it came, card numbers masked, cut to a bounded length. */
  answer?: string;
};

type Done = Told & {
  operation: string;
  orderId: string;
  amount: bigint;
  /** The gateway's own id of what it did. */
  gatewayId: string;
};

type Failed = Told & { operation: string; failure: FailureKind; decline: Decline };

/** Opens the stream. */
export type PaymentRequested = Fact<
  'PaymentRequested',
  {
    id: string;
    orderId: string;
    sellerId: string;
    amount: bigint;
    currency: Currency;
    method: PaymentMethod;
    capture: CaptureMode;
    gateway: string;
    description?: string;
    metadata?: Labels;
  }
>;

/** The gateway is about to be asked to authorise. */
export type AttemptStarted = Fact<'AttemptStarted', { operation: string; amount: bigint }>;

/** Authorised: the money is reserved on the buyer's side. Entry J-AUTH, memo accounts only. */
export type PaymentAuthorized = Monetary<
  'PaymentAuthorized',
  Done & {
    /** Milliseconds since 1970: until then it can be captured. */
    expiresAt?: number;
  }
>;

export type AttemptDeclined = Fact<'AttemptDeclined', Failed>;

export type CaptureStarted = Fact<'CaptureStarted', { operation: string; amount: bigint }>;

/** Entry J-CAPTURE, and J-AUTH-REV for the amount. `remaining` is authorised and not captured. */
export type PaymentCaptured = Monetary<'PaymentCaptured', Done & { remaining: bigint }>;

export type CaptureFailed = Fact<'CaptureFailed', Failed>;

export type VoidStarted = Fact<
  'VoidStarted',
  { operation: string; amount: bigint; reason?: string }
>;

/** Entry J-AUTH-REV. */
export type PaymentVoided = Monetary<'PaymentVoided', Done>;

export type VoidFailed = Fact<'VoidFailed', Failed>;

/** The time to capture ran out, and the gateway agrees. Entry J-AUTH-REV. */
export type AuthorizationExpired = Monetary<
  'AuthorizationExpired',
  { orderId: string; amount: bigint; by: ToldBy; answer?: string }
>;

/** The gateway is about to be asked for a refund. Entry J-REFUND-REQ: it is the reservation. */
export type RefundRequested = Monetary<
  'RefundRequested',
  { operation: string; orderId: string; amount: bigint; reason: string }
>;

/** Entry J-REFUND-DONE; after a failure that turned out to be none, J-REFUND-REQ with it. */
export type RefundSucceeded = Monetary<'RefundSucceeded', Done>;

/** Entry J-REFUND-FAIL: the reservation goes back. */
export type RefundFailed = Monetary<'RefundFailed', Failed & { orderId: string; amount: bigint }>;

/** Whether the gateway did it is not known: the amount is in doubt. Nothing is posted. */
export type OutcomeUnknown = Fact<
  'OutcomeUnknown',
  { operation: string; reason: UnknownReason; detail: string }
>;

/** The gateway, asked after its own time-out, does not know the operation. Once is not enough. */
export type OutcomeNotFound = Fact<'OutcomeNotFound', { operation: string; answer?: string }>;

/** Something was told that contradicts what is in the books, and the books stand. */
export type AnswerContradicted = Fact<
  'AnswerContradicted',
  { operation: string; told: 'done' | 'failed'; by: ToldBy; detail: string; answer?: string }
>;

/**
 * The stream was closed before the payment was requested: its order went to another payment while
 * the process that had claimed the order was gone. It is the only event of its stream.
 */
export type PaymentAbandoned = Fact<
  'PaymentAbandoned',
  { id: string; orderId: string; insteadOf: string }
>;

/** The order now belongs to this payment. Stream `order-{merchant}/{orderId}`. */
export type OrderClaimed = Fact<
  'OrderClaimed',
  { merchant: string; orderId: string; paymentId: string }
>;

export type PaymentEvent =
  | PaymentRequested
  | AttemptStarted
  | PaymentAuthorized
  | AttemptDeclined
  | CaptureStarted
  | PaymentCaptured
  | CaptureFailed
  | VoidStarted
  | PaymentVoided
  | VoidFailed
  | AuthorizationExpired
  | RefundRequested
  | RefundSucceeded
  | RefundFailed
  | OutcomeUnknown
  | OutcomeNotFound
  | AnswerContradicted
  | PaymentAbandoned;

/** What every type of payment event is called: for whoever tells them from others by name. */
export const PAYMENT_EVENT_TYPES = [
  'PaymentRequested',
  'AttemptStarted',
  'PaymentAuthorized',
  'AttemptDeclined',
  'CaptureStarted',
  'PaymentCaptured',
  'CaptureFailed',
  'VoidStarted',
  'PaymentVoided',
  'VoidFailed',
  'AuthorizationExpired',
  'RefundRequested',
  'RefundSucceeded',
  'RefundFailed',
  'OutcomeUnknown',
  'OutcomeNotFound',
  'AnswerContradicted',
  'PaymentAbandoned',
] as const satisfies readonly PaymentEvent['type'][];

const TYPES: ReadonlySet<string> = new Set(PAYMENT_EVENT_TYPES);

/** Whether an event is one of a payment's. */
export function isPaymentEvent<Event extends Readonly<{ type: string }>>(
  event: Event,
): event is Extract<Event, PaymentEvent> {
  return TYPES.has(event.type);
}

/**
 * A payment gateway (PG): whoever moves the buyer's money for us. It promises little: an answer may
 * come late, twice or never, and silence says nothing about what was done. So every request carries
 * a `reference` of ours, constant over all repetitions, by which the gateway tells a repetition from
 * a second request, and by which it can be asked later what became of it.
 *
 * An adapter never throws for what a gateway or a network can do: it answers `unknown`. It never
 * guesses: whatever is neither a clear yes nor a clear no is `unknown`.
 */
export interface PaymentGateway {
  /** Whether it can authorise first and capture later. */
  readonly capturesSeparately: boolean;

  /** With `capture`, authorises and captures in one go: both, or neither. */
  authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<GatewayAnswer>;

  capture(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer>;

  /** Gives back all that is authorised and not captured. */
  void(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer>;

  refund(request: RefundRequest, signal: AbortSignal): Promise<GatewayAnswer>;

  /** Asks what became of an earlier request, by our reference. Changes nothing. */
  inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer>;

  /** Lets go of what the adapter holds. */
  close(): Promise<void>;
}

/** What every request says. Amounts are minor units; a gateway's own units are its adapter's. */
type Request = Readonly<{
  /** Ours, 1 to 64 of A-Z a-z 0-9 . _ -; the idempotency key towards the gateway. */
  reference: string;
  /** Our payment. */
  paymentId: string;
  /** The merchant's order: what Toss knows a payment by. */
  orderId: string;
  amount: bigint;
  currency: string;
}>;

export type AuthorizeRequest = Request &
  Readonly<{ sellerId: string; token: string; capture: boolean; description?: string }>;

/** `authorization` is the gateway's id of the authorisation. */
export type FollowUpRequest = Request & Readonly<{ authorization: string; token: string }>;

/** `remaining`: what will be refundable afterwards, so that the gateway can object. */
export type RefundRequest = FollowUpRequest & Readonly<{ reason: string; remaining: bigint }>;

export type Inquiry = Request &
  Readonly<{
    kind: 'authorize' | 'capture' | 'void' | 'refund';
    token: string;
    /** Absent where the authorisation itself is asked about. */
    authorization?: string;
    /** Of an authorisation: whether it was to capture too. */
    capture: boolean;
  }>;

/** It did what it was asked for. */
export type GatewayDone = Readonly<{
  kind: 'done';
  gatewayId: string;
  amount: bigint;
  currency: string;
  /** Milliseconds since 1970, by the gateway's clock. */
  occurredAt: number;
  /** Of an authorisation: until when it can be captured, ms since 1970. */
  expiresAt?: number;
  raw: string;
}>;

/**
 * It did not. `declined`: a decision about this payment. `refused`: it did not take the request as
 * such, for a reason that lies with us or with our contract.
 */
export type GatewayFailed = Readonly<{
  kind: 'declined' | 'refused';
  decline: GatewayDecline;
  raw: string;
}>;

export type GatewayAnswer =
  | GatewayDone
  | GatewayFailed
  | Readonly<{
      kind: 'unknown';
      reason: 'timeout' | 'reset' | 'unavailable' | 'garbled';
      detail: string;
    }>;

/**
 * `not-found`: it answered, and knows no such request. `pending`: it is still at it. `expired`: an
 * authorisation it had made and that can no longer be captured. `no-answer`: the inquiry itself
 * failed, which says nothing at all.
 */
export type InquiryAnswer =
  | GatewayDone
  | GatewayFailed
  | Readonly<{ kind: 'not-found' | 'pending' | 'expired'; raw: string }>
  | Readonly<{ kind: 'no-answer'; detail: string }>;

export type GatewayDecline = Readonly<{
  code: DeclineCode;
  pgCode: string;
  pgMessage: string;
  retryable: boolean;
}>;

/**
 * Neutral reasons for a refusal: the standard error codes of Active Merchant, and three of our own
 * at the end.
 */
export const DECLINE_CODES = [
  'incorrect_number',
  'invalid_number',
  'invalid_expiry_date',
  'invalid_cvc',
  'expired_card',
  'incorrect_cvc',
  'incorrect_zip',
  'incorrect_address',
  'incorrect_pin',
  'card_declined',
  'processing_error',
  'call_issuer',
  'pickup_card',
  'config_error',
  'test_mode_live_card',
  'unsupported_feature',
  'invalid_amount',
  'insufficient_funds',
  'duplicate_order',
  'not_processed',
] as const;

export type DeclineCode = (typeof DECLINE_CODES)[number];

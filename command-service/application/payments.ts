import type { CaptureMode, PaymentMethod } from '../../shared/events/payment.js';
import type { Labels } from '../../shared/events/kind.js';
import type { Payment } from '../../shared/payments/payment.js';
import type { Refusal } from '../domain/refusal.js';
import type { CommandContext } from './ledger.js';

/** What the command side offers for payments. */
export interface Payments {
  authorize(command: AuthorizePayment, context: CommandContext): Promise<PaymentAnswer>;
  capture(command: CapturePayment, context: CommandContext): Promise<PaymentAnswer>;
  void(command: VoidPayment, context: CommandContext): Promise<PaymentAnswer>;
  refund(command: RefundPayment, context: CommandContext): Promise<PaymentAnswer>;
  /** A person says what became of an operation in doubt. */
  resolve(command: ResolveOperation, context: CommandContext): Promise<PaymentAnswer>;
  /** Asks the gateway now about everything of a payment that is in doubt. */
  inquire(command: InquirePayment, context: CommandContext): Promise<PaymentAnswer>;
}

export type AuthorizePayment = Readonly<{
  /** Derived from the Idempotency-Key; it becomes the payment's id. A UUID. */
  commandId: string;
  /** 1 to 64 of A-Z a-z 0-9 . _ : -. */
  orderId: string;
  /** 1 to 64 of A-Z a-z 0-9 . _ -: it is a segment of accounts. */
  sellerId: string;
  /** Above zero, minor units. */
  amount: bigint;
  currency: string;
  method: PaymentMethod;
  /** Default: manual. */
  capture?: CaptureMode;
  description?: string;
  metadata?: Labels;
  /** Do not wait for the gateway: the intent is stored, the answer is in doubt. Default: false. */
  respondAsync?: boolean;
}>;

type OnPayment = Readonly<{
  paymentId: string;
  /** Derived from the Idempotency-Key; it becomes the id of the capture, void or refund. A UUID. */
  commandId: string;
  /** The revisions the caller's command is meant for (If-Match); default: any. */
  ifRevision?: (revision: bigint | undefined) => boolean;
}>;

/** Default amount: all that is left. */
export type CapturePayment = OnPayment & Readonly<{ amount?: bigint }>;
export type VoidPayment = OnPayment & Readonly<{ reason?: string }>;
/** Default amount: all that is left. */
export type RefundPayment = OnPayment & Readonly<{ amount?: bigint; reason: string }>;

export type ResolveOperation = OnPayment &
  Readonly<{
    operation: string;
    outcome: 'done' | 'failed';
    /** Why the person is sure. */
    reason: string;
    /** The gateway's own id, where it is known. */
    gatewayId?: string;
  }>;

export type InquirePayment = Readonly<{ paymentId: string }>;

/**
 * `done`: the gateway did it. `declined`: the gateway said no, which is stored: `code` says how.
 * `in-doubt`: stored, and whether the gateway did it is not known yet. In each case `payment` is the
 * payment as it was right after that, and `operation` names what was asked. `refused`: nothing was
 * stored. `replayed`: the command had been carried out before, and this is what it answered then.
 */
export type PaymentAnswer =
  | Readonly<{ kind: 'done'; payment: Payment; operation: string; replayed: boolean }>
  | Readonly<{
      kind: 'declined';
      code:
        | 'PAYMENT_DECLINED'
        | 'CAPTURE_DECLINED'
        | 'VOID_DECLINED'
        | 'REFUND_DECLINED'
        | 'GATEWAY_REFUSED';
      payment: Payment;
      operation: string;
      replayed: boolean;
    }>
  | Readonly<{ kind: 'in-doubt'; payment: Payment; operation: string; replayed: boolean }>
  | Readonly<{ kind: 'mismatch'; payment: Payment | undefined }>
  | Readonly<{ kind: 'refused'; refusal: Refusal; retryAfterSeconds?: number }>;

import type { DeclineCode, GatewayDone, GatewayFailed } from '../../ports/payment-gateway.js';
import { shown } from '../../mask.js';
import type { Unknown } from './call.js';
import { meaningOf } from './error-codes.js';
import { instantOf, rawOf, type TossCancel, type TossFailure, type TossPayment } from './wire.js';

/** What Toss says became of a request it knows. */
type Outcome = GatewayDone | GatewayFailed | Readonly<{ kind: 'pending'; raw: string }>;

const MAX_REASON = 200;

/** What became of the confirmation of a payment. */
export function authorizationOf(payment: TossPayment): Outcome {
  const raw = rawOf(payment);
  switch (payment.status) {
    case 'DONE':
    case 'PARTIAL_CANCELED':
    case 'CANCELED':
      // Canceled without an approval: it was given up before it was ever paid.
      if (payment.approvedAt === null) {
        return payment.status === 'DONE' ? { kind: 'pending', raw } : notPaid(payment);
      }
      return {
        kind: 'done',
        gatewayId: payment.paymentKey,
        amount: BigInt(payment.totalAmount),
        currency: payment.currency,
        occurredAt: instantOf(payment.approvedAt),
        raw,
      };
    case 'ABORTED':
    case 'EXPIRED':
      return notPaid(payment);
    default:
      // READY, IN_PROGRESS, WAITING_FOR_DEPOSIT, and whatever Toss may add: it can still be paid.
      return { kind: 'pending', raw };
  }
}

function notPaid(payment: TossPayment): GatewayFailed {
  const failure = payment.failure ?? {
    code: payment.status,
    message: 'the payment ended without an approval',
  };
  const meaning = meaningOf(failure.code);
  const known = meaning !== undefined && meaning.kind !== 'unknown';
  return {
    kind: 'declined',
    decline: {
      // The status is what is certain, whatever the code would mean by itself.
      code: known ? meaning.code : 'not_processed',
      pgCode: failure.code,
      pgMessage: failure.message,
      retryable: known && meaning.retryable,
    },
    raw: rawOf(payment),
  };
}

/**
 * What became of a refund.
 * @param remaining what should be refundable after it, where the caller knows
 */
export function refundOf(payment: TossPayment, cancel: TossCancel, remaining?: bigint): Outcome {
  const balance = BigInt(payment.balanceAmount);
  const note =
    remaining === undefined || remaining === balance
      ? undefined
      : `balance ${balance}, expected ${remaining}`;
  // Of the cancellations only its own, so that none of the others takes its place.
  const raw = rawOf({ ...payment, cancels: [cancel] }, note);
  switch (cancel.cancelStatus) {
    case 'DONE':
      return {
        kind: 'done',
        gatewayId: cancel.transactionKey,
        amount: BigInt(cancel.cancelAmount),
        currency: payment.currency,
        occurredAt: instantOf(cancel.canceledAt),
        raw,
      };
    case 'ABORTED':
      return {
        kind: 'declined',
        decline: {
          code: 'processing_error',
          pgCode: cancel.cancelStatus,
          pgMessage: 'the cancellation was aborted',
          retryable: false,
        },
        raw,
      };
    default:
      return { kind: 'pending', raw };
  }
}

/** 4xx that say of themselves that they are no decision. */
const UNDECIDED: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** What Toss's error object with a 4xx says about our request: a no in neutral words, or nothing. */
export function failureOf(status: number, failure: TossFailure): GatewayFailed | Unknown {
  const meaning = meaningOf(failure.code) ?? UNLISTED;
  if (meaning.kind === 'unknown' || UNDECIDED.has(status)) {
    const detail = `HTTP ${status} ${shown(`${failure.code}: ${failure.message}`)}`;
    return { kind: 'unknown', reason: 'unavailable', detail };
  }
  const { kind, code, retryable } = meaning;
  return failed(kind, { code, retryable }, failure);
}

/** A 4xx is a no, whatever its code. */
const UNLISTED = { kind: 'refused', code: 'processing_error', retryable: false } as const;

/** A refund of a payment that is canceled as a whole, and not by this refund. */
export function alreadyCanceled(failure: TossFailure): GatewayFailed {
  return failed('declined', { code: 'invalid_amount', retryable: false }, failure);
}

function failed(
  kind: GatewayFailed['kind'],
  neutral: Readonly<{ code: DeclineCode; retryable: boolean }>,
  failure: TossFailure,
): GatewayFailed {
  const decline = { ...neutral, pgCode: failure.code, pgMessage: failure.message };
  return { kind, decline, raw: rawOf(failure) };
}

/** A request that Toss cannot be asked for, so that nothing was sent. */
export function notSent(code: DeclineCode, message: string): GatewayFailed {
  const decline = { code, pgCode: 'NOT_SENT', pgMessage: message, retryable: false };
  return { kind: 'refused', decline, raw: '' };
}

/**
 * The reason of a cancellation with our reference at its end. Of all that is sent with one, Toss
 * gives back only the reason, and it lists cancellations only with the payment: this is how a
 * refund whose answer never came is found again.
 */
export function reasonWith(reason: string, reference: string): string {
  const mark = markOf(reference);
  const kept = reason.slice(0, MAX_REASON - mark.length - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept} ${mark}`.trimStart();
}

/** The cancellation that was asked for with this reference. */
export function findCancel(payment: TossPayment, reference: string): TossCancel | undefined {
  const mark = markOf(reference);
  return payment.cancels?.find((cancel) => cancel.cancelReason.trimEnd().endsWith(mark));
}

function markOf(reference: string): string {
  return `[${reference}]`;
}

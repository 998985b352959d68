import type { Operation, OperationKind, Payment } from './payment.js';

/** Where a payment stands, derived from its amounts and never stored. */
export const PAYMENT_STATUSES = [
  'AUTHORIZING',
  'AUTHORIZED',
  'PARTIALLY_CAPTURED',
  'CAPTURED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
  'VOIDED',
  'DECLINED',
  'EXPIRED',
] as const;

export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** Whether an operation has no outcome yet, so that its amount is spoken for. */
export function isOpen({ status }: Operation): boolean {
  return status === 'started' || status === 'unknown';
}

/** Sum of the open operations of a kind. */
export function pendingOf(payment: Payment, kind: OperationKind): bigint {
  return sum(payment.operations.filter((each) => each.kind === kind && isOpen(each)));
}

/** Sum of what was asked of the gateway with an outcome that is not known. */
export function inDoubt(payment: Payment): bigint {
  return sum(payment.operations.filter(({ status }) => status === 'unknown'));
}

/** Authorised, and neither captured nor given up: what stands on the memo accounts. */
export function uncaptured(payment: Payment): bigint {
  return payment.authorized - payment.captured - payment.voided - payment.expired;
}

/** What a further capture may take: what is uncaptured, less the captures under way. */
export function capturable(payment: Payment): bigint {
  return uncaptured(payment) - pendingOf(payment, 'capture');
}

/** What a further refund may take: captured, less refunds done and under way. */
export function refundable(payment: Payment): bigint {
  return payment.captured - payment.refunded - pendingOf(payment, 'refund');
}

/** The status of a payment. What is in doubt does not change it: it is an amount beside it. */
export function statusOf(payment: Payment): PaymentStatus {
  const { authorized, captured, refunded, voided, expired } = payment;
  if (authorized === 0n) {
    const attempts = payment.operations.filter(({ kind }) => kind === 'attempt');
    // Between being requested and its first attempt it has not been declined by anybody.
    return attempts.length === 0 || attempts.some(isOpen) ? 'AUTHORIZING' : 'DECLINED';
  }
  if (captured === 0n) {
    if (voided > 0n) return 'VOIDED';
    return expired > 0n ? 'EXPIRED' : 'AUTHORIZED';
  }
  if (refunded > 0n) return refunded === captured ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  return captured < authorized ? 'PARTIALLY_CAPTURED' : 'CAPTURED';
}

/** Whether the order of this payment is taken: no other payment may be begun for it. */
export function isLive(payment: Payment): boolean {
  if (payment.operations.some(isOpen) || uncaptured(payment) > 0n) return true;
  switch (statusOf(payment)) {
    case 'DECLINED':
    case 'VOIDED':
    case 'EXPIRED':
    case 'REFUNDED':
      return false;
    case 'AUTHORIZING':
    case 'AUTHORIZED':
    case 'PARTIALLY_CAPTURED':
    case 'CAPTURED':
    case 'PARTIALLY_REFUNDED':
      return true;
  }
}

function sum(operations: readonly Operation[]): bigint {
  return operations.reduce((total, { amount }) => total + amount, 0n);
}

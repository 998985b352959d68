import { isOpen, left, pending, type BookPayment, type OperationKind } from './payment-amounts.js';

/* The table of transitions once more, for the judge of fault runs. */

/** Why an operation may not begin, by the table of transitions. */
export function whyNot(
  payment: BookPayment,
  kind: OperationKind,
  amount: bigint,
): string | undefined {
  if (amount === 0n) return 'of nothing';
  switch (kind) {
    case 'attempt':
      return whyNoAttempt(payment, amount);
    case 'capture':
      if (isGone(payment)) return 'nothing was there to capture';
      return amount <= left(payment) - pending(payment, 'capture') ? undefined : 'above authorised';
    case 'void':
      if (isGone(payment) || payment.captured > 0n || pending(payment, 'capture') > 0n) {
        return 'nothing was there to void';
      }
      return amount === left(payment) ? undefined : 'not all of it';
    case 'refund': {
      const given = payment.refunded + pending(payment, 'refund');
      return given + amount <= payment.captured ? undefined : 'above captured';
    }
  }
}

function whyNoAttempt({ operations, requested }: BookPayment, amount: bigint): string | undefined {
  const others = operations.filter(({ kind, status }) => kind === 'attempt' && status !== 'failed');
  if (others.length > 0) return 'another attempt was not over';
  return amount === requested ? undefined : `${requested} were requested`;
}

/** Whether nothing is authorised, or it is given back or on its way back. */
function isGone(payment: BookPayment): boolean {
  const { authorized, voided, expired } = payment;
  return authorized === 0n || voided > 0n || expired > 0n || pending(payment, 'void') > 0n;
}

/** Whether its order is taken. One that came too late only waits to be undone. */
export function isLive(payment: BookPayment): boolean {
  const { authorized, captured, refunded, operations, late } = payment;
  if (late) return false;
  if (operations.length === 0 || operations.some(isOpen)) return true;
  return authorized > 0n && (left(payment) > 0n || captured > refunded);
}

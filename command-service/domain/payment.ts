import type { Labels } from '../../shared/events/kind.js';
import type { CaptureMode, PaymentMethod } from '../../shared/events/payment.js';
import { isCurrency } from '../../shared/ledger/currency.js';
import { MAX_AMOUNT } from '../../shared/ledger/money.js';
import {
  capturable,
  isOpen,
  pendingOf,
  refundable,
  statusOf,
  uncaptured,
} from '../../shared/payments/amounts.js';
import { authorizationReversal, refundReservation } from '../../shared/payments/journals.js';
import {
  evolvePayment,
  NO_PAYMENT,
  operationOf,
  type OperationKind,
  type Payment,
  type PaymentStream,
  type RecordedPaymentEvent,
} from '../../shared/payments/payment.js';
import { accepted, refused, REPEATED, type Decider, type Decision } from './decider.js';
import { keyReused } from './entry.js';
import { decideOutcome, type OutcomeCommand } from './outcome.js';
import { refuse, type Refusal } from './refusal.js';

/** What is asked by a caller, with the digest of it that tells a retry from another request. */
type Asked = Readonly<{
  /** Of the command; of the operation it starts, too. */
  id: string;
  fingerprint: string;
}>;

/** What a payment is to be. `id` is derived from the request's key. */
export type PaymentTerms = Readonly<{
  id: string;
  orderId: string;
  sellerId: string;
  amount: bigint;
  currency: string;
  method: PaymentMethod;
  capture: CaptureMode;
  gateway: string;
  description?: string;
  metadata?: Labels;
}>;

type RequestPayment = Readonly<{ type: 'request'; fingerprint: string; terms: PaymentTerms }>;

export type PaymentCommand =
  | RequestPayment
  /** Without an amount: all that is left. */
  | (Asked & Readonly<{ type: 'capture' | 'refund'; amount?: bigint; reason?: string }>)
  | (Asked & Readonly<{ type: 'void'; reason?: string }>)
  /** The gateway agrees that the time to capture is over. */
  | Readonly<{ type: 'expire'; answer?: string }>
  /** The order goes to another payment before this one was requested. */
  | Readonly<{ type: 'abandon'; id: string; orderId: string; insteadOf: string }>
  | OutcomeCommand;

/** `now` in ms since 1970. */
export type PaymentFacts = Readonly<{ now: number }>;

/** Most operations of one payment: a stream stays short enough to be read as a whole. */
export const MAX_OPERATIONS = 200;

/** The entry of a capture has the amount twice on each side, and each side fits an int64. */
const MAX_PAYMENT = MAX_AMOUNT / 2n;

/** The decider of `payment-` streams. One stream, one revision: it guards every cap. */
export const paymentDecider: Decider<
  PaymentStream,
  RecordedPaymentEvent,
  PaymentCommand,
  PaymentFacts
> = {
  initial: NO_PAYMENT,
  evolve: evolvePayment,
  decide(command, state, facts) {
    if (command.type === 'request') return decideRequest(command, state);
    if (command.type === 'abandon') return decideAbandon(command, state);
    if (state.kind !== 'payment') return refused(paymentUnknown());
    switch (command.type) {
      case 'capture':
      case 'void':
      case 'refund':
        return decideOperation(command, state, facts);
      case 'expire':
        return decideExpiry(command, state, facts);
      case 'done':
      case 'failed':
      case 'unknown':
      case 'not-found':
        return decideOutcome(command, state);
    }
  },
};

/** The id of the operation that authorises a payment: our reference towards the gateway. */
export function attemptId(paymentId: string): string {
  return `${paymentId}-1`;
}

function decideRequest({ fingerprint, terms }: RequestPayment, state: PaymentStream): Decision {
  const { id, amount, currency } = terms;
  switch (state.kind) {
    case 'abandoned':
      return refused(duplicateOrder(state.orderId, state.insteadOf));
    case 'payment':
      return operationOf(state, attemptId(id))?.fingerprint === fingerprint
        ? REPEATED
        : refused(keyReused(id));
    case 'none':
      break;
  }
  if (amount <= 0n) return refused(zeroAmount());
  if (amount > MAX_PAYMENT) return refused(amountOverflow(amount));
  if (!isCurrency(currency)) return refused(currencyUnknown(currency));
  return accepted(
    { type: 'PaymentRequested', data: { ...terms, currency } },
    { type: 'AttemptStarted', data: { operation: attemptId(id), amount } },
  );
}

function decideAbandon(
  { id, orderId, insteadOf }: Extract<PaymentCommand, { type: 'abandon' }>,
  state: PaymentStream,
): Decision {
  if (state.kind !== 'none') return REPEATED;
  return accepted({ type: 'PaymentAbandoned', data: { id, orderId, insteadOf } });
}

type StartOperation = Extract<PaymentCommand, { type: 'capture' | 'void' | 'refund' }>;

function decideOperation(command: StartOperation, payment: Payment, facts: PaymentFacts): Decision {
  const known = operationOf(payment, command.id);
  if (known !== undefined) {
    const same = known.kind === command.type && known.fingerprint === command.fingerprint;
    return same ? REPEATED : refused(keyReused(command.id));
  }
  if (payment.operations.length >= MAX_OPERATIONS) return refused(tooManyOperations(payment));
  switch (command.type) {
    case 'capture':
      return decideCapture(command, payment, facts);
    case 'void':
      return decideVoid(command, payment);
    case 'refund':
      return decideRefund(command, payment);
  }
}

function decideCapture(
  { id, amount: asked }: Extract<StartOperation, { type: 'capture' | 'refund' }>,
  payment: Payment,
  { now }: PaymentFacts,
): Decision {
  const { authorized, voided, expired, expiresAt } = payment;
  if (authorized === 0n) return refused(illegal(payment, 'nothing is authorised'));
  if (voided > 0n || expired > 0n) return refused(illegal(payment, 'the authorisation is gone'));
  if (hasOpen(payment, 'void')) return refused(illegal(payment, 'it is being voided'));
  const left = capturable(payment);
  if (asked === undefined && left === 0n) {
    return refused(illegal(payment, 'nothing is left to capture'));
  }
  if (left > 0n && expiresAt !== undefined && now >= expiresAt) {
    return refused(illegal(payment, 'the time to capture is over'));
  }
  const amount = asked ?? left;
  if (amount <= 0n) return refused(zeroAmount());
  if (amount > left) return refused(captureExceeds(payment, amount, left));
  return accepted({ type: 'CaptureStarted', data: { operation: id, amount } });
}

function decideVoid(
  { id, reason }: Extract<StartOperation, { type: 'void' }>,
  payment: Payment,
): Decision {
  const why = whyNoVoid(payment);
  if (why !== undefined) return refused(illegal(payment, why));
  const data = { operation: id, amount: uncaptured(payment) };
  return accepted({
    type: 'VoidStarted',
    data: reason === undefined ? data : { ...data, reason },
  });
}

function whyNoVoid(payment: Payment): string | undefined {
  if (payment.authorized === 0n) return 'nothing is authorised';
  if (payment.captured > 0n) return 'it is captured: refund it';
  if (hasOpen(payment, 'capture')) return 'it is being captured';
  if (hasOpen(payment, 'void')) return 'it is being voided';
  return uncaptured(payment) > 0n ? undefined : 'the authorisation is gone';
}

function decideRefund(
  { id, amount: asked, reason = '' }: Extract<StartOperation, { type: 'capture' | 'refund' }>,
  payment: Payment,
): Decision {
  if (payment.captured === 0n) return refused(illegal(payment, 'nothing is captured'));
  const left = refundable(payment);
  if (asked === undefined && left === 0n) {
    return refused(illegal(payment, 'nothing is left to refund'));
  }
  const amount = asked ?? left;
  if (amount <= 0n) return refused(zeroAmount());
  if (amount > left) return refused(refundExceeds(payment, amount, left));
  return accepted({
    type: 'RefundRequested',
    data: {
      operation: id,
      orderId: payment.orderId,
      amount,
      reason,
      entry: refundReservation(payment, amount),
    },
  });
}

function decideExpiry(
  { answer }: Extract<PaymentCommand, { type: 'expire' }>,
  payment: Payment,
  { now }: PaymentFacts,
): Decision {
  const { expiresAt, orderId } = payment;
  const amount = uncaptured(payment);
  // A capture or a void under way comes first: its outcome says what is left to expire.
  if (amount <= 0n || hasOpen(payment, 'capture') || hasOpen(payment, 'void')) return REPEATED;
  if (expiresAt === undefined || now < expiresAt) return REPEATED;
  const data = { orderId, amount, by: 'clock' as const };
  return accepted({
    type: 'AuthorizationExpired',
    data: {
      ...data,
      ...(answer === undefined ? {} : { answer }),
      entry: authorizationReversal(payment, amount),
    },
  });
}

function hasOpen(payment: Payment, kind: OperationKind): boolean {
  return payment.operations.some((each) => each.kind === kind && isOpen(each));
}

/**
 * What must hold of a payment after any event, whoever wrote it.
 * @throws Error when it does not: nothing may be appended that leads here
 */
export function assertCaps(payment: Payment): void {
  const { id, authorized, requested, captured, refunded } = payment;
  const holds =
    authorized <= requested &&
    uncaptured(payment) >= 0n &&
    capturable(payment) >= 0n &&
    refunded + pendingOf(payment, 'refund') <= captured;
  if (!holds) throw new Error(`payment ${id} would go beyond its caps`);
}

/** There is no such payment. */
export function paymentUnknown(): Refusal {
  return refuse('NOT_FOUND', 'there is no such payment', {
    field: 'id',
    value: '',
    reason: 'unknown',
  });
}

/** The order has another live payment. */
export function duplicateOrder(orderId: string, paymentId: string): Refusal {
  return refuse(
    'DUPLICATE_REQUEST',
    `order ${orderId} has a live payment already, ${paymentId}`,
    { field: 'orderId', value: orderId, reason: 'has a live payment' },
    { field: 'paymentId', value: paymentId, reason: 'the live payment of this order' },
  );
}

/** The payment is in a state that does not allow it. */
function illegal(payment: Payment, why: string): Refusal {
  const status = statusOf(payment);
  return refuse('ILLEGAL_STATE', `the payment is ${status}: ${why}`, {
    field: 'status',
    value: status,
    reason: why,
  });
}

function zeroAmount(): Refusal {
  const reason = 'an amount is above zero';
  return refuse('ZERO_AMOUNT', reason, { field: 'amount', value: '0', reason });
}

function amountOverflow(amount: bigint): Refusal {
  const reason = `the amount of a payment is at most ${MAX_PAYMENT}`;
  return refuse('AMOUNT_OVERFLOW', reason, { field: 'amount', value: String(amount), reason });
}

function currencyUnknown(currency: string): Refusal {
  const reason = 'not an ISO 4217 currency';
  return refuse('CURRENCY_UNKNOWN', reason, { field: 'currency', value: currency, reason });
}

function captureExceeds(payment: Payment, amount: bigint, left: bigint): Refusal {
  const { currency } = payment;
  return refuse(
    'CAPTURE_EXCEEDS_AUTHORIZED',
    `${amount} ${currency} is more than the ${left} ${currency} left to capture`,
    { field: 'amount', value: String(amount), reason: `at most ${left}` },
    { field: 'capturable', value: String(left), reason: 'what is left to capture' },
  );
}

function refundExceeds(payment: Payment, amount: bigint, left: bigint): Refusal {
  const { currency } = payment;
  return refuse(
    'REFUND_EXCEEDS_CAPTURED',
    `${amount} ${currency} is more than the ${left} ${currency} that can be refunded`,
    { field: 'amount', value: String(amount), reason: `at most ${left}` },
    { field: 'refundable', value: String(left), reason: 'what can be refunded' },
  );
}

function tooManyOperations({ id }: Payment): Refusal {
  const reason = `a payment has at most ${MAX_OPERATIONS} operations`;
  return refuse('TOO_MANY_OPERATIONS', reason, { field: 'id', value: id, reason });
}

import type { LedgerEvent } from '../../shared/events/event.js';
import type { Decline, FailureKind, ToldBy, UnknownReason } from '../../shared/events/payment.js';
import {
  capturable,
  isOpen,
  pendingOf,
  refundable,
  uncaptured,
} from '../../shared/payments/amounts.js';
import {
  authorizationEntry,
  authorizationReversal,
  captureEntry,
  lateRefundEntry,
  refundEntry,
  refundRelease,
  refundReservation,
} from '../../shared/payments/journals.js';
import { operationOf, type Operation, type Payment } from '../../shared/payments/payment.js';
import { accepted, refused, REPEATED, type Decision } from './decider.js';
import { refuse } from './refusal.js';

/*
 * What becomes of an operation: the outcome it was waiting for; or, when it has one, the same again,
 * the truth after all, or a contradiction that is written down while the books stand.
 */

type Told = Readonly<{
  operation: string;
  by: ToldBy;
  /** Why a person decided so. */
  reason?: string;
  answer?: string;
}>;

export type ToldDone = Told &
  Readonly<{
    type: 'done';
    amount: bigint;
    currency: string;
    gatewayId: string;
    /** Milliseconds since 1970. */
    expiresAt?: number;
  }>;

export type ToldFailed = Told &
  Readonly<{ type: 'failed'; failure: FailureKind; decline: Decline }>;

export type OutcomeCommand =
  | ToldDone
  | ToldFailed
  /** The call ended without an answer that says yes or no. */
  | Readonly<{ type: 'unknown'; operation: string; reason: UnknownReason; detail: string }>
  /**
   * The gateway was asked, after its own time-out, and does not know the operation. `first`: when it
   * was asked it was not known to have said so before, so that this cannot be the second time.
   */
  | Readonly<{ type: 'not-found'; operation: string; first?: boolean; answer?: string }>;

/** Decides on what was told, or not told, of an operation. */
export function decideOutcome(command: OutcomeCommand, payment: Payment): Decision {
  const operation = operationOf(payment, command.operation);
  if (operation === undefined) return refused(noSuchOperation(command.operation));
  if (isOperator(command) && operation.status !== 'unknown') {
    return refused(notInDoubt(operation, command));
  }
  switch (command.type) {
    case 'unknown': {
      if (operation.status !== 'started') return REPEATED;
      const { operation: id, reason, detail } = command;
      return accepted({ type: 'OutcomeUnknown', data: { operation: id, reason, detail } });
    }
    case 'not-found':
      return decideNotFound(command, payment, operation);
    case 'done':
      return decideDone(command, payment, operation);
    case 'failed':
      return decideFailed(command, payment, operation);
  }
}

function isOperator(command: OutcomeCommand): command is ToldDone | ToldFailed {
  return (command.type === 'done' || command.type === 'failed') && command.by === 'operator';
}

function decideNotFound(
  { first = false, answer }: Extract<OutcomeCommand, { type: 'not-found' }>,
  payment: Payment,
  operation: Operation,
): Decision {
  // What the gateway answered with another amount it knows, whatever it says now.
  if (!isOpen(operation) || operation.unknown?.reason === 'mismatch') return REPEATED;
  if (!operation.notFound) {
    const data = { operation: operation.id, ...(answer === undefined ? {} : { answer }) };
    return accepted({ type: 'OutcomeNotFound', data });
  }
  if (first) return REPEATED;
  return accepted(
    failedEvent(payment, operation, {
      type: 'failed',
      operation: operation.id,
      by: 'inquiry',
      failure: 'not-processed',
      decline: NOT_PROCESSED,
      ...(answer === undefined ? {} : { answer }),
    }),
  );
}

const NOT_PROCESSED: Decline = {
  code: 'not_processed',
  pgCode: '',
  pgMessage: 'asked twice after its own time-out, the gateway does not know the request',
  retryable: true,
};

function decideDone(told: ToldDone, payment: Payment, operation: Operation): Decision {
  if (told.amount !== operation.amount || told.currency !== payment.currency) {
    return decideMismatch(told, payment, operation);
  }
  switch (operation.status) {
    case 'done':
      return REPEATED;
    case 'failed':
      return decideLate(told, payment, operation);
    case 'started':
    case 'unknown':
      // Only a void can find it gone: an earlier one, given up, had been done after all.
      return operation.kind === 'void' && operation.amount !== uncaptured(payment)
        ? puzzled(told, operation, NO_ROOM)
        : accepted(...doneEvents(told, payment, operation));
  }
}

const NO_ROOM = 'the books have no room for it any more';

function decideMismatch(told: ToldDone, payment: Payment, operation: Operation): Decision {
  const detail =
    `asked for ${operation.amount} ${payment.currency}, ` +
    `and the answer speaks of ${told.amount} ${told.currency}`;
  return isOpen(operation)
    ? puzzled(told, operation, detail)
    : contradiction(told, payment, detail);
}

/** It did something, and not what was asked: nobody but a person can say what that means. */
function puzzled(told: ToldDone, operation: Operation, detail: string): Decision {
  if (isOperator(told)) return refused(notAsAsked(operation, detail));
  if (operation.unknown?.reason === 'mismatch') return REPEATED;
  return accepted({
    type: 'OutcomeUnknown',
    data: { operation: operation.id, reason: 'mismatch', detail },
  });
}

function decideFailed(told: ToldFailed, payment: Payment, operation: Operation): Decision {
  switch (operation.status) {
    case 'started':
    case 'unknown':
      return accepted(failedEvent(payment, operation, told));
    case 'failed':
      return REPEATED;
    case 'done':
      return contradiction(told, payment, 'the books have it as done');
  }
}

/**
 * The gateway did it after all. That is the truth if it was asked, or if the operation had only been
 * given up because the gateway did not know it. A bare answer that says the contrary of an earlier
 * answer is not: it is written down, and whoever reads it asks.
 */
function decideLate(told: ToldDone, payment: Payment, operation: Operation): Decision {
  const givenUp = operation.outcome?.failure === 'not-processed';
  if (told.by === 'answer' && !givenUp) {
    return contradiction(told, payment, 'the books have it as failed');
  }
  if (!hasRoom(payment, operation)) {
    return contradiction(told, payment, NO_ROOM);
  }
  if (operation.kind === 'refund') {
    const entry = lateRefundEntry(payment, operation.amount);
    return accepted({ type: 'RefundSucceeded', data: { ...doneData(told, payment), entry } });
  }
  const events = doneEvents(told, payment, operation);
  return operation.kind === 'attempt'
    ? accepted(...events, reversing(payment, operation))
    : accepted(...events);
}

function hasRoom(payment: Payment, { kind, amount }: Operation): boolean {
  switch (kind) {
    case 'attempt':
      return payment.authorized === 0n;
    case 'capture':
      return amount <= capturable(payment) && pendingOf(payment, 'void') === 0n;
    case 'void':
      return amount === uncaptured(payment) && pendingOf(payment, 'capture') === 0n;
    case 'refund':
      return amount <= refundable(payment);
  }
}

/** Why the money of an authorisation that came too late goes back. */
const TOO_LATE = 'authorised after it had been given up';

/** The intent to undo an authorisation that came after the caller was told that there is none. */
function reversing(payment: Payment, { amount }: Operation): LedgerEvent {
  const operation = reversalOf(payment.id);
  if (payment.capture === 'manual') {
    return { type: 'VoidStarted', data: { operation, amount, reason: TOO_LATE } };
  }
  const { orderId } = payment;
  const entry = refundReservation(payment, amount);
  return { type: 'RefundRequested', data: { operation, orderId, amount, reason: TOO_LATE, entry } };
}

/** The operation that undoes an authorisation which came too late. */
export function reversalOf(paymentId: string): string {
  return `${paymentId}-reversal`;
}

function doneEvents(
  told: ToldDone,
  payment: Payment,
  { kind, amount }: Operation,
): readonly LedgerEvent[] {
  const data = doneData(told, payment);
  switch (kind) {
    case 'attempt': {
      const { expiresAt } = told;
      const expiry = expiresAt === undefined ? {} : { expiresAt };
      const authorized: LedgerEvent = {
        type: 'PaymentAuthorized',
        data: { ...data, ...expiry, entry: authorizationEntry(payment, amount) },
      };
      if (payment.capture === 'manual') return [authorized];
      const entry = captureEntry(payment, amount);
      return [
        authorized,
        { type: 'PaymentCaptured', data: { ...bare(data), remaining: 0n, entry } },
      ];
    }
    case 'capture': {
      const remaining = uncaptured(payment) - amount;
      const entry = captureEntry(payment, amount);
      return [{ type: 'PaymentCaptured', data: { ...data, remaining, entry } }];
    }
    case 'void': {
      const entry = authorizationReversal(payment, amount);
      return [{ type: 'PaymentVoided', data: { ...data, entry } }];
    }
    case 'refund': {
      const entry = refundEntry(payment, amount);
      return [{ type: 'RefundSucceeded', data: { ...data, entry } }];
    }
  }
}

type DoneData = ReturnType<typeof doneData>;

function doneData(
  { operation, amount, gatewayId, by, reason, answer }: ToldDone,
  { orderId }: Payment,
) {
  return {
    operation,
    orderId,
    amount,
    gatewayId,
    by,
    ...(reason === undefined ? {} : { reason }),
    ...(answer === undefined ? {} : { answer }),
  };
}

/** Without the answer, which the event before has. */
function bare({ answer: _answer, ...data }: DoneData): Omit<DoneData, 'answer'> {
  return data;
}

function failedEvent(payment: Payment, { kind, amount }: Operation, told: ToldFailed): LedgerEvent {
  const { operation, failure, decline, by, reason, answer } = told;
  const data = {
    operation,
    failure,
    decline,
    by,
    ...(reason === undefined ? {} : { reason }),
    ...(answer === undefined ? {} : { answer }),
  };
  switch (kind) {
    case 'attempt':
      return { type: 'AttemptDeclined', data };
    case 'capture':
      return { type: 'CaptureFailed', data };
    case 'void':
      return { type: 'VoidFailed', data };
    case 'refund': {
      const { orderId } = payment;
      const entry = refundRelease(payment, amount);
      return { type: 'RefundFailed', data: { ...data, orderId, amount, entry } };
    }
  }
}

/** Written down once for what is told of an operation: the same again adds nothing. */
function contradiction(
  { operation, type: told, by, answer }: ToldDone | ToldFailed,
  payment: Payment,
  detail: string,
): Decision {
  const known = payment.contradictions.some(
    (each) => each.operation === operation && each.told === told && each.by === by,
  );
  if (known) return REPEATED;
  const data = { operation, told, by, detail, ...(answer === undefined ? {} : { answer }) };
  return accepted({ type: 'AnswerContradicted', data });
}

function noSuchOperation(id: string) {
  const reason = 'the payment has no such operation';
  return refuse('NOT_FOUND', reason, { field: 'operation', value: id, reason });
}

function notInDoubt({ id, status }: Operation, { type }: ToldDone | ToldFailed) {
  const reason = `it is ${status}, not in doubt, so nobody may say that it is ${type}`;
  return refuse('ILLEGAL_STATE', `operation ${id}: ${reason}`, {
    field: 'operation',
    value: id,
    reason,
  });
}

function notAsAsked({ id }: Operation, reason: string) {
  return refuse('ILLEGAL_STATE', `operation ${id} cannot be said to be done: ${reason}`, {
    field: 'operation',
    value: id,
    reason,
  });
}

import type { DecodedEvent } from '../../shared/events/codec.js';
import type { PaymentEvent, ToldBy } from '../../shared/events/payment.js';
import type { Day } from '../../shared/ledger/day.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import { eventsOfPayment, pageOf, type LogPage, type PageQuery } from './payment.js';
import type { QueryParts } from './parts.js';

/** What brought a change about: a command of a caller, or whoever told of an outcome. */
export const CHANGED_BY = [
  'command',
  'answer',
  'inquiry',
  'operator',
  'clock',
] as const satisfies readonly ('command' | ToldBy)[];

/** One change of a payment. Instants in ms since 1970. */
export type PaymentChange = Readonly<{
  revision: bigint;
  position: bigint;
  recordedAt: number;
  occurredAt: number;
  effectiveDate: Day;
  eventId: string;
  type: PaymentEvent['type'];
  /** The operation it is about, if it is about one. */
  operation: string | null;
  /** Who. */
  actor: string;
  by: (typeof CHANGED_BY)[number];
  why: string;
  /** Null before the first. */
  before: Payment | null;
  after: Payment;
  /** The gateway's answer as it came, masked. */
  answer: string | null;
  commandId: string;
  correlationId: string;
}>;

/**
 * What happened to a payment, change by change: who, when, why, before and after.
 * @throws {QueryRefused} there is no such payment, or a cursor of another question
 */
export async function paymentHistory(
  { log }: QueryParts,
  id: string,
  query: PageQuery,
): Promise<LogPage<PaymentChange>> {
  const { events, position } = await eventsOfPayment(log, id);
  return { ...pageOf(['payment-history', id], changesOf(events), query), position };
}

function changesOf(events: readonly DecodedEvent[]): readonly PaymentChange[] {
  let state: PaymentStream = NO_PAYMENT;
  return events.map((decoded) => {
    const recorded = paymentEventOf(decoded);
    const { event, metadata, revision, position, recordedAt, eventId } = recorded;
    const before: PaymentStream = state;
    const after = evolvePayment(before, recorded);
    if (after.kind !== 'payment') throw new Error(`${event.type} is no change of a payment`);
    state = after;
    return {
      revision,
      position,
      recordedAt,
      occurredAt: metadata.occurredAt ?? recordedAt,
      effectiveDate: metadata.effectiveDate,
      eventId,
      type: event.type,
      operation: 'operation' in event.data ? event.data.operation : null,
      actor: metadata.actor,
      by: byOf(event),
      why: whyOf(event),
      before: before.kind === 'payment' ? before : null,
      after,
      answer: answerOf(event),
      commandId: metadata.commandId,
      correlationId: metadata.correlationId,
    };
  });
}

function byOf(event: PaymentEvent): PaymentChange['by'] {
  switch (event.type) {
    case 'PaymentRequested':
    case 'AttemptStarted':
    case 'CaptureStarted':
    case 'VoidStarted':
    case 'RefundRequested':
    case 'PaymentAbandoned':
      return 'command';
    case 'OutcomeUnknown':
      // Nobody answered: it was found at a start, by the age of the intent.
      return event.data.reason === 'interrupted' ? 'clock' : 'answer';
    case 'OutcomeNotFound':
      return 'inquiry';
    case 'PaymentAuthorized':
    case 'AttemptDeclined':
    case 'PaymentCaptured':
    case 'CaptureFailed':
    case 'PaymentVoided':
    case 'VoidFailed':
    case 'AuthorizationExpired':
    case 'RefundSucceeded':
    case 'RefundFailed':
    case 'AnswerContradicted':
      return event.data.by;
  }
}

/** The reason that was given, else what happened in plain words. */
function whyOf(event: PaymentEvent): string {
  switch (event.type) {
    case 'PaymentRequested':
      return event.data.description ?? 'the payment was requested';
    case 'AttemptStarted':
      return 'the gateway is asked to authorise';
    case 'CaptureStarted':
      return 'the gateway is asked to capture';
    case 'VoidStarted':
      return event.data.reason ?? 'the gateway is asked to void the authorisation';
    case 'RefundRequested':
      return event.data.reason;
    case 'PaymentAuthorized':
      return event.data.reason ?? 'the gateway authorised it';
    case 'PaymentCaptured':
      return event.data.reason ?? 'the gateway captured it';
    case 'PaymentVoided':
      return event.data.reason ?? 'the gateway voided the authorisation';
    case 'RefundSucceeded':
      return event.data.reason ?? 'the gateway refunded it';
    case 'AttemptDeclined':
    case 'CaptureFailed':
    case 'VoidFailed':
    case 'RefundFailed': {
      const { reason, decline } = event.data;
      return reason ?? `${decline.code}: ${decline.pgMessage}`;
    }
    case 'AuthorizationExpired':
      return 'the time to capture ran out';
    case 'OutcomeUnknown':
      return `${event.data.reason}: ${event.data.detail}`;
    case 'OutcomeNotFound':
      return 'the gateway does not know it, and is to be asked again';
    case 'AnswerContradicted':
      return event.data.detail;
    case 'PaymentAbandoned':
      return 'the order went to another payment';
  }
}

function answerOf({ data }: PaymentEvent): string | null {
  return 'answer' in data ? (data.answer ?? null) : null;
}

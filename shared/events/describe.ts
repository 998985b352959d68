import type { DecodedEvent } from './codec.js';
import type { LedgerEvent } from './event.js';

/**
 * The id of the entry that an event carries: the one its poster gave it, else its place in the log,
 * `stream/revision`, because a hold or a payment has one id and several entries.
 */
export function entryIdOf({
  event,
  stream,
  revision,
}: Pick<DecodedEvent, 'event' | 'stream' | 'revision'>): string {
  return event.type === 'EntryPosted' ? event.data.id : `${stream}/${revision}`;
}

/** What an event that moves money is called in a journal: a line for people. */
export function describe(event: LedgerEvent): string {
  switch (event.type) {
    case 'EntryPosted':
    case 'HoldPlaced':
      return event.data.description;
    case 'HoldSettled':
      return `Hold ${event.data.id} settled`;
    case 'HoldReleased':
      return `Hold ${event.data.id} ${event.data.reason}`;
    case 'PaymentAuthorized':
      return `Order ${event.data.orderId}: authorised`;
    case 'PaymentCaptured':
      return `Order ${event.data.orderId}: captured`;
    case 'PaymentVoided':
      return `Order ${event.data.orderId}: authorisation voided`;
    case 'AuthorizationExpired':
      return `Order ${event.data.orderId}: authorisation expired`;
    case 'RefundRequested':
      return `Order ${event.data.orderId}: refund requested`;
    case 'RefundSucceeded':
      return `Order ${event.data.orderId}: refunded`;
    case 'RefundFailed':
      return `Order ${event.data.orderId}: refund failed`;
    case 'AccountDeclared':
    case 'EntryClaimed':
    case 'OrderClaimed':
    case 'PaymentRequested':
    case 'AttemptStarted':
    case 'AttemptDeclined':
    case 'CaptureStarted':
    case 'CaptureFailed':
    case 'VoidStarted':
    case 'VoidFailed':
    case 'OutcomeUnknown':
    case 'OutcomeNotFound':
    case 'AnswerContradicted':
    case 'PaymentAbandoned':
      return '';
  }
}

import type { DeclineCode, GatewayDecline } from '../../ports/payment-gateway.js';

type Reason = readonly [code: DeclineCode, message: string, retryable?: 'retryable'];

/** The simulator's own codes: what it says when it does not do what it is asked for. */
const REASONS = {
  CARD_DECLINED: ['card_declined', 'the issuer declined the card'],
  INSUFFICIENT_FUNDS: ['insufficient_funds', 'there is not enough money', 'retryable'],
  EXPIRED_CARD: ['expired_card', 'the card has expired'],
  NO_SUCH_TOKEN: ['invalid_number', 'there is no such means of payment'],
  FAILED_ON_PURPOSE: ['processing_error', 'the token asks for this to fail', 'retryable'],
  BAD_REFERENCE: ['processing_error', 'a reference is 1 to 64 of A-Z a-z 0-9 . _ -'],
  BAD_AMOUNT: ['invalid_amount', 'an amount is above zero and at most 2^63-1'],
  BAD_CURRENCY: ['unsupported_feature', 'this currency is not supported'],
  REFERENCE_REUSED: ['processing_error', 'this reference was used for something else'],
  AMOUNT_CHANGED: ['invalid_amount', 'this reference was used with another amount'],
  NO_SUCH_AUTHORIZATION: ['processing_error', 'there is no such authorisation'],
  CURRENCY_DIFFERS: ['invalid_amount', 'the authorisation is in another currency'],
  AUTHORIZATION_EXPIRED: ['processing_error', 'the authorisation has expired'],
  AUTHORIZATION_VOIDED: ['processing_error', 'the authorisation was voided'],
  ALREADY_CAPTURED: ['processing_error', 'what is captured cannot be voided'],
  ABOVE_AUTHORIZED: ['invalid_amount', 'more than is authorised and not captured'],
  NOT_THE_WHOLE: ['invalid_amount', 'a void gives back the whole authorisation'],
  ABOVE_CAPTURED: ['invalid_amount', 'more than is captured and not refunded'],
  REMAINING_DIFFERS: ['invalid_amount', 'less would remain refundable than was expected'],
} as const satisfies Record<string, Reason>;

export type DeclineName = keyof typeof REASONS;

/** The reason in full. */
export function declineOf(name: DeclineName): GatewayDecline {
  const [code, pgMessage, retryable]: Reason = REASONS[name];
  return { code, pgCode: name, pgMessage, retryable: retryable !== undefined };
}

/** Whether a text, read from the book, is one of the codes. */
export function isDeclineName(text: string): text is DeclineName {
  return Object.hasOwn(REASONS, text);
}

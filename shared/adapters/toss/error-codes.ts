import type { DeclineCode } from '../../ports/payment-gateway.js';

/*
 * The error codes of Toss Payments' API v1 and what each says about our request. Source: Toss
 * Payments' documentation, "API error codes" (docs.tosspayments.com/reference/error-codes), the
 * lists of payment confirmation, payment cancellation and idempotency keys, version 2022-11-16 and
 * later. A line here is data: a new code is a new line.
 *
 * A code is a no only if it says that nothing was done. "Already done", "in progress", "an error
 * happened" and "try again" do not say that of our request, and are `unknown`.
 */

type Meaning =
  | Readonly<{ kind: 'declined' | 'refused'; code: DeclineCode; retryable: boolean }>
  | Readonly<{ kind: 'unknown' }>;

type Row = readonly [
  kind: 'declined' | 'refused',
  code: DeclineCode,
  retryable: boolean,
  tossCodes: string,
];

const NO: readonly Row[] = [
  // Decisions about a payment.
  ['declined', 'card_declined', false, 'REJECT_CARD_COMPANY INVALID_STOPPED_CARD INVALID_CARD'],
  ['declined', 'card_declined', false, 'INVALID_CARD_IDENTITY INVALID_CARD_COMPANY FDS_ERROR'],
  ['declined', 'card_declined', false, 'REJECT_TOSSPAY_INVALID_ACCOUNT USER_ACCOUNT_ON_HOLD'],
  ['declined', 'card_declined', false, 'INVALID_ACCOUNT_INFO_RE_REGISTER'],
  ['declined', 'card_declined', true, 'RESTRICTED_TRANSFER_ACCOUNT EXCEED_MAX_DAILY_PAYMENT_COUNT'],
  ['declined', 'card_declined', true, 'EXCEED_MAX_PAYMENT_AMOUNT EXCEED_MAX_ONE_DAY_AMOUNT'],
  ['declined', 'card_declined', true, 'EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT'],
  ['declined', 'card_declined', true, 'EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT'],
  ['declined', 'insufficient_funds', true, 'REJECT_CARD_PAYMENT REJECT_ACCOUNT_PAYMENT'],
  ['declined', 'call_issuer', false, 'INVALID_REJECT_CARD EXCEED_MAX_AUTH_COUNT'],
  ['declined', 'pickup_card', false, 'INVALID_CARD_LOST_OR_STOLEN'],
  ['declined', 'invalid_expiry_date', false, 'INVALID_CARD_EXPIRATION'],
  ['declined', 'incorrect_number', false, 'INVALID_CARD_NUMBER'],
  ['declined', 'incorrect_pin', false, 'INVALID_PASSWORD INVALID_CARD_PASSWORD'],
  ['declined', 'invalid_amount', false, 'BELOW_MINIMUM_AMOUNT EXCEED_MAX_AMOUNT'],
  ['declined', 'invalid_amount', false, 'EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT'],
  ['declined', 'invalid_amount', false, 'EXCEEDS_TRANSFER_AMOUNT_MAXIMUM'],
  ['declined', 'unsupported_feature', false, 'NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT'],
  ['declined', 'unsupported_feature', false, 'NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN'],
  ['declined', 'unsupported_feature', false, 'INVALID_CARD_INSTALLMENT_PLAN NOT_ALLOWED_POINT_USE'],
  ['declined', 'unsupported_feature', false, 'EXCEED_MAX_CARD_INSTALLMENT_PLAN'],
  ['declined', 'unsupported_feature', false, 'NOT_ALLOWED_INSTALLMENT_BELOW_AMOUNT'],
  ['declined', 'unsupported_feature', false, 'NOT_SUPPORTED_CARD_TYPE NOT_SUPPORTED_METHOD'],
  ['declined', 'processing_error', true, 'NOT_AVAILABLE_PAYMENT NOT_AVAILABLE_BANK'],
  ['declined', 'processing_error', true, 'MAINTAINED_METHOD'],
  // The buyer broke off, or the ten minutes between approving and confirming ran out.
  ['declined', 'not_processed', false, 'NOT_FOUND_PAYMENT_SESSION PAY_PROCESS_ABORTED'],
  ['declined', 'not_processed', false, 'PAY_PROCESS_CANCELED'],

  // Decisions about a refund.
  ['declined', 'invalid_amount', false, 'NOT_CANCELABLE_AMOUNT EXCEED_CANCEL_LIMIT'],
  [
    'declined',
    'invalid_amount',
    false,
    'EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT INVALID_REFUND_AMOUNT',
  ],
  ['declined', 'invalid_amount', false, 'NOT_MATCHES_REFUNDABLE_AMOUNT'],
  ['declined', 'unsupported_feature', false, 'NOT_ALLOWED_PARTIAL_REFUND'],
  ['declined', 'unsupported_feature', false, 'NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT'],
  ['declined', 'call_issuer', false, 'REFUND_REJECTED'],
  ['declined', 'processing_error', false, 'NOT_CANCELABLE_PAYMENT EXCEED_MAX_REFUND_DUE'],
  ['declined', 'processing_error', false, 'NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER'],
  ['declined', 'processing_error', false, 'INVALID_REFUND_ACCOUNT_INFO INVALID_BANK'],
  ['declined', 'processing_error', false, 'INVALID_REFUND_ACCOUNT_NUMBER NOT_ALLOWED_REFUND_BANK'],
  ['declined', 'processing_error', false, 'FORBIDDEN_BANK_REFUND_REQUEST'],
  ['declined', 'processing_error', true, 'EXCEED_MAX_REFUND_AMOUNT'],

  // What is wrong lies with us, or with our contract.
  ['refused', 'duplicate_order', false, 'DUPLICATED_ORDER_ID'],
  ['refused', 'invalid_amount', false, 'BELOW_ZERO_AMOUNT REQUIRED_AMOUNT'],
  ['refused', 'unsupported_feature', false, 'INVALID_CURRENCY NOT_SUPPORTED_USD'],
  ['refused', 'unsupported_feature', false, 'NOT_SUPPORTED_PROCESS NOT_SUPPORTED_REFUND'],
  ['refused', 'config_error', false, 'UNAUTHORIZED_KEY INVALID_API_KEY INVALID_AUTHORIZE_AUTH'],
  ['refused', 'config_error', false, 'INCORRECT_BASIC_AUTH_FORMAT API_VERSION_UPDATE_NEEDED'],
  ['refused', 'config_error', false, 'NOT_FOUND_TERMINAL_ID NOT_FOUND_MERCHANT'],
  ['refused', 'config_error', false, 'NOT_FOUND_MERCHANT_INTEGRATION NOT_REGISTERED_BUSINESS'],
  ['refused', 'config_error', false, 'INVALID_UNREGISTERED_SUBMALL NOT_REGISTERED_SUBMALL'],
  ['refused', 'processing_error', false, 'INVALID_REQUEST INVALID_REQUIRED_PARAM INVALID_ORDER_ID'],
  ['refused', 'processing_error', false, 'INVALID_PAYMENT_KEY INVALID_IDEMPOTENCY_KEY'],
  ['refused', 'processing_error', false, 'UNAPPROVED_ORDER_ID FORBIDDEN_REQUEST NOT_FOUND'],
  ['refused', 'processing_error', false, 'NOT_FOUND_PAYMENT'],
];

const UNKNOWN =
  'ALREADY_PROCESSED_PAYMENT ALREADY_COMPLETED_PAYMENT ALREADY_CANCELED_PAYMENT ' +
  'ALREADY_REFUND_PAYMENT ALREADY_REFUNDING_PAYMENT DUPLICATED_REQUEST ' +
  'IDEMPOTENT_REQUEST_PROCESSING FORBIDDEN_CONSECUTIVE_REQUEST PROVIDER_ERROR ' +
  'CARD_PROCESSING_ERROR COMMON_ERROR UNKNOWN_ERROR UNKNOWN_PAYMENT_ERROR ' +
  'FAILED_INTERNAL_SYSTEM_PROCESSING FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING ' +
  'FAILED_METHOD_HANDLING FAILED_METHOD_HANDLING_CANCEL FAILED_REFUND_PROCESS ' +
  'FAILED_PARTIAL_REFUND FAILED_CLOSED_ACCOUNT_REFUND FAILED_DB_PROCESSING';

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...NO.flatMap(([kind, code, retryable, tossCodes]) =>
    tossCodes.split(' ').map((tossCode) => [tossCode, { kind, code, retryable }] as const),
  ),
  ...UNKNOWN.split(' ').map((tossCode) => [tossCode, { kind: 'unknown' }] as const),
]);

/** Every code of the table. */
export const TOSS_CODES: readonly string[] = [...MEANINGS.keys()];

/** What an error code of Toss says about our request. Undefined: it is not in the table. */
export function meaningOf(tossCode: string): Meaning | undefined {
  return MEANINGS.get(tossCode);
}

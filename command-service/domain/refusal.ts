import type { EntryRefusal } from '../../shared/ledger/entry.js';

/** Why the ledger says no. The HTTP layer maps each code to a status; see docs/reference/errors. */
export type RefusalCode =
  | 'UNBALANCED'
  | 'TOO_FEW_LEGS'
  | 'TOO_MANY_LEGS'
  | 'ZERO_AMOUNT'
  | 'AMOUNT_OVERFLOW'
  | 'ACCOUNT_MALFORMED'
  | 'ACCOUNT_UNKNOWN'
  | 'ACCOUNT_EXISTS'
  /** The account is moved by holds only. */
  | 'ACCOUNT_RESERVED'
  | 'CURRENCY_UNKNOWN'
  /** The code allows other currencies only. */
  | 'CURRENCY_NOT_ALLOWED'
  | 'EFFECTIVE_DATE_OUT_OF_RANGE'
  | 'INSUFFICIENT_BALANCE'
  /** One entry may reduce one guarded account; two take holds. */
  | 'MULTIPLE_GUARDED_ACCOUNTS'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'REQUEST_IN_PROGRESS'
  | 'ALREADY_REVERSED'
  | 'NOT_FOUND'
  | 'HOLD_EXPIRED'
  | 'HOLD_CLOSED'
  | 'ACCOUNT_NOT_GUARDED'
  | 'CAPTURE_EXCEEDS_AUTHORIZED'
  | 'REFUND_EXCEEDS_CAPTURED'
  /** The payment is not in a state in which this can be done. */
  | 'ILLEGAL_STATE'
  /** The order has another live payment; or, by the merchant's policy, the key was used before. */
  | 'DUPLICATE_REQUEST'
  /** The gateway cannot authorise without capturing. */
  | 'CAPTURE_MODE_UNSUPPORTED'
  /** A payment holds so many operations and no more. */
  | 'TOO_MANY_OPERATIONS'
  /** No gateway is configured for this, or its circuit is open; nothing was stored. */
  | 'GATEWAY_UNAVAILABLE'
  /** Others were first, again and again; nothing was stored, the same command may be sent again. */
  | 'CONTENTION';

export type FieldError = Readonly<{ field: string; value: string; reason: string }>;

export type Refusal = Readonly<{
  code: RefusalCode;
  message: string;
  errors: readonly FieldError[];
}>;

/** Makes a refusal. */
export function refuse(
  code: RefusalCode,
  message: string,
  ...errors: readonly FieldError[]
): Refusal {
  return { code, message, errors };
}

/** The refusal of legs that are no entry. */
export function refuseEntry(why: EntryRefusal): Refusal {
  const value = 'value' in why ? why.value : '';
  return refuse(why.code, why.reason, { field: why.field, value, reason: why.reason });
}

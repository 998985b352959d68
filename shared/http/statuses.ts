/** Every code of an answer that is not a success, and the HTTP status it travels with. */
export const STATUS_OF = {
  // The request itself is wrong.
  VALIDATION_FAILED: 400,
  MALFORMED_JSON: 400,
  IDEMPOTENCY_KEY_REQUIRED: 400,
  ACCOUNT_MALFORMED: 400,
  EFFECTIVE_DATE_OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  // It meets something else.
  ACCOUNT_EXISTS: 409,
  ALREADY_REVERSED: 409,
  HOLD_CLOSED: 409,
  HOLD_EXPIRED: 409,
  REQUEST_IN_PROGRESS: 409,
  REVISION_MISMATCH: 412,
  // A rule of the books says no.
  ACCOUNT_NOT_GUARDED: 422,
  ACCOUNT_RESERVED: 422,
  ACCOUNT_UNKNOWN: 422,
  AMOUNT_OVERFLOW: 422,
  CURRENCY_NOT_ALLOWED: 422,
  CURRENCY_UNKNOWN: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  INSUFFICIENT_BALANCE: 422,
  MULTIPLE_GUARDED_ACCOUNTS: 422,
  TOO_FEW_LEGS: 422,
  TOO_MANY_LEGS: 422,
  UNBALANCED: 422,
  ZERO_AMOUNT: 422,
  // Not the caller's fault.
  INTERNAL_ERROR: 500,
  CONTENTION: 503,
  NOT_READY: 503,
  READ_MODEL_BEHIND: 503,
  STORE_UNAVAILABLE: 503,
  STORAGE_FULL: 507,
} as const satisfies Readonly<Record<string, number>>;

/** A code of {@link STATUS_OF}. */
export type Code = keyof typeof STATUS_OF;

const RETRY_AFTER_SECONDS: ReadonlyMap<Code, number> = new Map<Code, number>([
  ['REQUEST_IN_PROGRESS', 1],
  ['CONTENTION', 1],
  ['NOT_READY', 1],
  ['READ_MODEL_BEHIND', 1],
  ['STORE_UNAVAILABLE', 1],
  ['STORAGE_FULL', 30],
]);

/** Seconds after which asking again makes sense, where it does. */
export function retryAfter(code: Code): number | undefined {
  return RETRY_AFTER_SECONDS.get(code);
}

import type { Code } from './statuses.js';

/** What is wrong with one field. `field` is a path like `legs[0].amount`, or a header's name. */
export type FieldError = Readonly<{ field: string; value: string; reason: string }>;

/**
 * A request is answered with a code of the status table. It is thrown, because a refusal at the
 * edge ends the request wherever in reading it it is found.
 */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  constructor(
    readonly code: Code,
    message: string,
    readonly errors: readonly FieldError[] = [],
    /** Further headers of the answer, as name, value, name, value. */
    readonly headers: readonly string[] = [],
  ) {
    super(message);
  }
}

/** One field of the request is wrong. */
export function invalid(field: string, value: string, reason: string): HttpRefusal {
  return new HttpRefusal('VALIDATION_FAILED', `${field}: ${reason}`, [{ field, value, reason }]);
}

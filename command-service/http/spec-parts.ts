import { COMMAND_BYTES } from '../../shared/http/route.js';
import type { Code } from '../../shared/http/statuses.js';

/* What the specs of several commands have in common. */

/** A command. */
export const POSTED = { method: 'POST', limit: COMMAND_BYTES } as const;

/** A command that moves money. */
export const KEYED = { ...POSTED, headers: ['Idempotency-Key'] } as const;

/** A command that moves money of something that has a revision. */
export const KEYED_AND_MATCHED = { ...POSTED, headers: ['Idempotency-Key', 'If-Match'] } as const;

/** Refusals of every command with a key. */
export const IDEMPOTENCY: readonly Code[] = [
  'IDEMPOTENCY_KEY_REQUIRED',
  'IDEMPOTENCY_KEY_REUSED',
  'REQUEST_IN_PROGRESS',
  'CONTENTION',
];

import { z } from 'zod';
import {
  accountCode,
  accountId,
  accountType,
  amount,
  currency,
  day,
  digits,
  entryId,
  instant,
  labels,
  moment,
  side,
  text,
} from '../../shared/http/fields.js';
import { MAX_LEGS } from '../../shared/ledger/entry.js';

/** Most entries of one batch. */
const MAX_BATCH = 10_000;

const floor = z
  .union([z.string().regex(/^(?:0|-?[1-9]\d{0,18})$/), z.int()], {
    error: 'is a whole number of minor units, which may be negative',
  })
  .transform((given) => BigInt(given))
  .refine((units) => units >= -(2n ** 63n) && units < 2n ** 63n, { error: 'fits 64 bits' })
  .meta({ description: 'Lowest balance on the normal side, in minor units. Default "0".' });

export const declareAccountBody = z.strictObject({
  code: accountCode,
  name: text(200).describe('For people.'),
  type: accountType,
  guarded: z.boolean().exactOptional().describe('No account below the code may go under `floor`.'),
  floor: floor.exactOptional(),
  currencies: z
    .array(currency)
    .max(200)
    .exactOptional()
    .describe('The only currencies allowed below the code. Default: any.'),
});

const leg = z.strictObject({ account: accountId, side, amount, currency });

const entryFields = {
  effectiveDate: day
    .exactOptional()
    .describe('Accounting day. Default: today in the time zone of the ledger.'),
  description: text(500).describe('For people.'),
  // The ledger itself says how many; this only bounds the work before it is asked.
  legs: z
    .array(leg)
    .max(MAX_LEGS * 4)
    .describe('Two or more; debits equal credits per currency.'),
  occurredAt: instant.exactOptional().describe('When it happened. Default: when it is recorded.'),
  metadata: labels.exactOptional(),
};

export const postEntryBody = z.strictObject(entryFields);
export const batchEntry = z.strictObject({ id: entryId, ...entryFields });
export const batchBody = z.strictObject({
  entries: z.array(batchEntry).min(1).max(MAX_BATCH),
});

/** A batch before its entries are looked at: each stands or falls alone. */
export const batchEnvelope = z.strictObject({
  entries: z
    .array(z.unknown())
    .min(1, { error: 'holds at least one entry' })
    .max(MAX_BATCH, { error: `holds at most ${MAX_BATCH} entries` }),
});

/** To name an entry that is not valid. */
export const entryWithId = z.looseObject({ id: z.string() });

export const reversalBody = z.strictObject({
  reason: text(500).describe('Why; it becomes the description of the new entry.'),
  effectiveDate: day.exactOptional().describe('Default: today in the time zone of the ledger.'),
});

export const placeHoldBody = z.strictObject({
  account: accountId,
  amount,
  currency,
  expiresAt: instant.describe('From then on the hold can only be released.'),
  description: text(500),
});

export const settleHoldBody = z.strictObject({
  to: accountId.describe('The account that gets the money.'),
  amount: amount.exactOptional().describe('Default: all that is held. The rest goes back.'),
});

export const entryParams = z.strictObject({ id: entryId });
export const holdParams = z.strictObject({ account: accountId, id: entryId });

/* Answers. */

export const declared = z.strictObject({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  type: accountType,
  guarded: z.boolean(),
  floor: digits,
  currencies: z.array(z.string()),
  position: digits,
});

export const posted = z.strictObject({
  id: z.string(),
  stream: z.string(),
  revision: digits,
  position: digits,
  recordedAt: moment,
  effectiveDate: z.string().meta({ format: 'date' }),
});

export const held = z.strictObject({
  id: z.string(),
  account: z.string(),
  status: z.enum(['held', 'settled', 'released', 'expired']),
  amount: digits,
  currency: z.string(),
  expiresAt: moment.nullable(),
  stream: z.string(),
  revision: digits,
  position: digits,
  recordedAt: moment,
});

export const batchResult = z.strictObject({
  id: z.string().nullable(),
  status: z.enum(['accepted', 'duplicate', 'rejected']),
  position: digits.exactOptional(),
  code: z.string().exactOptional(),
  message: z.string().exactOptional(),
});

export const batchAnswer = z.strictObject({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  position: digits.nullable(),
  results: z.array(batchResult),
});

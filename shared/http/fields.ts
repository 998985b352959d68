import { z } from 'zod';
import { ACCOUNT_TYPES, isAccountCode, isAccountId, type AccountId } from '../ledger/account.js';
import { isDay, type Day } from '../ledger/day.js';
import { MAX_AMOUNT, parseMinorUnits } from '../ledger/money.js';
import { hasCardNumber } from '../mask.js';

/*
 * The fields that several routes share. Each is at once the check, the type and the description.
 */

const EARLIEST = Date.UTC(1900, 0, 1);
const END_OF_9999 = Date.UTC(10_000, 0, 1);

/** Control characters, and halves of surrogate pairs, which UTF-8 cannot carry. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * An amount of minor units: a string of digits or a whole JSON number. A batch has thousands of
 * them, so that it is one check and not a union of several.
 */
export const amount = z
  .custom<string | number>((given) => amountOf(given) !== undefined, {
    error:
      `is a whole number of minor units, at most ${MAX_AMOUNT}: a string of digits, or a JSON ` +
      'integer below 2^53',
  })
  .transform((given) => BigInt(given))
  .meta({
    anyOf: [
      { type: 'string', pattern: '^(?:0|[1-9]\\d{0,18})$' },
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    ],
    description: 'Minor units (won, cents, fils) as digits.',
    examples: ['50000'],
  });

function amountOf(given: unknown): bigint | undefined {
  if (typeof given === 'string') return parseMinorUnits(given);
  return Number.isSafeInteger(given) ? parseMinorUnits(String(given)) : undefined;
}

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'is three capital letters of ISO 4217' })
  .meta({ description: 'ISO 4217 code.', examples: ['KRW'] });

export const accountId = z
  .custom<AccountId>((text) => typeof text === 'string' && isAccountId(text), {
    error: 'is code or code:owner, segments of A-Z a-z 0-9 . _ -, at most 128 characters',
  })
  .meta({
    type: 'string',
    maxLength: 128,
    pattern: '^[A-Za-z0-9._-]+(?::[A-Za-z0-9._-]+)*$',
    description: 'Account: `code` or `code:owner[:…]`.',
    examples: ['2010:seller-7'],
  });

export const accountCode = z
  .custom<string>((text) => typeof text === 'string' && isAccountCode(text), {
    error: 'is A-Z a-z 0-9 . _ -, at most 128 characters',
  })
  .meta({
    type: 'string',
    maxLength: 128,
    pattern: '^[A-Za-z0-9._-]+$',
    description: 'Code of the chart.',
    examples: ['2110'],
  });

export const accountType = z.enum(ACCOUNT_TYPES).meta({ description: 'Kind of account.' });

export const side = z.enum(['debit', 'credit']).meta({ description: 'Side of the leg.' });

export const day = z
  .custom<Day>((text) => typeof text === 'string' && isDay(text), {
    error: 'is a day of the calendar, YYYY-MM-DD',
  })
  .meta({ type: 'string', format: 'date', examples: ['2026-03-31'] });

/** An RFC 3339 instant as ms since 1970; from 1900 to 9999, so that it can be written again. */
export const instant = z.iso
  .datetime({ offset: true, error: 'is an instant with offset, 2026-03-31T09:00:00+09:00' })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= EARLIEST && ms < END_OF_9999, { error: 'is from 1900 to 9999' })
  .meta({ format: 'date-time', examples: ['2026-03-31T09:00:00+09:00'] });

/** The caller's own id of an entry. */
export const entryId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, { error: 'is 1 to 64 of A-Z a-z 0-9 . _ : -' })
  .meta({ description: 'Id of an entry.', examples: ['order-1001-capture'] });

/** A text for people: no control characters, and nothing that looks like a card number. */
export function text(maxLength: number): z.ZodType<string> {
  return z
    .custom<string>((given) => whyNoText(given, maxLength) === undefined, {
      error: ({ input }) => whyNoText(input, maxLength),
    })
    .meta({ type: 'string', minLength: 1, maxLength });
}

function whyNoText(given: unknown, maxLength: number): string | undefined {
  if (typeof given !== 'string') return 'is a text';
  if (given === '') return 'is not empty';
  if (given.length > maxLength) return `is at most ${maxLength} characters`;
  if (UNPRINTABLE.test(given)) return 'has no control characters';
  return hasCardNumber(given) ? 'looks like a card number, which is never stored here' : undefined;
}

const MAX_LABELS = 50;

export const labels = z
  .record(text(64), text(500))
  .refine((given) => Object.keys(given).length <= MAX_LABELS, {
    error: `has at most ${MAX_LABELS} labels`,
  })
  .meta({ description: "The caller's own labels. No secrets, no card numbers." });

/** Nothing is asked for. */
export const nothing = z.strictObject({});

/* What answers are made of. */

export const digits = z
  .string()
  .meta({ pattern: '^-?\\d+$', description: 'A whole number as text.', examples: ['50000'] });
export const moment = z.string().meta({ format: 'date-time' });

import { z } from 'zod';
import { isAccountId, type AccountId } from '../ledger/account.js';
import { isCurrency, type Currency } from '../ledger/currency.js';
import { isDay, type Day } from '../ledger/day.js';
import { isEntry, journalEntry, type JournalEntry, type LegInput } from '../ledger/entry.js';
import type { RecordedEvent } from '../ports/event-store.js';
import { EventUndecodable } from './upcast.js';

/* What the codecs of several events are made of. */

/** A signed integer as a decimal string. */
export const integer = z
  .string()
  .regex(/^(?:0|-?[1-9]\d{0,39})$/)
  .transform((text) => BigInt(text));

// The formats are for whoever compares the shapes: a check of our own says nothing about itself.
export const accountId = z
  .custom<AccountId>((text) => typeof text === 'string' && isAccountId(text))
  .meta({ format: 'account-id' });
export const currency = z
  .custom<Currency>((text) => typeof text === 'string' && isCurrency(text))
  .meta({ format: 'currency' });
export const day = z
  .custom<Day>((text) => typeof text === 'string' && isDay(text))
  .meta({ format: 'day' });

export const entry = z
  .strictObject({
    legs: z.array(
      z.strictObject({
        account: z.string(),
        side: z.enum(['debit', 'credit']),
        amount: integer,
        currency: z.string(),
      }),
    ),
  })
  .transform((wire, context): JournalEntry => {
    const made = journalEntry(wire.legs satisfies LegInput[]);
    if (isEntry(made)) return made;
    context.addIssue({ code: 'custom', message: `${made.code}: ${made.reason}` });
    return z.NEVER;
  });

/** JSON text of an entry. Account ids, sides, currencies and digits need no escapes. */
export function encodeEntry({ legs }: JournalEntry): string {
  let text = '';
  for (const { account, side, amount, currency: code } of legs) {
    if (text !== '') text += ',';
    text += `{"account":"${account}","side":"${side}","amount":"${amount}","currency":"${code}"}`;
  }
  return `{"legs":[${text}]}`;
}

/**
 * Checks data by the schema of its type.
 * @throws {EventUndecodable} it has another shape
 */
export function parse<T>(recorded: RecordedEvent, schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new EventUndecodable(recorded.position, z.prettifyError(parsed.error));
}

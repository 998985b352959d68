import { z } from 'zod';
import {
  accountId,
  accountType,
  currency,
  day,
  digits,
  instant,
  moment,
  side,
} from '../../shared/http/fields.js';
import type { AsOf } from '../queries/answers.js';

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 50;
const MAX_POSITION = 2n ** 63n - 1n;

/** A position or revision: digits that fit 64 bits. */
export const position = z
  .string()
  .regex(/^\d{1,19}$/, { error: 'is a number of the log, in digits' })
  .transform((text) => BigInt(text))
  .refine((number) => number <= MAX_POSITION, { error: 'fits 64 bits' });

const limit = z
  .string()
  .regex(/^(?:[1-9]\d{0,2})$/, { error: `is 1 to ${MAX_LIMIT}` })
  .transform(Number)
  .refine((number) => number <= MAX_LIMIT, { error: `is 1 to ${MAX_LIMIT}` })
  .meta({
    type: 'integer',
    minimum: 1,
    maximum: MAX_LIMIT,
    pattern: undefined,
    description: `How many, 1 to ${MAX_LIMIT}. Default ${DEFAULT_LIMIT}.`,
  });

/** A statement's cursor holds a balance for each currency of the account. */
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_=-]{1,8000}$/, { error: 'is a cursor of an earlier answer' })
  .meta({ description: '`nextCursor` of the answer before.' });

export const paging = { limit: limit.default(DEFAULT_LIMIT), cursor: cursor.exactOptional() };

type Known = NonNullable<AsOf['known']>;

const known = z
  .string()
  .transform((text, context): Known => {
    const [, number] = /^position:(\d{1,19})$/.exec(text) ?? [];
    const parsed = number === undefined ? instant.safeParse(text) : position.safeParse(number);
    if (parsed.success) {
      const { data } = parsed;
      return typeof data === 'bigint' ? { position: data } : { instant: data };
    }
    context.addIssue({
      code: 'custom',
      input: text,
      message: 'is an instant like 2026-03-31T09:00:00+09:00, or position:N',
    });
    return z.NEVER;
  })
  .meta({ description: 'As known then: an RFC 3339 instant, or `position:N`. Default: now.' });

export const asOfFields = {
  effective: day.exactOptional().describe('Facts up to the end of this day. Default: all.'),
  known: known.exactOptional(),
};

const prefix = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, { error: 'is how an account id begins' })
  .meta({ description: 'Only accounts whose ids begin so.' });

/* Questions. */

export const accountParams = z.strictObject({ id: accountId });
export const entryParams = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._:/-]{1,256}$/, { error: 'is the id of an entry' })
    .meta({
      description: 'Id of the entry; of a hold, `stream/revision` with the slash as %2F.',
      examples: ['order-1001'],
    }),
});
export const streamParams = z.strictObject({
  stream: z
    .string()
    .regex(/^[A-Za-z0-9._:/-]{1,256}$/, { error: 'is the name of a stream' })
    .meta({
      description: 'Name of the stream; of a hold, `hold-account/id` with the slash as %2F.',
      examples: ['entry-order-1001'],
    }),
});
export const traceParams = z.strictObject({
  correlationId: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,64}$/, { error: 'is 1 to 64 of A-Z a-z 0-9 . _ : -' })
    .meta({ examples: ['5ed0bf715e0a398e3fee2d575bb1228f'] }),
});

export const asOfQuery = z.strictObject(asOfFields);
export const trialBalanceQuery = z.strictObject({ ...asOfFields, prefix: prefix.exactOptional() });
export const accountsQuery = z.strictObject({
  type: accountType.exactOptional(),
  prefix: prefix.exactOptional(),
  ...paging,
});
export const statementQuery = z.strictObject({
  from: day.exactOptional().describe('First effective day.'),
  to: day.exactOptional().describe('Last effective day.'),
  known: known.exactOptional(),
  currency: currency.exactOptional(),
  limit: limit.exactOptional(),
  cursor: cursor.exactOptional(),
});
export const journalQuery = z.strictObject({
  after: position.exactOptional().describe('Entries recorded after this position.'),
  account: accountId.exactOptional(),
  ...paging,
});
export const eventsQuery = z.strictObject({
  after: position.default(0n).describe('Events after this position. Default: from the start.'),
  limit: limit.exactOptional(),
  cursor: position.exactOptional().describe('`nextCursor` of the answer before.'),
});
export const streamQuery = z.strictObject({
  from: position.exactOptional().describe('First revision.'),
  to: position.exactOptional().describe('Last revision.'),
  limit: limit.default(DEFAULT_LIMIT),
  cursor: position.exactOptional().describe('`nextCursor` of the answer before.'),
});

/** Items of a page whose limit was left out. */
export const PAGE_LIMIT = DEFAULT_LIMIT;
/** Items read at a time where everything is asked for. */
export const LARGEST_PAGE = MAX_LIMIT;

/* Answers. */

const date = z.string().meta({ format: 'date' });

export const asOfAnswer = z.strictObject({
  effective: date.nullable(),
  known: z.string().nullable(),
  position: digits,
});

const balanceFields = {
  currency: z.string(),
  debits: digits,
  credits: digits,
  balance: digits.describe("On the normal side of the account's type."),
};
const balance = z.strictObject(balanceFields);

export const balancesAnswer = z.strictObject({
  account: z.string(),
  balances: z.array(balance),
  asOf: asOfAnswer,
});

export const trialBalanceAnswer = z.strictObject({
  rows: z.array(
    z.strictObject({ account: z.string(), name: z.string(), type: accountType, ...balanceFields }),
  ),
  totals: z.array(z.strictObject({ currency: z.string(), debits: digits, credits: digits })),
  asOf: asOfAnswer,
});

/** A page of items. */
export function page<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<
  { items: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> },
  z.core.$strict
> {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const statementItem = z.strictObject({
  effectiveDate: date,
  position: digits,
  recordedAt: moment,
  entryId: z.string(),
  description: z.string(),
  side,
  amount: digits,
  currency: z.string(),
  balance: digits.describe('After this item.'),
  stream: z.string(),
});

export const statementAnswer = z.strictObject({
  account: z.string(),
  opening: z.array(balance),
  items: z.array(statementItem),
  closing: z.array(balance),
  nextCursor: z.string().nullable(),
  asOf: asOfAnswer,
});

export const accountsAnswer = page(
  z.strictObject({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    type: accountType,
    guarded: z.boolean(),
  }),
);

export const journalItem = z.strictObject({
  id: z.string(),
  stream: z.string(),
  revision: digits,
  position: digits,
  recordedAt: moment,
  effectiveDate: date,
  occurredAt: moment,
  description: z.string(),
  reverses: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  legs: z.array(
    z.strictObject({ account: z.string(), side, amount: digits, currency: z.string() }),
  ),
});
export const journalAnswer = page(journalItem);

export const eventItem = z.strictObject({
  eventId: z.string(),
  stream: z.string(),
  revision: digits,
  position: digits,
  type: z.string(),
  schemaVersion: z.int().nullable(),
  occurredAt: moment.nullable(),
  effectiveDate: date.nullable(),
  recordedAt: moment,
  actor: z.string().nullable(),
  commandId: z.string().nullable(),
  correlationId: z.string().nullable(),
  causationId: z.string().nullable(),
  data: z.unknown().meta({ description: '`data.entry.legs` wherever money moves.' }),
  undecodable: z.string().exactOptional().describe('Why this program cannot read it.'),
});
export const eventsAnswer = page(eventItem);

const traceNode = z.strictObject({
  event: eventItem,
  children: z.array(z.unknown()).describe('Nodes like this one: what the event led to.'),
});
export const traceAnswer = z.strictObject({
  correlationId: z.string(),
  roots: z.array(traceNode),
  events: z.int(),
  truncated: z.boolean(),
});

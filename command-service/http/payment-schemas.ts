import { z } from 'zod';
import { amount, currency, digits, entryId, labels, text } from '../../shared/http/fields.js';
import { SECRET } from '../../shared/http/issues.js';
import { paymentFields } from '../../shared/http/payment.js';
import { hasCardNumber } from '../../shared/mask.js';

const SOME_ID = '5f0d9a7e-6c1b-5d3a-9e4f-0a1b2c3d4e5f';
const NO_CARD = 'looks like a card number, which is never stored here';

/** An id that is some letters, digits and marks, and no card number in disguise. */
function idOf(pattern: RegExp, says: string): z.ZodString {
  return z
    .string()
    .superRefine((given, context) => {
      const card = isCard(given);
      if (pattern.test(given) && !card) return;
      context.addIssue({
        code: 'custom',
        message: card ? NO_CARD : says,
        ...(card ? { params: SECRET } : {}),
      });
    })
    .meta({ pattern: pattern.source });
}

/** Also one spelled with other marks than blanks and hyphens between its digits. */
function isCard(given: string): boolean {
  return hasCardNumber(given) || (!/\p{L}/u.test(given) && hasCardNumber(given.replace(/\D/g, '')));
}

const orderId = idOf(/^[A-Za-z0-9._:-]{1,64}$/, 'is 1 to 64 of A-Z a-z 0-9 . _ : -').meta({
  description: "The merchant's order. It has one live payment at most.",
  examples: ['order-1001'],
});

const sellerId = idOf(/^[A-Za-z0-9._-]{1,64}$/, 'is 1 to 64 of A-Z a-z 0-9 . _ -').meta({
  description: 'Whose money it is. It becomes a part of account ids.',
  examples: ['seller-7'],
});

const TOKEN = /^[A-Za-z0-9._:~/+=-]{1,200}$/;

/** Whoever sends something else than a token may have sent what must not be repeated. */
const token = z
  .custom<string>((given) => typeof given === 'string' && TOKEN.test(given) && !isCard(given), {
    error: 'is a token of the gateway, 1 to 200 of A-Z a-z 0-9 . _ : ~ / + = -; no card number',
    params: SECRET,
  })
  .meta({
    type: 'string',
    pattern: TOKEN.source,
    description: "The gateway's token for a means of payment. Never a card number.",
    examples: ['tok_ok'],
  });

export const authorizeBody = z.strictObject({
  orderId,
  sellerId,
  amount,
  currency,
  method: z.strictObject({ type: z.literal('card'), token }),
  capture: z
    .enum(['manual', 'auto'])
    .exactOptional()
    .describe('`auto`: captured with the authorisation. Default: `manual`.'),
  description: text(500).exactOptional().describe('For people.'),
  metadata: labels.exactOptional(),
});

const allThatIsLeft = amount.exactOptional().describe('Minor units. Default: all that is left.');

export const captureBody = z.strictObject({ amount: allThatIsLeft });
export const voidBody = z.strictObject({ reason: text(500).exactOptional() });
export const refundBody = z.strictObject({ amount: allThatIsLeft, reason: text(500) });
export const refundAliasBody = z.strictObject({
  amount: allThatIsLeft,
  reason: text(500).exactOptional().describe('Default: `refund`.'),
});

export const resolutionBody = z.strictObject({
  operation: entryId.meta({
    description: 'Id of what is in doubt.',
    examples: [`${SOME_ID}-1`],
  }),
  outcome: z.enum(['done', 'failed']),
  reason: text(500).describe('Why you are sure.'),
  gatewayId: text(200).exactOptional().describe("The gateway's own id of it, where known."),
});

const paymentId = entryId.meta({ description: 'Id of a payment.', examples: [SOME_ID] });

export const paymentParams = z.strictObject({ id: paymentId });
export const aliasParams = z.strictObject({ paymentId });

/* Answers. */

const operation = z.string().describe('Id of what was asked of the gateway.');

const sentFields = { ...paymentFields, operation };
const oneOperation = paymentFields.refunds.element;

export const sentPayment = z.strictObject(sentFields);

/** `capture` is the mode of the payment already. */
export const sentCapture = z.strictObject({ ...sentFields, captureOperation: oneOperation });
export const sentRefund = z.strictObject({ ...sentFields, refund: oneOperation });

/** What the aliases call the statuses: three of their own, and ours where they have none. */
const aliasStatus = z.enum(['REQUESTED', 'COMPLETED', 'REFUNDED', 'VOIDED', 'DECLINED', 'EXPIRED']);

export const aliasPayment = z.strictObject({
  paymentId: z.string(),
  amount: digits.describe('Of the payment.'),
  ...sentFields,
  status: aliasStatus,
});

export const newKey = z.strictObject({ key: z.uuid() });

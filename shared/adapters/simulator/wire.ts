import { z } from 'zod';
import { maskCardNumbers } from '../../mask.js';
import {
  DECLINE_CODES,
  type GatewayDone,
  type GatewayFailed,
  type InquiryAnswer,
} from '../../ports/payment-gateway.js';

/*
 * What goes between the simulator as a process and its client: the port's own shapes as JSON, with
 * amounts as strings of digits.
 */

/** An answer of the simulator, without the text it came in. */
type Told<Answer> = Answer extends { raw: string } ? Omit<Answer, 'raw'> : never;

/** What a call is answered when it is answered. */
export type CallBody = Told<GatewayDone> | Told<GatewayFailed>;

/** What an inquiry is answered when it is answered. */
export type InquiryBody = Told<InquiryAnswer>;

/** How much of an answer is kept. */
const RAW_LENGTH = 2_000;

const OUTAGES = ['none', 'dead', 'silent', 'mute'] as const;

/**
 * What is wrong with the simulator as a whole. `dead`: it cannot serve. `silent`: nothing that is
 * sent arrives, and no answer comes. `mute`: it does what it is asked for, and no answer comes.
 */
export type Outage = (typeof OUTAGES)[number];

const text = z.string().max(1_000);
/** What a gateway says in its own words. */
const words = text.transform(maskCardNumbers);
const units = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,18})$/)
  .transform((digits) => BigInt(digits));

const request = {
  reference: text,
  paymentId: text,
  orderId: text,
  amount: units,
  currency: text,
  token: text,
};
const followUp = { ...request, authorization: text };

export const authorizeSchema = z.strictObject({
  ...request,
  sellerId: text,
  capture: z.boolean(),
  description: text.exactOptional(),
});
export const followUpSchema = z.strictObject(followUp);
export const refundSchema = z.strictObject({ ...followUp, reason: text, remaining: units });
export const inquirySchema = z.strictObject({
  ...request,
  kind: z.enum(['authorize', 'capture', 'void', 'refund']),
  capture: z.boolean(),
  authorization: text.exactOptional(),
});
export const outageSchema = z.strictObject({ mode: z.enum(OUTAGES) });

const done = z.strictObject({
  kind: z.literal('done'),
  gatewayId: text.min(1),
  amount: units,
  currency: text,
  occurredAt: z.int(),
  expiresAt: z.int().exactOptional(),
});
const failed = z.strictObject({
  kind: z.enum(['declined', 'refused']),
  decline: z.strictObject({
    code: z.enum(DECLINE_CODES),
    pgCode: words,
    pgMessage: words,
    retryable: z.boolean(),
  }),
});
const noOutcome = z.strictObject({ kind: z.enum(['not-found', 'pending', 'expired']) });

export const callBodySchema = z.discriminatedUnion('kind', [done, failed]);
export const inquiryBodySchema = z.discriminatedUnion('kind', [done, failed, noOutcome]);

/** One operation in the simulator's book, as `/records` tells it. */
export const recordSchema = z.strictObject({
  reference: text,
  kind: z.enum(['authorize', 'capture', 'void', 'refund']),
  paymentId: text,
  gatewayId: text,
  authorization: text,
  captures: z.boolean(),
  amount: units,
  currency: text,
  decline: text.exactOptional(),
  occurredAt: z.int(),
  meanwhile: z.enum(['not-found', 'pending']).exactOptional(),
  expiresAt: z.int().exactOptional(),
  captured: units,
  voided: units,
  refunded: units,
});

/** JSON, with amounts as strings of digits. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  );
}

/** An answer as it came, fit to be stored: card numbers unreadable, and no longer than allowed. */
export function rawOf(answer: string): string {
  return maskCardNumbers(answer).slice(0, RAW_LENGTH);
}

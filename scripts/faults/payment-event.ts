import { z } from 'zod';
import type { LogEvent } from './log-event.js';

const units = z
  .string()
  .regex(/^\d+$/)
  .transform((digits) => BigInt(digits));

/** An event of a payment as `GET /v1/events` shows it, as far as the checks look at it. */
const paymentEvent = z.object({
  revision: z.string(),
  position: z.string(),
  type: z.string(),
  actor: z.string(),
  recordedAt: z.string().transform((text) => Date.parse(text)),
  data: z.object({
    id: z.string().optional(),
    orderId: z.string().optional(),
    sellerId: z.string().optional(),
    currency: z.string().optional(),
    amount: units.optional(),
    capture: z.string().optional(),
    operation: z.string().optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
    failure: z.string().optional(),
    decline: z.object({ pgCode: z.string() }).optional(),
  }),
});

/** `payment`: the id of the payment whose stream it is in. */
export type PaymentLogEvent = z.output<typeof paymentEvent> & Readonly<{ payment: string }>;

const PREFIX = 'payment-';

/** The event as one of a payment; undefined when it is in another stream. */
export function asPaymentEvent({ stream, text }: LogEvent): PaymentLogEvent | undefined {
  if (!stream.startsWith(PREFIX)) return undefined;
  return { ...paymentEvent.parse(JSON.parse(text)), payment: stream.slice(PREFIX.length) };
}

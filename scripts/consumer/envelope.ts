import { z } from 'zod';
import type { DeliveredMessage } from '../../shared/ports/event-bus.js';

const digits = z.string().regex(/^\d{1,40}$/);

/** What this consumer relies on. Fields it does not know are none of its business: there may be new ones. */
const envelope = z.object({
  eventId: z.string().min(1),
  type: z.string(),
  position: digits.transform((text) => BigInt(text)),
  data: z.unknown(),
});

export type Envelope = z.infer<typeof envelope>;

/** @throws ZodError or SyntaxError when it is no message of the relay */
export function envelopeOf({ value }: DeliveredMessage): Envelope {
  return envelope.parse(JSON.parse(value));
}

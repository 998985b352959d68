import { z } from 'zod';
import { DEAD_LETTERS } from '../../projection-service/relay/topics.js';
import type { BusMessage, DeliveredMessage, EventBus } from '../../shared/ports/event-bus.js';

/** Of a message a consumer could not handle. `value` null: it was too large to be repeated here. */
const messageLetter = z.object({
  kind: z.literal('message'),
  group: z.string(),
  topic: z.string(),
  key: z.string(),
  value: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  place: z.string(),
  reason: z.string(),
  attempts: z.int(),
});

export type MessageLetter = z.infer<typeof messageLetter>;

/** The letter in a message of the dead-letter topic; undefined: it is of another kind. */
export function messageLetterOf({ value }: DeliveredMessage): MessageLetter | undefined {
  const parsed = messageLetter.safeParse(jsonOf(value));
  return parsed.success ? parsed.data : undefined;
}

/** Why a message could not be handled, and how often that was tried. */
export type Failure = Readonly<{ group: string; reason: string; attempts: number }>;

/**
 * Puts a message among the dead letters, whole, so that it can be sent again.
 * @throws {BusUnavailable} try again later
 */
export async function buryMessage(
  bus: EventBus,
  message: DeliveredMessage,
  failure: Failure,
): Promise<void> {
  const { topic, key, value, headers, place } = message;
  const letter: MessageLetter = {
    kind: 'message',
    ...failure,
    topic,
    key,
    value,
    headers: { ...headers },
    place,
  };
  const [whole] = await bus.publish([sent(letter)]);
  if (whole?.kind === 'published') return;
  // Its place in its topic is left.
  const [short] = await bus.publish([sent({ ...letter, value: null })]);
  if (short?.kind !== 'published') throw new Error(`the dead letter of ${place} is not taken`);
}

function sent(letter: MessageLetter): BusMessage {
  const { eventId, type, position } = letter.headers;
  return {
    topic: DEAD_LETTERS,
    key: letter.key,
    value: JSON.stringify(letter),
    headers: {
      group: letter.group,
      ...(eventId === undefined ? {} : { eventId }),
      ...(type === undefined ? {} : { type }),
      ...(position === undefined ? {} : { position }),
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

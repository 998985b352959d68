import { DEAD_LETTERS } from '../../projection-service/relay/topics.js';
import type { DeliveredMessage, EventBus } from '../../shared/ports/event-bus.js';
import { messageLetterOf, type MessageLetter } from './dead-letter.js';

/** Who reads dead letters to send them again; the letters of each group on their own. */
const requeueGroup = (group: string): string => `${group}.requeue`;

/**
 * What came of requeueing. `lost`: places of messages that were not sent: too large to have been kept
 * whole, or no longer taken by their topic.
 */
export type Requeued = Readonly<{ sent: number; lost: readonly string[] }>;

/**
 * Sends the messages that a group could not handle to their topics again, each once, until the
 * signal aborts. Other groups see them again too, and know them by their ids.
 * @param onLetter called for every letter, of whatever kind
 * @throws {BusUnavailable} the bus was closed
 */
export async function requeue(
  bus: EventBus,
  group: string,
  signal: AbortSignal,
  onLetter: () => void = () => undefined,
): Promise<Requeued> {
  let sent = 0;
  const lost: string[] = [];
  const handle = async (messages: readonly DeliveredMessage[]): Promise<void> => {
    for (const message of messages) {
      const letter = messageLetterOf(message);
      if (letter?.group === group) {
        if (await sendAgain(bus, letter)) sent++;
        else lost.push(letter.place);
      }
      onLetter();
    }
  };
  await bus.consume({ topics: [DEAD_LETTERS], group: requeueGroup(group) }, handle, signal);
  return { sent, lost };
}

async function sendAgain(bus: EventBus, letter: MessageLetter): Promise<boolean> {
  const { topic, key, value, headers } = letter;
  if (value === null) return false;
  const [result] = await bus.publish([{ topic, key, value, headers }]);
  return result?.kind === 'published';
}

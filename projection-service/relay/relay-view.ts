import type { DecodedEvent } from '../../shared/events/codec.js';
import type { EventBus } from '../../shared/ports/event-bus.js';
import type { View } from '../view.js';
import { messagesOf } from './envelope.js';

/** The name of the relay's checkpoint, and in rows of parked events. */
export const RELAY = 'relay';

/** Told how many messages of a topic were published. */
export type OnPublished = (topic: string, messages: number) => void;

/**
 * The relay, as a view: it has no rows, and to fold events is to publish them. So it is run as views
 * are: one batch after the other, its checkpoint committed once a batch is out, a second one fenced,
 * and a stream whose event is not taken parked with all that comes after.
 * @param first what has to be done before anything is published
 */
export function relayView(
  bus: EventBus,
  onPublished: OnPublished = () => undefined,
  first: () => Promise<void> = () => Promise.resolve(),
): View {
  const fold = async (events: readonly DecodedEvent[]) => {
    await first();
    await publish(bus, events, onPublished);
    return [];
  };
  return { name: RELAY, tables: [], undecodable: 'park', open: () => ({ fold }) };
}

/** @throws {BusUnavailable} @throws Error when a message is not taken: with one event, that one */
async function publish(
  bus: EventBus,
  events: readonly DecodedEvent[],
  onPublished: OnPublished,
): Promise<void> {
  const messages = events.flatMap(messagesOf);
  if (messages.length === 0) return;
  const results = await bus.publish(messages);
  const counts = new Map<string, number>();
  let refusal: string | undefined;
  for (const [index, result] of results.entries()) {
    const topic = messages[index]?.topic ?? '';
    if (result.kind === 'published') counts.set(topic, (counts.get(topic) ?? 0) + 1);
    else if (result.kind !== 'behind') refusal ??= `${topic} does not take it: ${result.reason}`;
  }
  for (const [topic, count] of counts) onPublished(topic, count);
  if (refusal !== undefined) throw new NotTaken(refusal);
}

/** A topic does not take a message, now or ever. */
class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

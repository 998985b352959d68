/**
 * Where integration events go: topics that others consume. It promises no more than Kafka can keep:
 * messages of one topic and key arrive in the order they were first published, each at least once,
 * so whoever consumes must know a message again.
 */
export interface EventBus {
  /**
   * Publishes messages in the given order and answers, one result for each, when every broker in
   * sync has them. Calls are carried out one after the other.
   *
   * After a message that was not taken, later ones of its topic and key in the same call are not
   * sent: they are `behind`.
   *
   * @throws {BusUnavailable} any part of them may have been published, or may yet be: publish all of
   * them again, before anything that comes after them
   */
  publish(messages: readonly BusMessage[]): Promise<readonly PublishResult[]>;

  /**
   * Hands the messages of these topics to `handle`, in order within a key, one call at a time, until
   * the signal aborts. Consumers of one group share the messages; a new group begins with the oldest
   * there are. What was handed out when a consumer ended or lost its share comes again.
   *
   * Outages are waited out. What `handle` throws ends the consumption and is thrown here; what it
   * was given comes again to the next consumer of the group.
   *
   * @throws {BusUnavailable} the bus was closed
   */
  consume(subscription: Subscription, handle: MessageHandler, signal: AbortSignal): Promise<void>;

  /** Ends what is under way. Never takes longer than a few seconds. */
  close(): Promise<void>;
}

/** Headers are short texts beside the value, which can be read without decoding it. */
export type BusMessage = Readonly<{
  topic: string;
  key: string;
  value: string;
  headers: Readonly<Record<string, string>>;
}>;

/** `place` says where in the topic it lies, for reports. */
export type DeliveredMessage = BusMessage & Readonly<{ place: string }>;

/**
 * `too-large` and `refused`: no attempt will ever succeed as long as nothing is changed. `behind`:
 * not sent, because one before it was not taken.
 */
export type PublishResult =
  | Readonly<{ kind: 'published' }>
  | Readonly<{ kind: 'too-large' | 'refused'; reason: string }>
  | Readonly<{ kind: 'behind' }>;

export type Subscription = Readonly<{ topics: readonly string[]; group: string }>;

export type MessageHandler = (messages: readonly DeliveredMessage[]) => Promise<void>;

/** The bus cannot be reached, or what became of a call is not known. Try again later. */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
}

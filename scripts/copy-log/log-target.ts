import type { EventStore, RecordedEvent } from '../../shared/ports/event-store.js';

/** A log to copy from. */
export type LogSource = Pick<EventStore, 'head' | 'readAll'>;

/** A log to copy into. */
export interface LogTarget extends LogSource {
  /**
   * Appends the next events of the log in the order given, each with its id, its texts, its revision
   * and the time it was recorded; positions are the target's own. Durable when it answers. When it
   * fails, the first of them may be stored, but none without those before it.
   *
   * @param after position of the target's last event
   */
  extend(after: bigint, events: readonly RecordedEvent[]): Promise<Extended>;
}

/** A conflict: the target holds something else than it was taken to hold. */
export type Extended =
  Readonly<{ kind: 'extended'; head: bigint }> | Readonly<{ kind: 'conflict'; reason: string }>;

import { decodeEvent, type DecodedEvent } from '../shared/events/codec.js';
import { EventUndecodable } from '../shared/events/upcast.js';
import type { RecordedEvent } from '../shared/ports/event-store.js';

/** An event of the log as views see it: decoded once, however many of them read it. */
export class LogItem {
  #decoded: DecodedEvent | EventUndecodable | undefined;

  constructor(readonly recorded: RecordedEvent) {}

  /** The event, or why it cannot be read. */
  decoded(): DecodedEvent | EventUndecodable {
    this.#decoded ??= tryDecode(this.recorded);
    return this.#decoded;
  }
}

/** The events of the log after one position, up to and with the last. */
export class LogBatch {
  readonly #items: readonly LogItem[];
  /** Position of the last event. */
  readonly upTo: bigint;

  constructor(
    readonly after: bigint,
    events: readonly RecordedEvent[],
  ) {
    const last = events.at(-1);
    if (last === undefined) throw new Error('a batch has events');
    this.#items = events.map((event) => new LogItem(event));
    this.upTo = last.position;
  }

  /** Can a view with this checkpoint go on with this batch, leaving nothing out? */
  continues(checkpoint: bigint): boolean {
    return this.after <= checkpoint && checkpoint < this.upTo;
  }

  /** The items above a checkpoint. */
  above(checkpoint: bigint): readonly LogItem[] {
    if (checkpoint === this.after) return this.#items;
    return this.#items.filter((item) => item.recorded.position > checkpoint);
  }
}

function tryDecode(recorded: RecordedEvent): DecodedEvent | EventUndecodable {
  try {
    return decodeEvent(recorded);
  } catch (error) {
    if (error instanceof EventUndecodable) return error;
    throw error;
  }
}

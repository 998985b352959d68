import type { RecordedEvent } from '../../ports/event-store.js';

const MOST_EVENTS = 16_384;
/** Of data and metadata, as characters. */
const MOST_TEXT = 16 * 1024 * 1024;

/** The last events of the log in order, as many as memory is given for. */
export class RecentEvents {
  readonly #events: RecordedEvent[] = [];
  #text = 0;
  #from = 0n;

  begin(position: bigint): void {
    this.#from = position;
  }

  /** All events after this position are held. */
  get from(): bigint {
    return this.#from;
  }

  get last(): bigint {
    return this.#events.at(-1)?.position ?? this.#from;
  }

  push(event: RecordedEvent): void {
    this.#events.push(event);
    this.#text += textOf(event);
    if (this.#events.length > MOST_EVENTS || this.#text > MOST_TEXT) this.#forgetHalf();
  }

  after(position: bigint, limit: number): readonly RecordedEvent[] {
    const start = this.#indexAfter(position);
    return this.#events.slice(start, start + limit);
  }

  /** So many events up to the one at a position; undefined: that one is not held. */
  upTo(position: bigint, count: number): readonly RecordedEvent[] | undefined {
    const end = this.#indexAfter(position);
    if (this.#events[end - 1]?.position !== position) return undefined;
    return this.#events.slice(Math.max(end - count, 0), end);
  }

  #forgetHalf(): void {
    const forgotten = this.#events.splice(0, Math.ceil(this.#events.length / 2));
    this.#from = forgotten.at(-1)?.position ?? this.#from;
    for (const event of forgotten) this.#text -= textOf(event);
  }

  /** Index of the first event after a position. */
  #indexAfter(position: bigint): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = this.#events[middle];
      if (event !== undefined && event.position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function textOf({ data, metadata }: RecordedEvent): number {
  return data.length + metadata.length;
}

import type { LoggedEvent } from './asking.js';

/** The part of a system that its answers are compared by. */
export type Side = Readonly<{ events: readonly LoggedEvent[] }>;

type Place = Readonly<{ number: number; exact: boolean; beyond: bigint }>;

/** Positions and times of a log, as numbers of its events. */
export class LogNumbers {
  #read = 0;
  readonly #at = new Map<string, number[]>();

  constructor(private readonly side: Side) {}

  /** How many events are at or below a position, and how far it is above the last of them all. */
  of(position: bigint): Place {
    const { events } = this.side;
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.position ?? position) <= position) low = middle + 1;
      else high = middle;
    }
    const at = events[low - 1]?.position ?? 0n;
    return {
      number: low,
      exact: at === position,
      beyond: low === events.length ? position - at : 0n,
    };
  }

  /** Numbers of the events recorded then. */
  at(time: string): readonly number[] {
    const { events } = this.side;
    for (; this.#read < events.length; this.#read++) {
      const { recordedAt = '' } = events[this.#read] ?? {};
      this.#at.set(recordedAt, [...(this.#at.get(recordedAt) ?? []), this.#read]);
    }
    return this.#at.get(time) ?? [];
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';

type Timer = Readonly<{ due: number; run: () => void }>;

/** Time that moves when a test moves it, with what was to be run at its instants. */
export class VirtualTime {
  now: number;
  readonly #timers = new Set<Timer>();

  constructor(now: number) {
    this.now = now;
  }

  readonly clock = (): number => this.now;

  readonly wait = (milliseconds: number, run: () => void): (() => void) => {
    const timer = { due: this.now + milliseconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How many things are still to be run. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets everything go on that does not wait for time: nothing here does any real work. */
  async settle(): Promise<void> {
    await nextTurn();
  }

  /** Moves on by so many ms; what is due on the way runs at its own instant, in order. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds;
    await this.settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.due);
      next.run();
      await this.settle();
    }
    this.now = until;
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= until && (first === undefined || timer.due < first.due)) first = timer;
    }
    return first;
  }
}

/** Time that stands still until it is moved. */
export class ManualTime {
  #now = 1_000_000;
  readonly #sleepers = new Set<Readonly<{ due: number; wake: () => void }>>();
  #asleep: (() => void) | undefined;

  readonly clock = (): number => this.#now;

  /** Resolves when the time has come, or the signal aborts. */
  readonly pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = {
        due: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
      this.#asleep?.();
    });

  /** Moves on by so many ms, as soon as somebody sleeps, and wakes whose time has come. */
  async advance(ms: number): Promise<void> {
    await this.asleep();
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.due <= this.#now) sleeper.wake();
  }

  /** Resolves when somebody sleeps. */
  async asleep(): Promise<void> {
    if (this.#sleepers.size > 0) return;
    await new Promise<void>((resolve) => {
      this.#asleep = resolve;
    });
    this.#asleep = undefined;
  }
}

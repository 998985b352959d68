/** Lets only so many be under way at once; whoever comes then waits, in the order they came. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /**
   * @param most how many may be under way
   * @param patienceMs how long one waits for its turn
   * @param refusal what is thrown at one that has waited for so long
   */
  constructor(
    most: number,
    private readonly patienceMs: number,
    private readonly refusal: () => Error,
  ) {
    this.#free = most;
  }

  /** Does the work when its turn has come. @throws the refusal: then the work was not begun */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(this.refusal());
      }, this.patienceMs);
      this.#waiting.add(begin);
    });
  }

  /** To the one that waits longest, or back. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

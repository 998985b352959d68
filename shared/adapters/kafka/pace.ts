const MOST_ROUND_BYTES = 8 * 1024 * 1024;
const SLOWEST = 8;
/** So many rounds in a row have to go well before more is dared again. */
const CONFIDENCE = 50;

/**
 * How much is sent at once, and how long an answer may take. On a link too slow for what is sent in
 * the time allowed, everything would be sent again and again; so each time an answer does not come,
 * less is sent and more time is given.
 */
export class Pace {
  #slowness = 1;
  #successes = 0;

  constructor(private readonly normalMs: number) {}

  /** Most bytes of messages to send at once. */
  get roundBytes(): number {
    return Math.floor(MOST_ROUND_BYTES / this.#slowness ** 2);
  }

  /** Milliseconds a round may take. */
  get answerMs(): number {
    return this.normalMs * this.#slowness;
  }

  succeeded(): void {
    this.#successes++;
    if (this.#successes < CONFIDENCE) return;
    this.#successes = 0;
    this.#slowness = Math.max(1, this.#slowness / 2);
  }

  noAnswer(): void {
    this.#successes = 0;
    this.#slowness = Math.min(SLOWEST, this.#slowness * 2);
  }
}

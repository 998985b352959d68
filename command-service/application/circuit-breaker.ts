/** `half-open`: a probe is on its way, and its outcome decides. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export type CircuitOptions = Readonly<{
  /** How many of the last calls are looked at. Default: 20. */
  window?: number;
  /** The share of failed calls from which it opens, above 0, at most 1. Default: 0.5. */
  threshold?: number;
  /** With fewer calls than this within the span it never opens. Default: 20. */
  minimumCalls?: number;
  /** Older calls no longer count. Milliseconds; default: 30,000. */
  spanMs?: number;
  /** How long it stays open before it lets a probe through. Milliseconds; default: 5,000. */
  openMs?: number;
  /** How many calls are let through when half open, all of which must succeed. Default: 1. */
  probes?: number;
}>;

type Call = Readonly<{ at: number; failed: boolean }>;

/**
 * Keeps calls away from a gateway that does not answer. Closed, it lets every call through and
 * watches the last ones; open, it lets none through; half open, a few probes, whose outcome closes
 * it or opens it again. Pure: time, in milliseconds since 1970, is an argument.
 */
export class CircuitBreaker {
  readonly #options: Required<CircuitOptions>;
  #state: CircuitState = 'closed';
  #calls: Call[] = [];
  /** When it opened, or, half open, when the first of the probes was let through. */
  #since = 0;
  #probes = 0;
  #succeeded = 0;

  /** @throws {RangeError} when an option makes no sense */
  constructor(options: CircuitOptions = {}) {
    const { window = 20, threshold = 0.5, minimumCalls = 20 } = options;
    const { spanMs = 30_000, openMs = 5_000, probes = 1 } = options;
    if (threshold <= 0 || threshold > 1) throw new RangeError(`threshold ${threshold}`);
    if (minimumCalls < 1 || window < minimumCalls) {
      throw new RangeError(`a window of ${window} never holds ${minimumCalls} calls`);
    }
    if (probes < 1 || spanMs <= 0 || openMs <= 0) {
      throw new RangeError(`${probes} probes, span ${spanMs} ms, open ${openMs} ms`);
    }
    this.#options = { window, threshold, minimumCalls, spanMs, openMs, probes };
  }

  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Whether a call may be made. Ask once per call: half open, a yes is one of the probes' turns.
   * @returns undefined: yes; else in how many milliseconds, above zero, to ask again
   */
  retryAfterMs(now: number): number | undefined {
    if (this.#state === 'closed') return undefined;
    // A clock set back must not keep it shut for longer than it was meant to be.
    if (now < this.#since) this.#since = now;
    if (this.#state === 'half-open' && this.#probes < this.#options.probes) {
      this.#probes += 1;
      return undefined;
    }
    const wait = this.#since + this.#options.openMs - now;
    if (wait > 0) return wait;
    // Also when half open: a probe whose outcome nobody reported is given up.
    this.#state = 'half-open';
    this.#since = now;
    this.#probes = 1;
    this.#succeeded = 0;
    return undefined;
  }

  /** A call that might have been made was not made after all: half open, its turn is another's. */
  unused(): void {
    if (this.#state === 'half-open' && this.#probes > 0) this.#probes -= 1;
  }

  /** The gateway answered a call, with a yes or a no. */
  succeeded(now: number): void {
    switch (this.#state) {
      case 'closed':
        this.#record({ at: now, failed: false });
        return;
      case 'half-open':
        this.#succeeded += 1;
        if (this.#succeeded >= this.#options.probes) this.#close();
        return;
      case 'open':
        // A call from before it opened: what counts now is the probe.
        return;
    }
  }

  /** The gateway did not answer a call, or not so that it could be understood. */
  failed(now: number): void {
    switch (this.#state) {
      case 'closed':
        this.#record({ at: now, failed: true });
        if (this.#tooMany(now)) this.#open(now);
        return;
      case 'half-open':
        this.#open(now);
        return;
      case 'open':
        return;
    }
  }

  #record(call: Call): void {
    this.#calls.push(call);
    if (this.#calls.length > this.#options.window) this.#calls.shift();
  }

  #tooMany(now: number): boolean {
    const { spanMs, minimumCalls, threshold } = this.#options;
    const recent = this.#calls.filter((call) => call.at > now - spanMs);
    const failed = recent.filter((call) => call.failed).length;
    return recent.length >= minimumCalls && failed >= threshold * recent.length;
  }

  #open(now: number): void {
    this.#state = 'open';
    this.#since = now;
    this.#calls = [];
  }

  #close(): void {
    this.#state = 'closed';
    this.#calls = [];
  }
}

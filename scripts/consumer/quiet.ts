import { setTimeout as timeout } from 'node:timers/promises';
import { BusUnavailable } from '../../shared/ports/event-bus.js';

/** Without anything new for so long, all there was has been read. */
const QUIET_MS = 5_000;
/** So many times that long a group may take to be joined: a member that was killed is waited for. */
const PATIENCE = 6;

/**
 * Tells when a consumer has read all there was: nothing has come for a while, though it was in its
 * group. While it is not, silence means nothing.
 */
export class Quiet {
  #changes = 0;
  #isJoined = false;

  /** @param pause waits so many ms; default: a timer */
  constructor(private readonly pause: (ms: number) => Promise<unknown> = timeout) {}

  /** Something has come. */
  stir(): void {
    this.#changes++;
  }

  /** The consumer has joined its group, or lost it. */
  joined(isJoined: boolean): void {
    this.#isJoined = isJoined;
    this.#changes++;
  }

  /** @throws {BusUnavailable} the group could not be joined in half a minute */
  async reached(): Promise<void> {
    for (let outside = 0; outside < PATIENCE; outside = this.#isJoined ? 0 : outside + 1) {
      const before = this.#changes;
      await this.pause(QUIET_MS);
      if (this.#isJoined && this.#changes === before) return;
    }
    throw new BusUnavailable('the brokers do not let us read: not all dead letters were');
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '../../ports/event-store.js';

/** Events a subscription hands over at once, at most. */
const SUBSCRIPTION_BATCH = 1000;
const BUSY_WAIT_MS = 2;
const IDLE_WAIT_MS = 20;

/**
 * Follows the log by looking again and again, which also sees what other processes append. A look
 * costs a few microseconds; the longer nothing comes, the rarer they are.
 */
export async function* follow(
  readAfter: (after: bigint, limit: number) => readonly RecordedEvent[],
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  let position = after;
  let wait = BUSY_WAIT_MS;
  while (!signal.aborted) {
    const events = readAfter(position, SUBSCRIPTION_BATCH);
    const last = events.at(-1);
    if (last === undefined) {
      await pause(wait, signal);
      wait = Math.min(wait * 2, IDLE_WAIT_MS);
      continue;
    }
    yield events;
    position = last.position;
    wait = BUSY_WAIT_MS;
    // While catching up, let others on this thread have their turn too.
    if (events.length === SUBSCRIPTION_BATCH) await nextTurn();
    else await pause(wait, signal);
  }
}

/** Waits, but not longer than the signal. Does not keep the process alive. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}

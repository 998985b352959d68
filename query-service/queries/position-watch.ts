import { QueryRefused } from './answers.js';

/** How often the views are asked while somebody waits, in milliseconds. */
const POLL_MS = 5;

type Waiter = Readonly<{
  position: bigint;
  deadline: number;
  resolve: (reached: bigint) => void;
  reject: (error: unknown) => void;
}>;

/** Lets reads wait until the views have come to a position; all who wait share one poll. */
export class PositionWatch {
  private readonly waiters = new Set<Waiter>();
  private polling = false;

  /** @param read the position the views have come to */
  constructor(private readonly read: () => Promise<bigint>) {}

  /**
   * Answers with the position reached, as soon as it is at least `position`.
   * @throws {QueryRefused} READ_MODEL_BEHIND when that takes longer than `timeoutMs`
   */
  async reached(position: bigint, timeoutMs: number): Promise<bigint> {
    const now = await this.read();
    if (now >= position) return now;
    return new Promise((resolve, reject) => {
      this.waiters.add({ position, deadline: performance.now() + timeoutMs, resolve, reject });
      this.poll();
    });
  }

  private poll(): void {
    if (this.polling || this.waiters.size === 0) return;
    this.polling = true;
    setTimeout(() => {
      this.read()
        .then(
          (reached) => this.answer(reached),
          (error: unknown) => this.fail(error),
        )
        .finally(() => {
          this.polling = false;
          this.poll();
        });
    }, POLL_MS);
  }

  private answer(reached: bigint): void {
    const now = performance.now();
    for (const waiter of this.waiters) {
      if (reached < waiter.position && now < waiter.deadline) continue;
      this.waiters.delete(waiter);
      if (reached >= waiter.position) waiter.resolve(reached);
      else waiter.reject(behind(waiter.position, reached));
    }
  }

  private fail(error: unknown): void {
    for (const waiter of this.waiters) waiter.reject(error);
    this.waiters.clear();
  }
}

function behind(position: bigint, reached: bigint): QueryRefused {
  return new QueryRefused(
    'READ_MODEL_BEHIND',
    'X-Min-Position',
    String(position),
    `the views have come to position ${reached} only; try again`,
  );
}

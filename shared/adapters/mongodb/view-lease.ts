import type { ViewCollections } from './view-connection.js';
import { BUILDING } from './view-state.js';

const CLOCK = 'clock';
/** How often within its time a lease is renewed. */
const RENEWALS = 5;

/** Who may rebuild: whoever said so last, until a time without a word, by the server's clock. */
export class Lease {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly collections: ViewCollections,
    private readonly owner: string,
    private readonly leaseMs: number,
  ) {}

  /** False: another has it. */
  async take(): Promise<boolean> {
    const expired = new Date((await this.#now()).getTime() - this.leaseMs);
    const free = {
      $or: [{ owner: { $exists: false } }, { owner: null }, { beat: { $lt: expired } }],
    };
    const { matchedCount } = await this.collections.state.updateOne(
      { _id: BUILDING, ...free },
      { $set: { owner: this.owner }, $currentDate: { beat: true } },
    );
    return matchedCount === 1;
  }

  /** Renews it from now on. */
  keep(): void {
    const renew = () => {
      void this.#renew();
    };
    this.#timer = setInterval(renew, this.leaseMs / RENEWALS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async giveBack(): Promise<void> {
    this.stop();
    const own = { _id: BUILDING, owner: this.owner };
    await this.collections.state.updateOne(own, { $set: { owner: null } });
  }

  async #renew(): Promise<void> {
    try {
      const own = { _id: BUILDING, owner: this.owner };
      await this.collections.state.updateOne(own, { $currentDate: { beat: true } });
    } catch {
      // Once another has it every commit is fenced, so that failing to renew it needs no report.
      // A rejection that nobody handles would end the process.
    }
  }

  async #now(): Promise<Date> {
    const clock = await this.collections.state.findOneAndUpdate(
      { _id: CLOCK },
      { $currentDate: { beat: true } },
      { upsert: true, returnDocument: 'after' },
    );
    const now = clock?.beat;
    if (now === undefined || now === null) throw new Error('the server told no time');
    return now;
  }
}

import type { EventStore, RecordedEvent } from '../../shared/ports/event-store.js';
import { Knowledge } from './knowledge.js';
import { loadSnapshot, saveSnapshot } from './snapshot.js';

export type FollowerOptions = Readonly<{
  store: EventStore;
  pause: (milliseconds: number) => Promise<void>;
  /** Where a snapshot is kept, so that a restart reads the tail only. Default: nowhere. */
  snapshotFile?: string | undefined;
  /** A snapshot is written after so many events. */
  snapshotEvery: number;
}>;

const RETRY_MS = 200;

const PAGE = 1000;

/** Reads the log in the background, into {@link Knowledge}. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  readonly #knowledge: Knowledge;
  #position: bigint;
  #eventId: string;
  #sinceSnapshot = 0;
  #faults = 0;
  #catchingUp: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(options: FollowerOptions, from: [Knowledge, bigint, string]) {
    this.#options = options;
    [this.#knowledge, this.#position, this.#eventId] = from;
  }

  /** Starts from a snapshot, if there is a good one, and reads the log up to its present head. */
  static async open(options: FollowerOptions): Promise<Follower> {
    const { snapshotFile, store } = options;
    const snapshot =
      snapshotFile === undefined ? undefined : await loadSnapshot(snapshotFile, store);
    const follower = new Follower(
      options,
      snapshot === undefined
        ? [new Knowledge(), 0n, '']
        : [snapshot.knowledge, snapshot.position, snapshot.eventId],
    );
    await follower.catchUp();
    follower.#running = follower.#run();
    return follower;
  }

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** Position of the last event taken in. */
  get position(): bigint {
    return this.#position;
  }

  /** How often reading broke off and was taken up again. */
  get faults(): number {
    return this.#faults;
  }

  /**
   * Waits until everything is known that is in the log now.
   * @throws what reading the log throws
   */
  catchUp(): Promise<void> {
    // Whoever asks in the same turn shares one look at the head.
    this.#catchingUp ??= Promise.resolve().then(async () => {
      this.#catchingUp = undefined;
      const { store } = this.#options;
      const head = await store.head();
      // Read here and now: the subscription may take its time, and skips what is known already.
      while (this.#position < head) {
        if (this.#stopped()) throw new Error('the ledger is closed');
        const events = await store.readAll(this.#position, PAGE);
        if (events.length === 0) throw new Error(`the log ends before its head, ${head}`);
        await this.#take(events);
      }
    });
    return this.#catchingUp;
  }

  /** Stops reading and leaves a snapshot. */
  async close(): Promise<void> {
    if (this.#stopped()) return;
    this.#stop.abort();
    await this.#running;
    if (this.#sinceSnapshot > 0) await this.#saveSnapshot();
  }

  async #run(): Promise<void> {
    const { store, pause } = this.#options;
    const { signal } = this.#stop;
    while (!this.#stopped()) {
      try {
        const batches = store.subscribe(this.#position, signal);
        for await (const events of batches) await this.#take(events);
      } catch {
        // Whoever needs what is new reads the log himself, and meets the fault there.
        this.#faults++;
      }
      if (!this.#stopped()) await pause(RETRY_MS);
    }
  }

  #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #take(events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) {
      // Delivered at least once; taken in once.
      if (event.position <= this.#position) continue;
      this.#knowledge.take(event);
      this.#position = event.position;
      this.#eventId = event.eventId;
      this.#sinceSnapshot++;
    }
    if (this.#sinceSnapshot >= this.#options.snapshotEvery) await this.#saveSnapshot();
  }

  async #saveSnapshot(): Promise<void> {
    const { snapshotFile } = this.#options;
    this.#sinceSnapshot = 0;
    if (snapshotFile === undefined) return;
    // A newer program may understand what this one left out, so it must read it again.
    if (this.#knowledge.sizes().undecodable > 0) return;
    try {
      await saveSnapshot(snapshotFile, {
        position: this.#position,
        eventId: this.#eventId,
        knowledge: this.#knowledge,
      });
    } catch {
      // Only a cache: without it the next start reads more. A full disk must not stop the ledger.
      this.#faults++;
    }
  }
}

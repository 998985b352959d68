import { untilDead } from './dead-commits.js';
import type { ViewCollections } from './view-connection.js';
import type { Retired, ViewEntry } from './view-documents.js';
import { oldCollectionOf, type State, type ViewStates } from './view-state.js';

/** How often each view is tidied up, and for how long that is put off for those who read, ms. */
export type KeeperTimes = Readonly<{
  everyMs: number;
  keepMs: number;
  /** A clock that never jumps, ms. Default: that of the process. */
  now?: () => number;
}>;

type Noted = Readonly<{ commit: bigint; at: number }>;

/**
 * Deletes what nobody reads any more: replaced rows, and collections of views that were rebuilt.
 * How old something is it knows only by having seen it, by a clock that never jumps.
 */
export class ViewKeeper {
  readonly #commits = new Map<string, Noted[]>();
  readonly #retired = new Map<bigint, number>();
  /** When each view is to be tidied up next: one that commits seldom must not lose its turn. */
  readonly #due = new Map<string, number>();
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly collections: ViewCollections,
    private readonly states: ViewStates,
    private readonly times: KeeperTimes,
  ) {}

  /** Takes note of a completed commit, and begins to tidy up where it is time to. */
  note(view: string, entry: ViewEntry): void {
    const { everyMs, now: clock = monotonicMs } = this.times;
    const now = clock();
    const key = `${view} ${entry.generation}`;
    if (now < (this.#due.get(key) ?? -Infinity)) return;
    this.#due.set(key, now + everyMs);
    const noted = this.#commits.get(key) ?? [];
    const old = noted.filter(({ at }) => at <= now - this.times.keepMs).at(-1);
    const rest = noted.filter(({ commit }) => old === undefined || commit > old.commit);
    this.#commits.set(key, [...rest, { commit: entry.committed, at: now }]);
    this.#working = this.#working.then(() => this.#tidy(view, entry, old?.commit, now));
  }

  /** Once what was begun is done. */
  done(): Promise<void> {
    return this.#working;
  }

  /** What fails, however it does, is done the next time: nobody waits for it to be told. */
  async #tidy(
    view: string,
    entry: ViewEntry,
    upTo: bigint | undefined,
    now: number,
  ): Promise<void> {
    try {
      if (upTo !== undefined) await this.#prune(view, entry, upTo);
      await this.#drop(await this.states.load(), now);
    } catch {
      // A rejection that nobody handles would end the process.
    }
  }

  async #prune(view: string, entry: ViewEntry, upTo: bigint): Promise<void> {
    // Announced first: a reader who needs them finds out that they may be gone.
    if (!(await this.states.prune(view, entry, upTo))) return;
    const dead = untilDead(entry);
    await this.collections.old(oldCollectionOf(view, entry)).deleteMany({
      until: { $lte: upTo },
      ...(dead.length === 0 ? {} : { $nor: [...dead] }),
    });
  }

  async #drop({ retired, dropping }: State, now: number): Promise<void> {
    for (const one of dropping) await this.#dropAll(one);
    for (const one of retired) {
      const since = this.#retired.get(one.generation) ?? now;
      this.#retired.set(one.generation, since);
      if (since > now - this.times.keepMs) continue;
      // Announced first, as above.
      await this.states.condemn(one);
      await this.#dropAll(one);
    }
  }

  async #dropAll(condemned: Retired): Promise<void> {
    for (const name of condemned.collections) await this.collections.drop(name);
    await this.states.forget(condemned);
    this.#retired.delete(condemned.generation);
  }
}

/** Milliseconds by the clock of the process. */
export function monotonicMs(): number {
  return performance.now();
}

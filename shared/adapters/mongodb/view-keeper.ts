import { MongoError } from 'mongodb';
import type { ViewCollections } from './view-connection.js';
import type { Retired, ViewEntry } from './view-documents.js';
import { oldCollectionOf, type State, type ViewStates } from './view-state.js';

/** How often is tidied up, and for how long that is put off for those who still read, ms. */
export type KeeperTimes = Readonly<{ everyMs: number; keepMs: number }>;

type Noted = Readonly<{ commit: bigint; at: number }>;

/**
 * Deletes what nobody reads any more: replaced rows, and collections of views that were rebuilt.
 * How old something is it knows only by having seen it, by a clock that never jumps.
 */
export class ViewKeeper {
  readonly #commits = new Map<string, Noted[]>();
  readonly #retired = new Map<bigint, number>();
  #due = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly collections: ViewCollections,
    private readonly states: ViewStates,
    private readonly times: KeeperTimes,
  ) {}

  /** Takes note of a completed commit, and begins to tidy up where it is time to. */
  note(view: string, entry: ViewEntry): void {
    const now = performance.now();
    if (now < this.#due) return;
    this.#due = now + this.times.everyMs;
    const key = `${view} ${entry.generation}`;
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

  /** What fails is done the next time. */
  async #tidy(
    view: string,
    entry: ViewEntry,
    upTo: bigint | undefined,
    now: number,
  ): Promise<void> {
    try {
      if (upTo !== undefined) await this.#prune(view, entry, upTo);
      await this.#drop(await this.states.load(), now);
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
    }
  }

  async #prune(view: string, entry: ViewEntry, upTo: bigint): Promise<void> {
    // Announced first: a reader who needs them finds out that they may be gone.
    if (!(await this.states.prune(view, entry, upTo))) return;
    const until = { $lte: upTo, $nin: [...entry.dead] };
    await this.collections.old(oldCollectionOf(view, entry)).deleteMany({ until });
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

import { randomUUID } from 'node:crypto';
import { ReadConcern, type Filter, type UpdateFilter } from 'mongodb';
import type { Table } from '../../ports/view-store.js';
import { isDead, withDead } from './dead-commits.js';
import type { ViewCollections } from './view-connection.js';
import type { Retired, StateDocument, ViewEntry } from './view-documents.js';
import { checkName, declarationOf } from './view-rows.js';

/*
 * The one document that says what is committed. Every step that must happen at once is one guarded
 * change of it: taking the fence, committing, putting rebuilt views in place of the live ones. See
 * docs/decisions/0015-mongodb-views.md.
 */

export type State = Readonly<{
  views: ReadonlyMap<string, ViewEntry>;
  retired: readonly Retired[];
  dropping: readonly Retired[];
}>;

export const LIVE = 'live';
export const BUILDING = 'building';
const NUMBERS = 'numbers';

/** Does this commit count, of those who see the view so? */
export function isVisible(entry: ViewEntry, commit: bigint): boolean {
  return commit <= entry.committed && !isDead(entry, commit);
}

/** The collection of a table of a view. */
export function collectionOf(table: string, view: string, { generation }: ViewEntry): string {
  return `${table}.${view}.${generation}`;
}

/** The collection of the replaced rows of a view. */
export function oldCollectionOf(view: string, { generation }: ViewEntry): string {
  return `old.${view}.${generation}`;
}

/** A view that is done with: every collection of it. */
export function retiredOf(view: string, entry: ViewEntry): Retired {
  const tables = Object.keys(entry.tables).map((table) => collectionOf(table, view, entry));
  const { generation, pruned } = entry;
  return { generation, collections: [...tables, oldCollectionOf(view, entry)], pruned };
}

/** @throws when a stored table has other columns: its name must carry a new version then */
export function checkDeclared({ views }: State, tables: readonly Table[]): void {
  for (const table of tables) {
    for (const { tables: stored } of views.values()) {
      const declaration = stored[table.name];
      if (declaration === undefined || declaration === declarationOf(table)) continue;
      throw new Error(`${table.name} is stored with other columns; give it a new version`);
    }
  }
}

/** The state of one place for views, the live one or the one that is being built. */
export class ViewStates {
  /** Told apart from every other store by this. */
  readonly #owner = randomUUID();

  /** @param lock what else must hold of the document for a change of it */
  constructor(
    private readonly collections: ViewCollections,
    private readonly place: string,
    private readonly lock: Filter<StateDocument> = {},
  ) {}

  async load(): Promise<State> {
    return stateOf(await this.collections.state.findOne({ _id: this.place }));
  }

  /** The same as the primary has it; undefined: the lock does not hold. */
  async latest(): Promise<State | undefined> {
    const document = await this.collections.state.findOne(
      { _id: this.place, ...this.lock },
      { readConcern: new ReadConcern('local') },
    );
    return document === null ? undefined : stateOf(document);
  }

  /**
   * Takes the fence: from now on only this commit can be completed. Undefined: the view is no
   * longer as it was seen; nothing has changed.
   * @param tables those the view has not had yet; `make` is to make their collections
   */
  async begin(
    view: string,
    seen: ViewEntry | undefined,
    tables: readonly Table[],
    make: (entry: ViewEntry) => Promise<void>,
  ): Promise<ViewEntry | undefined> {
    const before = seen ?? newEntry(await this.nextGeneration());
    // Before they are named: a collection that is named has its indexes.
    if (tables.length > 0) await make(before);
    const declared = tables.map((table) => [table.name, declarationOf(table)] as const);
    const { pending, deadRanges } = before;
    const begun = {
      attempt: before.attempt + 1n,
      pending: before.attempt + 1n,
      owner: this.#owner,
      deadRanges: pending === null ? deadRanges : withDead(deadRanges, pending),
    };
    const entry = {
      ...before,
      ...begun,
      tables: { ...before.tables, ...Object.fromEntries(declared) },
    };
    // Field by field: what else there is may be changed meanwhile by whoever tidies up.
    const named = declared.map(([name, text]) => [`tables.${name}`, text] as const);
    const fields = [...Object.entries(begun), ...named];
    const set = seen === undefined ? { [pathOf(view)]: entry } : within(view, fields);
    return (await this.#change(seenFilter(view, seen), { $set: set })) ? entry : undefined;
  }

  /** Completes a commit. Undefined: another has taken the fence meanwhile. */
  async complete(view: string, entry: ViewEntry, upTo: bigint): Promise<ViewEntry | undefined> {
    const changes = { position: upTo, committed: entry.attempt, pending: null };
    const { generation, attempt } = entry;
    const own = { generation, pending: attempt, owner: this.#owner };
    const update = { $set: within(view, Object.entries(changes)) };
    const changed = await this.#change(within(view, Object.entries(own)), update);
    return changed ? { ...entry, ...changes } : undefined;
  }

  /** From now on only who locks on this `builder` can {@link replace} views here. */
  async giveTo(builder: string): Promise<void> {
    await this.#change({}, { $set: { builder } });
  }

  /** Puts views in place of those that were seen here. False: something has changed since. */
  async replace(
    seen: State,
    views: ReadonlyMap<string, ViewEntry>,
    retired: readonly Retired[],
  ): Promise<boolean> {
    const names = [...views.keys()];
    const filters = names.flatMap((view) => {
      const entry = seen.views.get(view);
      // What is retired says how far it was pruned: that must be the last word on it.
      const pruned = entry === undefined ? {} : within(view, [['pruned', entry.pruned]]);
      return Object.entries({ ...seenFilter(view, entry), ...pruned });
    });
    const entries = [...views].map(([view, entry]) => [pathOf(view), entry] as const);
    return this.#change(Object.fromEntries(filters), {
      $set: Object.fromEntries(entries),
      $push: { retired: { $each: [...retired] } },
    });
  }

  /** Says that rows replaced by commits up to this one may be gone from now on. */
  async prune(view: string, { generation }: ViewEntry, upTo: bigint): Promise<boolean> {
    const filter = { [`${pathOf(view)}.generation`]: generation };
    return this.#change(filter, { $max: { [`${pathOf(view)}.pruned`]: upTo } });
  }

  /** Says that retired collections may be gone from now on. */
  async condemn(retired: Retired): Promise<void> {
    const { generation } = retired;
    const filter = { 'retired.generation': generation };
    await this.#change(filter, {
      $pull: { retired: { generation } },
      $push: { dropping: retired },
    });
  }

  /** Forgets collections that were dropped. */
  async forget({ generation }: Retired): Promise<void> {
    await this.#change({}, { $pull: { dropping: { generation } } });
  }

  /** Forgets views, and says that their collections may be gone. False: the lock does not hold. */
  async giveUp(views: readonly string[], dropping: readonly Retired[]): Promise<boolean> {
    const push = { $push: { dropping: { $each: [...dropping] } } };
    const paths = views.map((view) => [pathOf(view), ''] as const);
    return this.#change(
      {},
      views.length === 0 ? push : { ...push, $unset: Object.fromEntries(paths) },
    );
  }

  /** Forgets views. */
  async remove(views: readonly string[]): Promise<void> {
    if (views.length === 0) return;
    const paths = views.map((view) => [pathOf(view), ''] as const);
    await this.#change({}, { $unset: Object.fromEntries(paths) });
  }

  /** Makes the document, unless it is there. */
  async create(): Promise<void> {
    const made = { views: {}, retired: [], dropping: [] };
    const filter = { _id: this.place };
    await this.collections.state.updateOne(filter, { $setOnInsert: made }, { upsert: true });
  }

  /** A number no other set of collections has. */
  async nextGeneration(): Promise<bigint> {
    const numbers = await this.collections.state.findOneAndUpdate(
      { _id: NUMBERS },
      { $inc: { generations: 1n } },
      { upsert: true, returnDocument: 'after' },
    );
    const generation = numbers?.generations;
    if (generation === undefined) throw new Error('the server gave no number');
    return generation;
  }

  async #change(
    filter: Filter<StateDocument>,
    update: UpdateFilter<StateDocument>,
  ): Promise<boolean> {
    const guarded = { _id: this.place, ...this.lock, ...filter };
    return (await this.collections.state.updateOne(guarded, update)).matchedCount === 1;
  }
}

/** An entry of a view that has handled nothing. */
export function newEntry(generation: bigint): ViewEntry {
  return {
    generation,
    position: 0n,
    attempt: 0n,
    committed: 0n,
    pending: null,
    owner: '',
    deadRanges: [],
    pruned: 0n,
    tables: {},
  };
}

function stateOf(document: StateDocument | null): State {
  return {
    views: new Map(Object.entries(document?.views ?? {})),
    retired: document?.retired ?? [],
    dropping: document?.dropping ?? [],
  };
}

/** What the document says as long as nobody has touched the view since it was seen. */
function seenFilter(view: string, seen: ViewEntry | undefined): Record<string, unknown> {
  if (seen === undefined) return { [pathOf(view)]: { $exists: false } };
  const { generation, attempt, committed } = seen;
  return within(view, Object.entries({ generation, attempt, committed }));
}

/** Paths of fields of a view. */
function within(
  view: string,
  fields: readonly (readonly [string, unknown])[],
): Record<string, unknown> {
  return Object.fromEntries(fields.map(([name, value]) => [`${pathOf(view)}.${name}`, value]));
}

function pathOf(view: string): string {
  checkName(view);
  return `views.${view}`;
}

import type { Filter } from 'mongodb';
import { StoreUnavailable } from '../../ports/event-store.js';
import { isDead, untilDead } from './dead-commits.js';
import type { ViewCollections } from './view-connection.js';
import type { OldRow, StoredRow } from './view-rows.js';
import type { ViewEntry } from './view-documents.js';
import { collectionOf, isVisible, oldCollectionOf } from './view-state.js';

/** How often what is being replaced at this very moment is looked at again. */
const ATTEMPTS = 20;

/** The rows of one table that count for those who see a view so, though they were replaced since. */
export class OldRows {
  readonly collection: string;
  readonly #old: string;

  constructor(
    private readonly collections: ViewCollections,
    private readonly table: string,
    view: string,
    readonly entry: ViewEntry,
  ) {
    this.collection = collectionOf(table, view, entry);
    this.#old = oldCollectionOf(view, entry);
  }

  /** Does a row that stands in the table count? */
  isVisible({ _at }: StoredRow): boolean {
    return isVisible(this.entry, _at);
  }

  /**
   * Those replaced by commits that do not count, by key; to be asked for after the table was read,
   * since a row is kept before it is replaced. `key`: only this one.
   */
  async byKey(key?: string): Promise<ReadonlyMap<string, StoredRow>> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.#find(key);
      const counting = found.filter(({ row }) => this.isVisible(row));
      const sure = counting.filter(({ until }) => !isDead(this.entry, until));
      const byKey = new Map(sure.map(({ key: of, row }) => [of, row]));
      const unsure = counting.filter((old) => !byKey.has(old.key));
      if (await this.#addReplaced(unsure, byKey)) return byKey;
    }
    throw new StoreUnavailable('rows are being replaced faster than they can be read');
  }

  /**
   * Adds those that a dead commit has really replaced: one that was late may have kept a row and
   * then found a newer one in its place. False: the table is changing now, look again.
   */
  async #addReplaced(unsure: readonly OldRow[], byKey: Map<string, StoredRow>): Promise<boolean> {
    if (unsure.length === 0) return true;
    const keys = [...new Set(unsure.map(({ key }) => key))];
    const there = await this.collections
      .rows(this.collection)
      .find({ _id: { $in: keys } })
      .toArray();
    const standing = new Map(there.map(({ _id, row }) => [_id, row]));
    for (const { key, until, row } of unsure) {
      if (standing.get(key)?._at === until) byKey.set(key, row);
    }
    return keys.every((key) => {
      const row = standing.get(key);
      return byKey.has(key) || row === undefined || this.isVisible(row);
    });
  }

  async #find(key: string | undefined): Promise<readonly OldRow[]> {
    const since: Filter<OldRow> = { until: { $gt: this.entry.committed } };
    const dead = untilDead(this.entry);
    const until = dead.length === 0 ? since : { $or: [since, ...dead] };
    const of = key === undefined ? {} : { key };
    return this.collections
      .old(this.#old)
      .find({ table: this.table, ...of, ...until })
      .toArray();
  }
}

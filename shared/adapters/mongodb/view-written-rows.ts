import type { ViewEntry } from './view-documents.js';
import type { RowDocument } from './view-rows.js';

/** Rows remembered of one collection. */
const REMEMBERED = 20_000;

/**
 * What the commits of one view have left in its collections, so that a row that is put again and
 * again need not be looked up to be kept. It holds as long as no other commit has come between.
 */
export class WrittenRows {
  readonly #rows = new Map<string, Map<string, RowDocument>>();
  readonly #shares = new Map<string, number>();
  /** Generation and commit after which this is what is there. */
  #after: readonly [generation: bigint, commit: bigint] | undefined;

  /** Begins a commit: forgets everything, unless it is the next one after the last completed. */
  begin({ generation, attempt }: ViewEntry): void {
    const [known, commit] = this.#after ?? [];
    const holds = commit !== undefined && known === generation && commit + 1n === attempt;
    if (!holds) this.#rows.clear();
    this.#after = undefined;
  }

  /** A commit is completed: what was written is there. */
  complete({ generation, committed }: ViewEntry): void {
    this.#after = [generation, committed];
  }

  get(collection: string, key: string): RowDocument | undefined {
    return this.#rows.get(collection)?.get(key);
  }

  /** Which share of the rows last written there replaced others; 0 where none were written. */
  share(collection: string): number {
    return this.#shares.get(collection) ?? 0;
  }

  /** Notes what was written. Rows of tables that only grow are not remembered. */
  note(collection: string, documents: readonly RowDocument[], replaced: number): void {
    this.#shares.set(collection, replaced / documents.length);
    if (replaced === 0) return;
    const rows = this.#rows.get(collection) ?? new Map<string, RowDocument>();
    this.#rows.set(collection, rows);
    for (const document of documents) {
      // Last in order again.
      rows.delete(document._id);
      rows.set(document._id, document);
    }
    for (const key of rows.keys()) {
      if (rows.size <= REMEMBERED) break;
      rows.delete(key);
    }
  }
}

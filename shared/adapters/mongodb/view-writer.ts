import type { Row, Table, ViewBatch } from '../../ports/view-store.js';
import type { ViewCollections } from './view-connection.js';
import type { ViewEntry } from './view-documents.js';
import { forget, healing, type Healing } from './view-healing.js';
import { indexesOf, RowShape, type RowDocument } from './view-rows.js';
import { collectionOf, oldCollectionOf } from './view-state.js';
import { TableWrite, type TablePuts } from './view-table-write.js';
import { WrittenRows } from './view-written-rows.js';

/** How long after it has been healed what late writes may have left is looked for again, ms. */
const HEAL_AGAIN_MS = 10_000;

type Healed = Readonly<{ upTo: bigint | undefined; at: number }>;

/** Writes the rows of commits. What is there already is kept as an old row first. */
export class ViewWriter {
  readonly #shapes = new Map<string, RowShape>();
  readonly #written = new Map<string, WrittenRows>();
  readonly #healed = new Map<string, Healed>();

  constructor(private readonly collections: ViewCollections) {}

  /** The documents of a batch. Nothing is written. @throws when a row has another shape */
  prepare(puts: ViewBatch['puts'], attempt: bigint): readonly TablePuts[] {
    const byTable = new Map<string, readonly RowDocument[]>();
    for (const { table, rows } of puts) {
      if (rows.length === 0) continue;
      const before = byTable.get(table.name) ?? [];
      const documents = this.#documents(table, rows, attempt);
      byTable.set(table.name, lastOfKey([...before, ...documents]));
    }
    return [...byTable].map(([table, documents]) => ({ table, documents }));
  }

  /** Makes collections and indexes, and those of the replaced rows. */
  async create(view: string, entry: ViewEntry, tables: readonly Table[]): Promise<void> {
    await this.collections.index(oldCollectionOf(view, entry), [
      { name: 'until', key: { until: 1, table: 1 } },
    ]);
    for (const table of tables) {
      await this.collections.index(collectionOf(table.name, view, entry), indexesOf(table));
    }
  }

  /** Writes all rows of a commit that holds the fence. What it has healed is to be forgotten then. */
  async write(
    view: string,
    entry: ViewEntry,
    puts: readonly TablePuts[],
  ): Promise<readonly string[]> {
    const written = this.#writtenOf(view);
    written.begin(entry);
    const { puts: all, healed, isComplete } = await this.#healing(view, entry, puts);
    await settled(
      all.map((one) => new TableWrite(this.collections, view, entry, one, written).run()),
    );
    if (isComplete) {
      this.#healed.set(view, { upTo: lastDead(entry), at: performance.now() });
    }
    return healed;
  }

  /** To be told of a completed commit, and of what it has healed. */
  async completed(view: string, entry: ViewEntry, healed: readonly string[]): Promise<void> {
    this.#writtenOf(view).complete(entry);
    try {
      await forget(this.collections, view, entry, healed);
    } catch {
      // The commit is completed whatever becomes of these: what stays is healed once more.
    }
  }

  async #healing(view: string, entry: ViewEntry, puts: readonly TablePuts[]): Promise<Healing> {
    const { upTo, at } = this.#healed.get(view) ?? { upTo: undefined, at: 0 };
    const dead = lastDead(entry);
    const isDue = dead !== undefined && (dead !== upTo || performance.now() - at > HEAL_AGAIN_MS);
    if (!isDue) return { puts, healed: [], isComplete: false };
    return healing(this.collections, view, entry, puts);
  }

  #writtenOf(view: string): WrittenRows {
    const known = this.#written.get(view) ?? new WrittenRows();
    this.#written.set(view, known);
    return known;
  }

  #documents(table: Table, rows: readonly Row[], attempt: bigint): readonly RowDocument[] {
    const shape = this.#shapes.get(table.name) ?? new RowShape(table);
    this.#shapes.set(table.name, shape);
    return rows.map((row) => shape.document(row, attempt));
  }
}

function lastDead({ deadRanges }: ViewEntry): bigint | undefined {
  return deadRanges.at(-1)?.to;
}

/** Of documents with the same key the last, in the place of the first. */
function lastOfKey(documents: readonly RowDocument[]): readonly RowDocument[] {
  const byKey = new Map(documents.map((document) => [document._id, document]));
  return byKey.size === documents.length ? documents : [...byKey.values()];
}

/** Waits for all, also where one fails: nothing of a commit may be under way once it has failed. */
async function settled(writes: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(writes)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

import { MongoBulkWriteError, type Collection } from 'mongodb';
import type { Row, Table, ViewBatch } from '../../ports/view-store.js';
import type { ViewCollections } from './view-connection.js';
import { duplicatePlaces } from './view-faults.js';
import { indexesOf, RowShape, type OldRow, type RowDocument } from './view-rows.js';
import type { ViewEntry } from './view-documents.js';
import { collectionOf, isVisible, oldCollectionOf } from './view-state.js';

/** Rows written by one call. More of them gain nothing, and all of them wait in memory. */
const ROWS_AT_ONCE = 2_000;
/** Keys looked up by one call. A server may compare each row with all of them. */
const KEYS_AT_ONCE = 200;
/** Above this share of rows that were there before, they are looked up before they are written. */
const MOSTLY_REPLACED = 0.25;

/** The rows of one table that a commit puts, each key once. */
export type TablePuts = Readonly<{ table: Table; documents: readonly RowDocument[] }>;

/** Writes the rows of commits. What is there already is kept as an old row first. */
export class ViewWriter {
  readonly #shapes = new Map<string, RowShape>();
  /** Share of rows that were there before, when a collection was last written. */
  readonly #replaced = new Map<string, number>();

  constructor(private readonly collections: ViewCollections) {}

  /** The documents of a batch. Nothing is written. @throws when a row has another shape */
  prepare(puts: ViewBatch['puts'], attempt: bigint): readonly TablePuts[] {
    const byTable = new Map<string, TablePuts>();
    for (const { table, rows } of puts) {
      if (rows.length === 0) continue;
      const before = byTable.get(table.name)?.documents ?? [];
      const documents = this.#documents(table, rows, attempt);
      byTable.set(table.name, { table, documents: lastOfKey([...before, ...documents]) });
    }
    return [...byTable.values()];
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

  /** Writes all rows of a commit that holds the fence. */
  async write(view: string, entry: ViewEntry, puts: readonly TablePuts[]): Promise<void> {
    await settled(
      puts.map((one) => new TableWrite(this.collections, view, entry, one).run(this.#replaced)),
    );
  }

  #documents(table: Table, rows: readonly Row[], attempt: bigint): readonly RowDocument[] {
    let shape = this.#shapes.get(table.name);
    if (shape === undefined) {
      shape = new RowShape(table);
      this.#shapes.set(table.name, shape);
    }
    const known = shape;
    return rows.map((row) => known.document(row, attempt));
  }
}

/** The rows of one commit on their way into one collection. */
class TableWrite {
  readonly #name: string;

  constructor(
    private readonly collections: ViewCollections,
    private readonly view: string,
    private readonly entry: ViewEntry,
    private readonly puts: TablePuts,
  ) {
    this.#name = collectionOf(puts.table.name, view, entry);
  }

  async run(replacedShare: Map<string, number>): Promise<void> {
    const { documents } = this.puts;
    const lookFirst = (replacedShare.get(this.#name) ?? 0) > MOSTLY_REPLACED;
    let replaced = 0;
    for (let done = 0; done < documents.length; done += ROWS_AT_ONCE) {
      const some = documents.slice(done, done + ROWS_AT_ONCE);
      const known = lookFirst ? some : await this.#insert(some);
      if (known.length > 0) replaced += await this.#replace(known);
    }
    replacedShare.set(this.#name, replaced / documents.length);
  }

  /** Inserts what is new; answers with the documents whose keys are there. */
  async #insert(documents: readonly RowDocument[]): Promise<readonly RowDocument[]> {
    try {
      await this.collections.rows(this.#name).insertMany(documents, { ordered: false });
      return [];
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      return duplicatePlaces(error).flatMap((place) => documents[place] ?? []);
    }
  }

  /** Keeps what is there as old rows, then writes. Answers how many rows were there. */
  async #replace(documents: readonly RowDocument[]): Promise<number> {
    const rows = this.collections.rows(this.#name);
    const keys = documents.map(({ _id }) => _id);
    const there = await this.#find(keys);
    await this.#keep(await this.#committed(there));
    await rows.bulkWrite(
      documents.map(({ _id, row }) => ({
        updateOne: {
          filter: { _id },
          // Documents compare by their first field first, the number of the commit: what a later
          // commit has written stays, whenever this one arrives.
          update: { $max: { row } },
          upsert: true,
        },
      })),
      { ordered: false },
    );
    return there.length;
  }

  async #find(keys: readonly string[]): Promise<readonly RowDocument[]> {
    const rows = this.collections.rows(this.#name);
    const parts: (readonly string[])[] = [];
    for (let done = 0; done < keys.length; done += KEYS_AT_ONCE) {
      parts.push(keys.slice(done, done + KEYS_AT_ONCE));
    }
    const found = await Promise.all(
      parts.map((some) => rows.find({ _id: { $in: [...some] } }).toArray()),
    );
    return found.flat();
  }

  /** Of rows that are there, what is committed of them: the row, or the one it has replaced. */
  async #committed(there: readonly RowDocument[]): Promise<readonly RowDocument[]> {
    const committed = there.filter(({ row }) => isVisible(this.entry, row._at));
    const dead = there.filter(({ row }) => this.entry.dead.includes(row._at));
    if (dead.length === 0) return committed;
    const ids = dead.map(({ _id, row }) => this.#oldId(_id, row._at));
    const old = await this.#old()
      .find({ _id: { $in: ids } })
      .toArray();
    return [...committed, ...old.map(({ key, row }) => ({ _id: key, row }))];
  }

  async #keep(replaced: readonly RowDocument[]): Promise<void> {
    if (replaced.length === 0) return;
    const until = this.entry.attempt;
    const table = this.puts.table.name;
    const old = replaced.map(({ _id: key, row }) => {
      return { _id: this.#oldId(key, until), table, key, until, row };
    });
    try {
      await this.#old().insertMany(old, { ordered: false });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      duplicatePlaces(error);
    }
  }

  #old(): Collection<OldRow> {
    return this.collections.old(oldCollectionOf(this.view, this.entry));
  }

  #oldId(key: string, until: bigint): string {
    return `${this.puts.table.name} ${until} ${key}`;
  }
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

import { MongoBulkWriteError } from 'mongodb';
import { isDead } from './dead-commits.js';
import type { ViewCollections } from './view-connection.js';
import type { ViewEntry } from './view-documents.js';
import { duplicatePlaces } from './view-faults.js';
import type { OldRow, RowDocument } from './view-rows.js';
import { collectionOf, isVisible, oldCollectionOf } from './view-state.js';
import type { WrittenRows } from './view-written-rows.js';

/** Rows written by one call. More of them gain nothing, and all of them wait in memory. */
const ROWS_AT_ONCE = 2_000;
/** Keys looked up by one call. A server may compare each row with all of them. */
const KEYS_AT_ONCE = 200;
/** Above this share of rows that were there before, they are looked up before they are written. */
const MOSTLY_REPLACED = 0.25;

/** The rows of one table that a commit puts, each key once. */
export type TablePuts = Readonly<{ table: string; documents: readonly RowDocument[] }>;

/** The rows of one commit on their way into one collection. */
export class TableWrite {
  readonly #collection: string;
  readonly #old: string;

  /** @param written what the last commit is known to have left there */
  constructor(
    private readonly collections: ViewCollections,
    view: string,
    private readonly entry: ViewEntry,
    private readonly puts: TablePuts,
    private readonly written: WrittenRows,
  ) {
    this.#collection = collectionOf(puts.table, view, entry);
    this.#old = oldCollectionOf(view, entry);
  }

  async run(): Promise<void> {
    const there: RowDocument[] = [];
    const known: RowDocument[] = [];
    const unknown: RowDocument[] = [];
    const { documents } = this.puts;
    for (const document of documents) {
      const row = this.written.get(this.#collection, document._id);
      if (row !== undefined) there.push(row);
      (row === undefined ? unknown : known).push(document);
    }
    let replaced = known.length;
    for (const some of chunks(known, ROWS_AT_ONCE)) {
      await this.#replace(some, there.splice(0, some.length));
    }
    const lookFirst = this.written.share(this.#collection) > MOSTLY_REPLACED;
    for (const some of chunks(unknown, ROWS_AT_ONCE)) {
      const rest = lookFirst ? some : await this.#insert(some);
      if (rest.length === 0) continue;
      const found = await findRows(this.collections, this.#collection, rest);
      await this.#replace(rest, found);
      replaced += found.length;
    }
    this.written.note(this.#collection, documents, replaced);
  }

  /** Inserts what is new; answers with the documents whose keys are there. */
  async #insert(documents: readonly RowDocument[]): Promise<readonly RowDocument[]> {
    try {
      await this.collections.rows(this.#collection).insertMany(documents, { ordered: false });
      return [];
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      return duplicatePlaces(error).flatMap((place) => documents[place] ?? []);
    }
  }

  /** Keeps what is there as old rows, then writes. */
  async #replace(documents: readonly RowDocument[], there: readonly RowDocument[]): Promise<void> {
    await this.#keep(await this.#committed(there));
    await this.collections.rows(this.#collection).bulkWrite(
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
  }

  /** Of rows that are there, what is committed of them: the row, or the one it has replaced. */
  async #committed(there: readonly RowDocument[]): Promise<readonly RowDocument[]> {
    const committed = there.filter(({ row }) => isVisible(this.entry, row._at));
    const dead = there.filter(({ row }) => isDead(this.entry, row._at));
    if (dead.length === 0) return committed;
    const ids = dead.map(({ _id, row }) => this.#oldId(_id, row._at));
    const { old } = this.collections.latest(this.#old);
    const kept = await old.find({ _id: { $in: ids } }).toArray();
    return [...committed, ...kept.map(({ key, row }) => ({ _id: key, row }))];
  }

  async #keep(replaced: readonly RowDocument[]): Promise<void> {
    if (replaced.length === 0) return;
    const until = this.entry.attempt;
    const { table } = this.puts;
    const old: OldRow[] = replaced.map(({ _id: key, row }) => {
      return { _id: this.#oldId(key, until), table, key, until, row };
    });
    try {
      await this.collections.old(this.#old).insertMany(old, { ordered: false });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      duplicatePlaces(error);
    }
  }

  #oldId(key: string, until: bigint): string {
    return `${this.puts.table} ${until} ${key}`;
  }
}

/** The rows that are in a collection under the keys of these. */
export async function findRows(
  collections: ViewCollections,
  collection: string,
  documents: readonly Readonly<{ _id: string }>[],
): Promise<readonly RowDocument[]> {
  const { rows } = collections.latest(collection);
  const found = await Promise.all(
    chunks(documents, KEYS_AT_ONCE).map((some) =>
      rows.find({ _id: { $in: some.map(({ _id }) => _id) } }).toArray(),
    ),
  );
  return found.flat();
}

export function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let done = 0; done < all.length; done += size) parts.push(all.slice(done, done + size));
  return parts;
}

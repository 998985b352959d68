import { untilDead } from './dead-commits.js';
import type { ViewCollections } from './view-connection.js';
import type { ViewEntry } from './view-documents.js';
import type { OldRow, RowDocument } from './view-rows.js';
import { collectionOf, isVisible, oldCollectionOf } from './view-state.js';
import { chunks, findRows, type TablePuts } from './view-table-write.js';

/** Old rows healed by one commit. */
const MOST = 10_000;
const IDS_AT_ONCE = 1_000;

/** `puts`: with what heals; `healed`: ids of the old rows that nobody needs once it is completed. */
export type Healing = Readonly<{
  puts: readonly TablePuts[];
  healed: readonly string[];
  isComplete: boolean;
}>;

/**
 * A commit that was never completed leaves rows that do not count in the place of those that do, and
 * every reader has to look for these among the old rows. The next commit writes them anew: its own
 * number is above that of the dead one, whose writes can then arrive as late as they like.
 */
export async function healing(
  collections: ViewCollections,
  view: string,
  entry: ViewEntry,
  puts: readonly TablePuts[],
): Promise<Healing> {
  const { old } = collections.latest(oldCollectionOf(view, entry));
  const left = await old
    .find({ $or: [...untilDead(entry)] })
    .limit(MOST)
    .toArray();
  const byTable = new Map(puts.map((one) => [one.table, one.documents]));
  const healed: string[] = [];
  for (const table of new Set(left.map((row) => row.table))) {
    const documents = byTable.get(table) ?? [];
    const own = left.filter((row) => row.table === table);
    const more = await restored(collections, collectionOf(table, view, entry), entry, {
      own,
      documents,
    });
    const all = [...documents, ...more];
    byTable.set(table, all);
    // Of other keys they are still needed: by a slow commit that is dead and has yet to find out.
    const written = new Set(all.map(({ _id }) => _id));
    for (const { _id, key } of own) if (written.has(key)) healed.push(_id);
  }
  return {
    puts: [...byTable].map(([table, documents]) => ({ table, documents })),
    healed,
    isComplete: left.length < MOST,
  };
}

/**
 * Deletes old rows, once the commit that has healed them is completed: before, another may have
 * begun, have read a row of a dead commit, and look here for what that has replaced.
 */
export async function forget(
  collections: ViewCollections,
  view: string,
  entry: ViewEntry,
  ids: readonly string[],
): Promise<void> {
  const old = collections.old(oldCollectionOf(view, entry));
  for (const some of chunks(ids, IDS_AT_ONCE)) await old.deleteMany({ _id: { $in: [...some] } });
}

/** What counts of the rows of a table, under keys that the commit does not put anyway. */
async function restored(
  collections: ViewCollections,
  collection: string,
  entry: ViewEntry,
  { own, documents }: Readonly<{ own: readonly OldRow[]; documents: readonly RowDocument[] }>,
): Promise<readonly RowDocument[]> {
  const put = new Set(documents.map(({ _id }) => _id));
  const keys = [...new Set(own.map(({ key }) => key))].filter((key) => !put.has(key));
  const found = await findRows(
    collections,
    collection,
    keys.map((_id) => ({ _id })),
  );
  return found.flatMap(({ _id, row: standing }) => {
    const row = isVisible(entry, standing._at)
      ? standing
      : own.find(({ key, until }) => key === _id && until === standing._at)?.row;
    return row === undefined ? [] : [{ _id, row: { ...row, _at: entry.attempt } }];
  });
}

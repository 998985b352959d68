import type { Filter } from 'mongodb';
import type { Value } from '../../ports/view-store.js';
import { ABOVE_ALL, orderedText } from './ordered-text.js';
import type { ViewCollections } from './view-connection.js';
import type { OldRows } from './view-old-rows.js';
import { isWithin, type TextRange } from './view-ranges.js';
import { placeField, placeOf, type RowDocument, type StoredRow } from './view-rows.js';

/** A row and its place in the index that was read: the ordered text of it. */
export type Placed = Readonly<{ place: string; id: string; row: StoredRow }>;

type Order = Readonly<{ reverse: boolean; limit: number }>;

/** Look-ups on their way at once. */
const SEEKS_AT_ONCE = 64;

/**
 * One table as it was at one commit: the rows that stand in it and count, and those replaced since.
 * The table is always read before the replaced rows.
 */
export class TableAt {
  constructor(
    private readonly collections: ViewCollections,
    private readonly old: OldRows,
  ) {}

  async get(key: readonly Value[]): Promise<StoredRow | undefined> {
    const id = orderedText(key);
    const found = await this.collections.rows(this.old.collection).findOne({ _id: id });
    if (found === null || this.old.isVisible(found.row)) return found?.row;
    return (await this.old.byKey(id)).get(id);
  }

  /** Rows of a range of an index in its order. */
  async scan(index: string, range: TextRange, order: Order): Promise<Placed[]> {
    const { reverse, limit } = order;
    const found = new Map<string, Placed>();
    let rest = range;
    let isComplete = false;
    while (!isComplete && found.size < limit) {
      const wanted = limit - found.size;
      const page = await this.#read(index, rest, { reverse, limit: wanted });
      for (const placed of page) if (this.old.isVisible(placed.row)) found.set(placed.id, placed);
      isComplete = page.length < wanted;
      const last = page.at(-1)?.place ?? '';
      rest = reverse ? { ...rest, high: last } : { ...rest, low: last + ABOVE_ALL };
    }
    // Of what was replaced since, only what lies before the end of the pages read is known to count.
    const bounds = isComplete
      ? range
      : reverse
        ? { ...range, low: rest.high }
        : { ...range, high: rest.low };
    let isMerged = false;
    for (const [id, row] of await this.old.byKey()) {
      const place = placeOf(index, id, row);
      if (found.has(id) || !isWithin(bounds, place)) continue;
      found.set(id, { place, id, row });
      isMerged = true;
    }
    const rows = [...found.values()];
    return isMerged ? rows.sort(byPlace(reverse)).slice(0, limit) : rows;
  }

  /** For each range its last row. */
  async lastOfEach(
    index: string,
    ranges: readonly TextRange[],
  ): Promise<readonly (Placed | undefined)[]> {
    const distinct = new Map<string, TextRange>();
    for (const range of ranges) distinct.set(range.high, range);
    const last = new Map<string, Placed>();
    const waiting = [...distinct.values()];
    const seek = async (): Promise<void> => {
      for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
        const placed = await this.#lastStanding(index, range);
        if (placed !== undefined) last.set(range.high, placed);
      }
    };
    await Promise.all(Array.from({ length: Math.min(SEEKS_AT_ONCE, waiting.length) }, seek));
    const old = [...(await this.old.byKey())].map(([id, row]) => {
      return { place: placeOf(index, id, row), id, row };
    });
    if (old.length === 0) return ranges.map(({ high }) => last.get(high));
    const sorted = old.sort(byPlace(false));
    return ranges.map((range) => laterOf(last.get(range.high), lastWithin(sorted, range)));
  }

  /** The last row of a range that counts, of those that stand in the table. */
  async #lastStanding(index: string, range: TextRange): Promise<Placed | undefined> {
    let rest = range;
    for (let limit = 1; ; limit *= 4) {
      const page = await this.#read(index, rest, { reverse: true, limit });
      const found = page.find(({ row }) => this.old.isVisible(row));
      if (found !== undefined || page.length < limit) return found;
      rest = { ...rest, high: page.at(-1)?.place ?? '' };
    }
  }

  async #read(index: string, range: TextRange, order: Order): Promise<readonly Placed[]> {
    const field = placeField(index);
    const { reverse, limit } = order;
    const filter: Filter<RowDocument> = { [field]: { $gte: range.low, $lt: range.high } };
    const cursor = this.collections
      .rows(this.old.collection)
      .find(filter)
      .sort({ [field]: reverse ? -1 : 1 });
    const documents = await (limit < MOST_ROWS ? cursor.limit(limit) : cursor).toArray();
    return documents.map(({ _id: id, row }) => ({ place: placeOf(index, id, row), id, row }));
  }
}

/** Above it a limit is none. */
const MOST_ROWS = 2 ** 31 - 1;

function byPlace(reverse: boolean): (one: Placed, other: Placed) => number {
  const sign = reverse ? -1 : 1;
  return (one, other) => (one.place < other.place ? -sign : one.place > other.place ? sign : 0);
}

function laterOf(one: Placed | undefined, other: Placed | undefined): Placed | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.place > one.place ? other : one;
}

/** The last of sorted rows that lies within the range. */
function lastWithin(sorted: readonly Placed[], range: TextRange): Placed | undefined {
  let below = 0;
  let above = sorted.length;
  while (below < above) {
    const middle = (below + above) >>> 1;
    if ((sorted[middle]?.place ?? '') < range.high) below = middle + 1;
    else above = middle;
  }
  const last = sorted[below - 1];
  return last !== undefined && isWithin(range, last.place) ? last : undefined;
}

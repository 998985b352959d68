import { StoreUnavailable } from '../../ports/event-store.js';
import type { Range, Row, Table, Value, ViewReader } from '../../ports/view-store.js';
import type { ViewCollections } from './view-connection.js';
import { OldRows } from './view-old-rows.js';
import { rangeUpTo, textRange } from './view-ranges.js';
import { indexColumns, RowShape } from './view-rows.js';
import type { ViewEntry } from './view-documents.js';
import type { State } from './view-state.js';
import { TableAt, type Placed } from './view-table.js';
import { withPortFaults } from './view-faults.js';

/**
 * How long a snapshot is read without asking whether what it needs has been tidied away, ms. What
 * tidies up waits for longer.
 */
export const CAREFREE_MS = 30_000;

/** How a snapshot is begun, before its state is loaded. */
export type SnapshotStart = Readonly<{
  /** The primary's. */
  term: number;
  /** When it has to be asked whether what it needs is still there, by the clock `now`, ms. */
  carefreeUntil: number;
  now: () => number;
}>;

/** Shows the rows as they were when the state was loaded, whatever is committed meanwhile. */
export class MongoViewReader implements ViewReader {
  constructor(
    private readonly collections: ViewCollections,
    private readonly start: SnapshotStart,
    private readonly state: State,
    private readonly reload: () => Promise<State>,
  ) {}

  checkpoint(view: string): Promise<bigint> {
    return Promise.resolve(this.state.views.get(view)?.position ?? 0n);
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.#answer(table, async (shape, tables) => {
      if (key.length !== table.key.length) throw new Error(`${table.name}: not the whole key`);
      for (const one of tables) {
        const found = await one.get(key);
        if (found !== undefined) return shape.row(found);
      }
      return undefined;
    });
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.#answer(table, async (shape, tables) => {
      const texts = textRange(table, range);
      const { index, reverse = false, limit } = range;
      if (limit <= 0) return [];
      const found: Placed[][] = [];
      for (const one of tables) found.push(await one.scan(index, texts, { reverse, limit }));
      const [only, ...others] = found;
      const placed = others.length === 0 ? (only ?? []) : inOrder(found.flat(), reverse);
      return placed.slice(0, limit).map(({ row }) => shape.row(row));
    });
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.#answer(table, async (shape, tables) => {
      const width = prefixes[0]?.length ?? 0;
      if (indexColumns(table, index).length <= width) {
        throw new Error(`${table.name}: nothing follows the prefix in ${index}`);
      }
      if (prefixes.some(({ length }) => length !== width)) {
        throw new Error('prefixes of different lengths');
      }
      const ranges = prefixes.map((prefix) => rangeUpTo(table, index, prefix, upTo));
      const best = new Array<Placed | undefined>(prefixes.length).fill(undefined);
      for (const one of tables) {
        const found = await one.lastOfEach(index, ranges);
        for (const [at, placed] of found.entries()) best[at] = later(best[at], placed);
      }
      return best.map((placed) => (placed === undefined ? undefined : shape.row(placed.row)));
    });
  }

  /** These reads agree with each other already. */
  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    return read(this);
  }

  #answer<T>(
    table: Table,
    read: (shape: RowShape, tables: readonly TableAt[]) => Promise<T>,
  ): Promise<T> {
    return withPortFaults(async () => {
      const views = [...this.state.views].filter(([, { tables }]) => table.name in tables);
      const tables = views.map(([view, entry]) => {
        const old = new OldRows(this.collections, table.name, view, entry);
        return new TableAt(this.collections, old);
      });
      const answer = await read(new RowShape(table), tables);
      const { term, carefreeUntil, now } = this.start;
      if (now() > carefreeUntil) await this.#checkKept(views);
      // Last: what was kept is said by a primary too.
      if (this.collections.term.count !== term) {
        throw new StoreUnavailable('another server has become primary while a snapshot was read');
      }
      return answer;
    });
  }

  /** @throws {StoreUnavailable} what this snapshot needs may be gone: it is to be taken anew */
  async #checkKept(views: readonly (readonly [string, ViewEntry])[]): Promise<void> {
    const now = await this.reload();
    for (const [view, entry] of views) {
      const current = now.views.get(view);
      const standing = [current, ...now.retired].find(
        (one) => one?.generation === entry.generation,
      );
      const isKept = standing !== undefined && standing.pruned <= entry.committed;
      if (!isKept) throw new StoreUnavailable('the snapshot is too old to be read on');
    }
  }
}

function inOrder(placed: readonly Placed[], reverse: boolean): readonly Placed[] {
  const sign = reverse ? -1 : 1;
  return [...placed].sort((a, b) => (a.place < b.place ? -sign : a.place > b.place ? sign : 0));
}

function later(one: Placed | undefined, other: Placed | undefined): Placed | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.place > one.place ? other : one;
}

import { StoreUnavailable } from '../../ports/event-store.js';
import type {
  Range,
  Row,
  Table,
  Value,
  ViewBatch,
  ViewReader,
  ViewStore,
} from '../../ports/view-store.js';
import { connect, type Connection } from './view-connection.js';
import { withPortFaults } from './view-faults.js';
import { monotonicMs, ViewKeeper, type KeeperTimes } from './view-keeper.js';
import { CAREFREE_MS, MongoViewReader } from './view-reader.js';
import { RowShape } from './view-rows.js';
import type { ViewEntry } from './view-documents.js';
import { checkDeclared, LIVE, ViewStates, type State } from './view-state.js';
import { ViewWriter } from './view-writer.js';

export type OpenMongoViewStore = Readonly<{
  /** A MongoDB connection string. */
  url: string;
  /** Name of the database. It is made if absent, and holds nothing but views. */
  database: string;
  /** Every table that will be read or written. */
  tables: readonly Table[];
  /** Refuse to write. Default: false. */
  readonly?: boolean;
  /** How long what was replaced is kept for those who read it. For tests. */
  times?: KeeperTimes & Readonly<{ carefreeMs: number }>;
}>;

const TIMES = { everyMs: 10_000, keepMs: 60_000, carefreeMs: CAREFREE_MS };

/**
 * Opens the views in a MongoDB database. Several processes may use it at once. Once opened it waits
 * out a server that is away: calls fail in bounded time, and work again when it is back.
 * @throws {TypeError} when the connection string is none
 * @throws {StorageFull | StoreUnavailable} it cannot be opened now
 * @throws when a stored table has other columns than declared
 */
export function openMongoViewStore(options: OpenMongoViewStore): Promise<MongoViewStore> {
  const { tables, readonly = false, times = TIMES } = options;
  return withPortFaults(() =>
    onConnection(options, async (connection) => {
      const states = new ViewStates(connection.collections, LIVE);
      if (!readonly) await states.create();
      await checkTables(states, tables);
      return new MongoViewStore({ connection, states, readonly, times });
    }),
  );
}

/** Opens something on a connection, which is closed where that fails. */
export async function onConnection<T>(
  place: Readonly<{ url: string; database: string }>,
  open: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(place);
  try {
    return await open(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** @throws when a table cannot be stored, or is stored with other columns */
export async function checkTables(states: ViewStates, tables: readonly Table[]): Promise<void> {
  for (const table of tables) new RowShape(table);
  checkDeclared(await states.load(), tables);
}

export type ViewStoreParts = Readonly<{
  connection: Connection;
  states: ViewStates;
  readonly: boolean;
  times: KeeperTimes & Readonly<{ carefreeMs: number }>;
}>;

export class MongoViewStore implements ViewStore {
  readonly #writer: ViewWriter;
  readonly #keeper: ViewKeeper;
  /** The views as this store last saw them; undefined: there was none. */
  readonly #seen = new Map<string, ViewEntry | undefined>();
  #closed = false;

  constructor(protected readonly parts: ViewStoreParts) {
    const { states, times } = parts;
    const { collections } = parts.connection;
    this.#writer = new ViewWriter(collections);
    this.#keeper = new ViewKeeper(collections, states, times);
  }

  checkpoint(view: string): Promise<bigint> {
    return this.#do(async () => {
      const entry = (await this.parts.states.load()).views.get(view);
      this.#seen.set(view, entry);
      return entry?.position ?? 0n;
    });
  }

  /**
   * Also fenced when another store has begun a commit since this one last saw the view, as a retry
   * of parked events and a switch of rebuilt tables do: what a fold remembers is void then.
   */
  commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'> {
    return this.#do(async () => {
      if (this.parts.readonly) throw new Error('this view store is open for reading only');
      if (batch.upTo < batch.after) throw new Error('a checkpoint never moves back');
      const seen = await this.#lastSeen(view);
      if ((seen?.position ?? 0n) !== batch.after) return 'fenced';
      const puts = this.#writer.prepare(batch.puts, (seen?.attempt ?? 0n) + 1n);
      const written = new Set(puts.map(({ table }) => table));
      const tables = batch.puts.flatMap(({ table }) => (written.delete(table.name) ? table : []));
      const entry = await this.#begin(view, seen, tables);
      if (entry === undefined) return 'fenced';
      const healed = await this.#writer.write(view, entry, puts);
      const completed = await this.parts.states.complete(view, entry, batch.upTo);
      if (completed === undefined) return 'fenced';
      this.#seen.set(view, completed);
      await this.#writer.completed(view, completed, healed);
      this.#keeper.note(view, completed);
      return 'committed';
    });
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.snapshot((reader) => reader.get(table, key));
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.snapshot((reader) => reader.scan(table, range));
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.snapshot((reader) => reader.lastOfEach(table, index, prefixes, upTo));
  }

  /** Once half a minute old, a snapshot is good for as long as nothing that it needs is deleted. */
  async snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    const { connection, states, times } = this.parts;
    const { collections } = connection;
    const { carefreeMs, now = monotonicMs } = times;
    // Before the state is loaded: what was replaced ages from then on.
    const start = { term: collections.term.count, carefreeUntil: now() + carefreeMs, now };
    const load = (): Promise<State> => this.#do(() => states.load());
    return read(new MongoViewReader(collections, start, await load(), load));
  }

  close(): Promise<void> {
    return this.#do(async () => {
      this.#closed = true;
      await this.#keeper.done();
      await this.parts.connection.close();
    });
  }

  async #lastSeen(view: string): Promise<ViewEntry | undefined> {
    if (!this.#seen.has(view))
      this.#seen.set(view, (await this.parts.states.load()).views.get(view));
    return this.#seen.get(view);
  }

  async #begin(
    view: string,
    seen: ViewEntry | undefined,
    tables: readonly Table[],
  ): Promise<ViewEntry | undefined> {
    const { states } = this.parts;
    const missing = tables.filter(({ name }) => seen === undefined || !(name in seen.tables));
    const entry = await states.begin(view, seen, missing, (unnamed) =>
      this.#writer.create(view, unnamed, missing),
    );
    // Seen from here on: a commit that fails after this may be repeated, unless another has begun.
    if (entry !== undefined) this.#seen.set(view, entry);
    return entry;
  }

  /** The port is asynchronous; whatever is thrown must be a rejection. */
  async #do<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('the view store is closed');
    return withPortFaults(work);
  }
}

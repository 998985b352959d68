import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
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
import { openConnection } from './view-connection.js';
import { inTransaction, withPortFaults } from './view-faults.js';
import { SnapshotPool } from './view-snapshots.js';
import { SqliteViewReader } from './view-reader.js';
import { CHECKPOINTS, createTables } from './view-schema.js';
import { ViewWriter } from './view-writer.js';

export type OpenViewStore = Readonly<{
  /** The data folder. It is made if absent. */
  folder: string;
  /** Every table that will be read or written. Those that are absent are made. */
  tables: readonly Table[];
  /** Refuse to write. Default: false. */
  readonly?: boolean;
  /** Default: `views.db`. */
  file?: string;
  /** Ends the names of tables and views, to keep others beside the live ones. Default: none. */
  suffix?: string;
}>;

/**
 * Opens the embedded view store: one SQLite file, beside the log's, that may be deleted whenever no
 * process uses it. Several processes may use it at once.
 * @throws {StorageFull | StoreUnavailable} it cannot be opened now
 * @throws when a stored table has other columns than declared
 */
export function openViewStore(options: OpenViewStore): SqliteViewStore {
  const { folder, tables, readonly = false, file = 'views.db', suffix = '' } = options;
  return withPortFaults(() => {
    const db = openConnection(folder, file, readonly ? 'reader' : 'writer');
    try {
      createTables(db, tables, suffix);
      if (readonly) db.pragma('query_only = ON');
    } catch (error) {
      db.close();
      throw error;
    }
    const snapshots = new SnapshotPool(() => openConnection(folder, file, 'reader'), suffix);
    return new SqliteViewStore(db, snapshots, readonly, suffix);
  });
}

export class SqliteViewStore implements ViewStore {
  readonly #reader: SqliteViewReader;
  readonly #writer: ViewWriter;
  /** Written with every checkpoint, so that a store sees when another one has committed. */
  readonly #stamp = randomBytes(8).readBigInt64BE();
  /** Stamps of the checkpoints as this store last saw them; null: there was none. */
  readonly #seen = new Map<string, bigint | null>();
  #closed = false;

  constructor(
    protected readonly db: Database.Database,
    private readonly snapshots: SnapshotPool,
    private readonly readonly: boolean,
    protected readonly suffix: string,
  ) {
    this.#reader = new SqliteViewReader(db, suffix);
    this.#writer = new ViewWriter(db, suffix);
  }

  checkpoint(view: string): Promise<bigint> {
    return this.#do(() => {
      const stored = this.#reader.storedCheckpoint(view);
      this.#seen.set(view, stored?.stamp ?? null);
      return stored?.position ?? 0n;
    });
  }

  /**
   * Also fenced when another store has committed at the same checkpoint, as a retry of parked
   * events and a switch of rebuilt tables do: what a fold remembers is void then.
   */
  commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'> {
    return this.#do(() => {
      if (this.readonly) throw new Error('this view store is open for reading only');
      if (batch.upTo < batch.after) throw new Error('a checkpoint never moves back');
      return inTransaction(this.db, () => {
        if (!this.#moveCheckpoint(view, batch)) return 'fenced';
        for (const { table, rows } of batch.puts) this.#writer.put(table, rows);
        return 'committed';
      });
    }).then((outcome) => {
      if (outcome === 'committed') this.#seen.set(view, this.#stamp);
      return outcome;
    });
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.#reader.get(table, key);
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.#reader.scan(table, range);
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.#reader.lastOfEach(table, index, prefixes, upTo);
  }

  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('the view store is closed'));
    return this.snapshots.run(read);
  }

  /** From now on the file may not grow above so many pages of 4 KiB: a quota. */
  limitPages(pages: number): void {
    this.db.pragma(`max_page_count = ${pages}`);
  }

  close(): Promise<void> {
    return this.#do(() => {
      this.#closed = true;
      this.snapshots.close();
      this.db.close();
    });
  }

  #moveCheckpoint(view: string, { after, upTo }: ViewBatch): boolean {
    const stored = this.#reader.storedCheckpoint(view);
    const seen = this.#seen.get(view);
    if ((stored?.position ?? 0n) !== after) return false;
    if (seen !== undefined && seen !== (stored?.stamp ?? null)) return false;
    this.db
      .prepare(`INSERT OR REPLACE INTO ${CHECKPOINTS} VALUES (?, ?, ?)`)
      .run(view + this.suffix, upTo, this.#stamp);
    return true;
  }

  /** The port is asynchronous and this store is not: what it throws must still be a rejection. */
  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw new StoreUnavailable('the view store is closed');
      resolve(withPortFaults(work));
    });
  }
}

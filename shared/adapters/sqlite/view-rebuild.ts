import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { Table } from '../../ports/view-store.js';
import {
  RebuildRunning,
  type RebuildPlace,
  type SharedRows,
  type Switched,
  type SwitchedView,
} from '../../ports/view-rebuild.js';
import { openConnection, takeLock } from './view-connection.js';
import { inTransaction, withPortFaults } from './view-faults.js';
import {
  BUILDING,
  CHECKPOINTS,
  createTables,
  dropLeftovers,
  hasTable,
  DECLARED,
  quoted,
  RETIRED,
} from './view-schema.js';
import { SnapshotPool } from './view-snapshots.js';
import { SqliteViewStore } from './view-store.js';

const FILE = 'views.db';
/** Locked by whoever rebuilds; the lock goes with its process, however that ends. */
const LOCK = 'views.rebuild.lock';

/**
 * Opens a place for rebuilding, in the same file as the live views: tables under other names, so
 * that the switch is a renaming. What an earlier rebuild left behind is dropped first.
 * @throws {RebuildRunning} another process is at it
 * @throws {StorageFull | StoreUnavailable} it cannot be opened now
 */
export function openRebuildPlace(
  options: Readonly<{ folder: string; tables: readonly Table[] }>,
): SqliteRebuildPlace {
  const { folder, tables } = options;
  return withPortFaults(() => {
    const db = openConnection(folder, FILE, 'writer');
    const lock = takeLock(folder, LOCK);
    if (lock === undefined) {
      db.close();
      throw new RebuildRunning('the views are being rebuilt by another process');
    }
    try {
      createTables(db, [], '');
      dropLeftovers(db);
      createTables(db, tables, BUILDING);
    } catch (error) {
      db.close();
      lock.close();
      throw error;
    }
    const snapshots = new SnapshotPool(() => openConnection(folder, FILE, 'reader'), BUILDING);
    return new SqliteRebuildPlace(db, snapshots, lock);
  });
}

/**
 * Drops what an interrupted rebuild left behind, unless a rebuild is running now.
 * @throws {StorageFull | StoreUnavailable} it cannot be done now
 */
export function cleanRebuildLeftovers(folder: string): void {
  withPortFaults(() => {
    const lock = takeLock(folder, LOCK);
    if (lock === undefined) return;
    const db = openConnection(folder, FILE, 'writer');
    try {
      createTables(db, [], '');
      dropLeftovers(db);
    } finally {
      db.close();
      lock.close();
    }
  });
}

export class SqliteRebuildPlace extends SqliteViewStore implements RebuildPlace {
  constructor(
    db: Database.Database,
    snapshots: SnapshotPool,
    private readonly lock: Database.Database,
  ) {
    super(db, snapshots, false, BUILDING);
  }

  switchOver(
    views: readonly SwitchedView[],
    shared: readonly SharedRows[],
    whateverIsLive = false,
  ): Promise<Switched> {
    return new Promise((resolve) => {
      resolve(
        withPortFaults((): Switched => {
          const tables = shared.map(({ table }) => table);
          createTables(this.db, tables, '');
          const switched = inTransaction(this.db, () => {
            // All are looked at before anything is written: a checkpoint never moves without its rows.
            const behind = whateverIsLive ? undefined : this.#behind(views);
            return behind ?? this.#switch(views, shared);
          });
          // Only now, since dropping a large table takes a while; the next start does it too.
          if (switched.kind === 'switched') dropLeftovers(this.db);
          return switched;
        }),
      );
    });
  }

  override async close(): Promise<void> {
    dropLeftovers(this.db);
    await this.abandon();
  }

  /** Closes without tidying up, as a crash would. For tests. */
  async abandon(): Promise<void> {
    await super.close();
    this.lock.close();
  }

  #behind(views: readonly SwitchedView[]): Switched | undefined {
    for (const { name } of views) {
      const live = this.#position(name);
      if (this.#position(name + BUILDING) < live) return { kind: 'behind', view: name, live };
    }
    return undefined;
  }

  #switch(views: readonly SwitchedView[], shared: readonly SharedRows[]): Switched {
    const stamp = randomBytes(8).readBigInt64BE();
    for (const { name } of views) {
      this.db
        .prepare(`INSERT OR REPLACE INTO ${CHECKPOINTS} VALUES (?, ?, ?)`)
        .run(name, this.#position(name + BUILDING), stamp);
    }
    for (const { tables } of views) for (const table of tables) this.#rename(table.name);
    for (const rows of shared) for (const { name } of views) this.#replaceRows(rows, name);
    return { kind: 'switched' };
  }

  #position(view: string): bigint {
    return (
      this.db
        .prepare<[string], bigint>(`SELECT position FROM ${CHECKPOINTS} WHERE view = ?`)
        .pluck()
        .get(view) ?? 0n
    );
  }

  #rename(name: string): void {
    const rename = (from: string, to: string) =>
      this.db.exec(`ALTER TABLE ${quoted(from)} RENAME TO ${quoted(to)}`);
    if (hasTable(this.db, name)) rename(name, name + RETIRED);
    rename(name + BUILDING, name);
    this.db
      .prepare(
        `INSERT OR REPLACE INTO ${DECLARED}
          SELECT ?, declaration FROM ${DECLARED} WHERE name = ?`,
      )
      .run(name, name + BUILDING);
  }

  #replaceRows({ table, column }: SharedRows, view: string): void {
    const live = quoted(table.name);
    const built = quoted(table.name + BUILDING);
    this.db.prepare(`DELETE FROM ${live} WHERE ${quoted(column)} = ?`).run(view);
    this.db
      .prepare(`INSERT INTO ${live} SELECT * FROM ${built} WHERE ${quoted(column)} = ?`)
      .run(view);
  }
}

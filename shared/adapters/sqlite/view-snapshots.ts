import type Database from 'better-sqlite3';
import type { ViewReader } from '../../ports/view-store.js';
import { withPortFaults } from './view-faults.js';
import { SqliteViewReader } from './view-reader.js';

/** Connections open at once; further snapshots wait their turn. */
const CONNECTIONS = 8;

type Connection = Readonly<{ db: Database.Database; reader: SqliteViewReader }>;

/** Connections for reading, each holding one snapshot at a time. */
export class SnapshotPool {
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  constructor(
    private readonly open: () => Database.Database,
    private readonly suffix: string,
  ) {}

  /**
   * Runs reads on one snapshot, which is that of the moment they begin.
   * @throws {StoreUnavailable} the file cannot be read now
   */
  async run<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    while (this.#busy >= CONNECTIONS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#busy++;
    try {
      const connection = this.#idle.pop() ?? withPortFaults(() => this.#connect());
      return await this.#read(connection, read);
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** Closes what is idle now, and the rest when its reader is done. */
  close(): void {
    this.#closed = true;
    for (const { db } of this.#idle.splice(0)) db.close();
  }

  async #read<T>(connection: Connection, read: (reader: ViewReader) => Promise<T>): Promise<T> {
    const { db, reader } = connection;
    try {
      // BEGIN alone holds nothing: the first read takes the snapshot.
      withPortFaults(() => {
        db.exec('BEGIN');
        reader.storedCheckpoint('');
      });
      return await read(reader);
    } finally {
      if (db.inTransaction) db.exec('COMMIT');
      if (this.#closed) db.close();
      else this.#idle.push(connection);
    }
  }

  #connect(): Connection {
    const db = this.open();
    db.pragma('query_only = ON');
    return { db, reader: new SqliteViewReader(db, this.suffix) };
  }
}

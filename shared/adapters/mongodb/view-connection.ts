import { MongoClient, type Collection, type Db, type IndexDescription } from 'mongodb';
import type { StateDocument } from './view-documents.js';
import type { OldRow, RowDocument } from './view-rows.js';

/** Milliseconds a call waits for a server that can be written to, before it gives up. */
const SELECTION_MS = 5_000;
/** Milliseconds a connection may take to be made. */
const CONNECT_MS = 3_000;
/** Milliseconds without a byte after which a connection is given up. */
const SILENCE_MS = 15_000;
const CONNECTIONS = 32;
const HEARTBEAT_MS = 2_000;

/**
 * Connects to the server: every write is acknowledged by a majority with its journal, every read
 * shows what a majority has.
 * @throws what the driver throws when there is none within {@link SELECTION_MS}
 */
export async function connect(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, {
    useBigInt64: true,
    promoteBuffers: true,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    serverSelectionTimeoutMS: SELECTION_MS,
    connectTimeoutMS: CONNECT_MS,
    socketTimeoutMS: SILENCE_MS,
    waitQueueTimeoutMS: SILENCE_MS,
    heartbeatFrequencyMS: HEARTBEAT_MS,
    maxPoolSize: CONNECTIONS,
  });
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The database that a connection string names, or `sagae`. */
export function databaseOf(url: string): string {
  const [, name = ''] = /^[a-z+]+:\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  return name === '' ? 'sagae' : decodeURIComponent(name);
}

/** The collections of the views of one database. */
export class ViewCollections {
  readonly state: Collection<StateDocument>;

  constructor(private readonly db: Db) {
    this.state = db.collection<StateDocument>('state');
  }

  rows(name: string): Collection<RowDocument> {
    return this.db.collection<RowDocument>(name);
  }

  /** Rows that were replaced, with the commit that replaced them. */
  old(name: string): Collection<OldRow> {
    return this.db.collection<OldRow>(name);
  }

  /** Makes the indexes, and the collection with them. Those that are there stay. */
  async index(name: string, indexes: readonly IndexDescription[]): Promise<void> {
    if (indexes.length > 0) await this.db.collection(name).createIndexes([...indexes]);
  }

  async drop(name: string): Promise<void> {
    await this.db.collection(name).drop();
  }
}

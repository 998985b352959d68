import {
  MongoClient,
  MongoError,
  ReadConcern,
  type Collection,
  type Db,
  type IndexDescription,
} from 'mongodb';
import { StoreUnavailable } from '../../ports/event-store.js';
import { failEndedWrites } from './ended-writes.js';
import type { StateDocument } from './view-documents.js';
import { PrimaryTerm } from './view-primary.js';
import type { OldRow, RowDocument } from './view-rows.js';

/** Milliseconds a call waits for a server that can be written to, before it gives up. */
const SELECTION_MS = 5_000;
/** Milliseconds a connection may take to be made. */
const CONNECT_MS = 3_000;
/** Milliseconds without a byte after which a connection is given up. */
const SILENCE_MS = 15_000;
const CONNECTIONS = 32;
const HEARTBEAT_MS = 2_000;

/** The views of one database of a server that is connected to. */
export type Connection = Readonly<{ collections: ViewCollections; close: () => Promise<void> }>;

/**
 * Connects to the server.
 * @throws {TypeError} when the connection string is none
 * @throws what the driver throws when there is no server within {@link SELECTION_MS}
 */
export async function connect(
  place: Readonly<{ url: string; database: string }>,
): Promise<Connection> {
  const client = clientOf(place.url);
  const term = new PrimaryTerm(client);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    if (error instanceof MongoError) throw error;
    // Of the name service, for one.
    throw new StoreUnavailable('the views cannot be reached', { cause: error });
  }
  // Said here and not of the client, where the connection string would have the last word.
  const db = client.db(place.database, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: new ReadConcern('majority'),
    readPreference: 'primary',
  });
  return { collections: new ViewCollections(db, term), close: () => client.close() };
}

function clientOf(url: string): MongoClient {
  failEndedWrites();
  try {
    return new MongoClient(url, {
      useBigInt64: true,
      promoteBuffers: true,
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: CONNECT_MS,
      socketTimeoutMS: SILENCE_MS,
      waitQueueTimeoutMS: SILENCE_MS,
      heartbeatFrequencyMS: HEARTBEAT_MS,
      maxPoolSize: CONNECTIONS,
    });
  } catch {
    // Without what the driver says: it quotes, and there may be a password in it.
    throw new TypeError('the MongoDB connection string cannot be used');
  }
}

/** The database that a connection string names, or `sagae`. */
export function databaseOf(url: string): string {
  const [, name = ''] = /^[a-z+]+:\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  return name === '' ? 'sagae' : decodeURIComponent(name);
}

/**
 * The collections of the views of one database. Every write is acknowledged by a majority with its
 * journal; a read shows what a majority has, unless it is of one who is about to write.
 */
export class ViewCollections {
  readonly state: Collection<StateDocument>;

  constructor(
    private readonly db: Db,
    readonly term: PrimaryTerm,
  ) {
    this.state = db.collection<StateDocument>('state');
  }

  rows(name: string): Collection<RowDocument> {
    return this.db.collection<RowDocument>(name);
  }

  /** Rows that were replaced, with the commit that replaced them. */
  old(name: string): Collection<OldRow> {
    return this.db.collection<OldRow>(name);
  }

  /**
   * The same as the primary has it. All that a majority has it has too, at once, also when it has
   * just become primary; and what follows from the read is written to it or fails.
   */
  latest(name: string): Readonly<{ rows: Collection<RowDocument>; old: Collection<OldRow> }> {
    const options = { readConcern: new ReadConcern('local') };
    return {
      rows: this.db.collection<RowDocument>(name, options),
      old: this.db.collection<OldRow>(name, options),
    };
  }

  /** Makes the indexes, and the collection with them. Those that are there stay. */
  async index(name: string, indexes: readonly IndexDescription[]): Promise<void> {
    if (indexes.length > 0) await this.db.collection(name).createIndexes([...indexes]);
  }

  async drop(name: string): Promise<void> {
    await this.db.collection(name).drop();
  }
}

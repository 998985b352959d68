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

/** Milliseconds a call waits for a server that can be written to, and then for a connection. */
const SELECTION_MS = 5_000;
/** Milliseconds a connection may take to be made. */
const CONNECT_MS = 3_000;
/** Milliseconds without a byte after which a connection is given up. */
const SILENCE_MS = 15_000;
const CONNECTIONS = 32;
const HEARTBEAT_MS = 2_000;

const MOST_NAME_BYTES = 63;
/** What a server takes in the name of a database; on Windows it takes less. */
const DATABASE_NAME = /^[^/\\. "$\0]+$/;
const UNUSABLE = 'the MongoDB connection string cannot be used';

/** The views of one database of a server that is connected to. */
export type Connection = Readonly<{ collections: ViewCollections; close: () => Promise<void> }>;

type Place = Readonly<{ url: string; database: string }>;

/**
 * Connects to the server.
 * @throws {TypeError} when the connection string is none, or the database cannot have that name
 * @throws what the driver throws when there is no server within {@link SELECTION_MS}
 */
export async function connect(place: Place): Promise<Connection> {
  const { client, collections } = unconnected(place);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    if (error instanceof MongoError) throw error;
    // Of the name service, for one.
    throw new StoreUnavailable('the views cannot be reached', { cause: error });
  }
  return { collections, close: () => client.close() };
}

/**
 * The same, before the server is asked for anything.
 * @throws {TypeError} when the connection string is none, or the database cannot have that name
 */
export function unconnected({ url, database }: Place): Readonly<{
  client: MongoClient;
  collections: ViewCollections;
}> {
  if (!DATABASE_NAME.test(database) || Buffer.byteLength(database) > MOST_NAME_BYTES) {
    // Without the name: of a string that was mistyped it can be a part of the password.
    throw new TypeError('the MongoDB database cannot have that name');
  }
  const client = clientOf(url);
  const term = new PrimaryTerm(client);
  // Said here and not of the client, where the connection string would have the last word.
  const db = client.db(database, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: new ReadConcern('majority'),
    readPreference: 'primary',
  });
  return { client, collections: new ViewCollections(db, term) };
}

function clientOf(url: string): MongoClient {
  failEndedWrites();
  try {
    return new MongoClient(url, {
      // How values become BSON and back. All of it: what is not said here the string could say.
      useBigInt64: true,
      promoteBuffers: true,
      promoteLongs: true,
      promoteValues: true,
      raw: false,
      fieldsAsRaw: {},
      bsonRegExp: false,
      ignoreUndefined: false,
      serializeFunctions: false,
      enableUtf8Validation: true,
      forceServerObjectId: false,
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: CONNECT_MS,
      socketTimeoutMS: SILENCE_MS,
      waitQueueTimeoutMS: SELECTION_MS,
      heartbeatFrequencyMS: HEARTBEAT_MS,
      maxPoolSize: CONNECTIONS,
    });
  } catch {
    // Without what the driver says: it quotes, and there may be a password in it.
    throw new TypeError(UNUSABLE);
  }
}

/** The database that a connection string names, or `sagae`. @throws {TypeError} when it is none */
export function databaseOf(url: string): string {
  const [, name = ''] = /^[a-z+]+:\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  try {
    return name === '' ? 'sagae' : decodeURIComponent(name);
  } catch {
    throw new TypeError(UNUSABLE);
  }
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

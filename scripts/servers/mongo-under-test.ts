import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Document } from 'mongodb';
import { MongoServerProcess } from './mongo.js';

/** A MongoDB to test against, and databases of it. */
export class MongoUnderTest {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    /** Undefined: a true server, which is not ours to stop. */
    private readonly server: MongoServerProcess | undefined,
  ) {}

  /** The server that MONGODB_URL names, or else one of ours. */
  static async start(kept: 'memory' | 'file'): Promise<MongoUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'sagae-mongo-'));
    const url = process.env['MONGODB_URL'];
    if (url !== undefined) return new MongoUnderTest(url, folder, undefined);
    const file = kept === 'file' ? join(folder, 'data') : undefined;
    const server = await MongoServerProcess.start({ file });
    return new MongoUnderTest(server.url, folder, server);
  }

  /** Undefined: it is a true server. */
  get pid(): number | undefined {
    return this.server?.pid;
  }

  /** A name no other database has. */
  newDatabase(): string {
    return `sagae-test-${randomUUID().slice(0, 8)}`;
  }

  async drop(database: string): Promise<void> {
    await this.#with((client) => client.db(database).dropDatabase());
  }

  /** Documents of a collection. */
  async documents(
    database: string,
    collection: string,
    filter: Document,
  ): Promise<readonly Document[]> {
    return this.#with((client) =>
      client.db(database).collection(collection).find(filter).toArray(),
    );
  }

  /** The BSON of each document of a collection, in hexadecimal digits, in the order of their ids. */
  async bytes(database: string, collection: string, without: Document): Promise<readonly string[]> {
    return this.#with(async (client) => {
      const cursor = client.db(database).collection(collection).find({}, { raw: true });
      const found: readonly unknown[] = await cursor.project(without).sort({ _id: 1 }).toArray();
      return found.map((bson) => {
        if (bson instanceof Uint8Array) return Buffer.from(bson).toString('hex');
        throw new Error('no bytes');
      });
    });
  }

  /** The keys of the indexes of a collection by their names. */
  async indexes(database: string, collection: string): Promise<Readonly<Record<string, unknown>>> {
    const found = await this.#with((client) =>
      client.db(database).collection(collection).listIndexes().toArray(),
    );
    return Object.fromEntries(found.map(({ name, key }) => [String(name), { ...key }]));
  }

  /** The connection string with options more. */
  urlWith(options: string): string {
    return `${this.url}${this.url.includes('?') ? '&' : '?'}${options}`;
  }

  /** Changes one document of a collection by hand. */
  async tamper(database: string, collection: string, fields: Document): Promise<void> {
    const { modifiedCount } = await this.#with((client) =>
      client.db(database).collection(collection).updateOne({}, { $set: fields }),
    );
    if (modifiedCount !== 1) throw new Error(`nothing of ${collection} was changed`);
  }

  /** Names of the collections, sorted. */
  async collections(database: string): Promise<readonly string[]> {
    const found = await this.#with((client) => client.db(database).collections());
    return found.map(({ collectionName }) => collectionName).sort();
  }

  /** Lets the lease of a rebuild that has crashed run out. */
  async endLease(database: string): Promise<void> {
    await this.#with((client) =>
      client
        .db(database)
        .collection<Document & { _id: string }>('state')
        .updateOne({ _id: 'building' }, { $set: { beat: new Date(0) } }),
    );
  }

  async stop(): Promise<void> {
    await this.server?.kill();
    await rm(this.folder, { recursive: true });
  }

  async #with<T>(work: (client: MongoClient) => Promise<T>): Promise<T> {
    const client = await new MongoClient(this.url, { useBigInt64: true }).connect();
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }
}

import { join } from 'node:path';
import { environmentOfStores } from '../../shared/store-config.js';
import {
  startProtocolServerProcess,
  type ProtocolServerProcess,
} from '../../shared/testing/eventstoredb/protocol-server-process.js';
import { MongoUnderTest } from '../servers/mongo-under-test.js';

/** The servers that the production parts are measured on: true ones where they are named. */
export class ProductionServers {
  readonly #databases: string[] = [];

  private constructor(
    private readonly esdb: Readonly<{ url: string }> | ProtocolServerProcess,
    private readonly mongo: MongoUnderTest,
  ) {}

  /** Those that ESDB_URL and MONGODB_URL name, and for the others stand-ins of ours. */
  static async start(folder: string): Promise<ProductionServers> {
    const [esdb, mongo] = await Promise.all([startLog(folder), MongoUnderTest.start('memory')]);
    return new ProductionServers(esdb, mongo);
  }

  get esdbUrl(): string {
    return this.esdb.url;
  }

  /** What to call it in a report. */
  get esdbName(): string {
    return 'pid' in this.esdb ? 'EventStoreDB’s wire' : 'EventStoreDB';
  }

  /** Undefined: it was given to us, and runs who knows where. */
  get esdbPid(): number | undefined {
    return 'pid' in this.esdb ? this.esdb.pid : undefined;
  }

  get mongodbUrl(): string {
    return this.mongo.url;
  }

  get mongodbName(): string {
    return this.mongo.pid === undefined ? 'MongoDB' : 'MongoDB’s wire';
  }

  get mongodbPid(): number | undefined {
    return this.mongo.pid;
  }

  /** A database that nobody has used; it is dropped at the end. */
  newDatabase(): string {
    const name = this.mongo.newDatabase();
    this.#databases.push(name);
    return name;
  }

  /** Makes room before the end. */
  async drop(database: string): Promise<void> {
    this.#databases.splice(this.#databases.indexOf(database), 1);
    await this.mongo.drop(database);
  }

  /** For the services: log and views are on these servers. */
  environment(database: string): Readonly<Record<string, string>> {
    const mongodbUrl = withDatabase(this.mongodbUrl, database);
    return environmentOfStores(
      { kind: 'eventstoredb', esdbUrl: this.esdbUrl, mongodbUrl },
      undefined,
    );
  }

  /** What a reader has to know of the figures. */
  describe(): string {
    const log =
      'pid' in this.esdb
        ? 'a stand-in that speaks EventStoreDB’s wire and keeps appends in a file without syncing it'
        : 'the EventStoreDB that ESDB_URL names';
    const views =
      this.mongo.pid === undefined
        ? 'the MongoDB that MONGODB_URL names'
        : 'a stand-in that speaks MongoDB’s wire, in memory';
    return `The log is in ${log}, the views are in ${views}.`;
  }

  async stop(): Promise<void> {
    if (this.mongo.pid === undefined) {
      for (const database of this.#databases) await this.mongo.drop(database);
    }
    await this.mongo.stop();
    if ('pid' in this.esdb) await this.esdb.kill();
  }
}

/** For the services of the embedded side, whatever this process was told. */
export function embeddedEnvironment(): Readonly<Record<string, string>> {
  return environmentOfStores({ kind: 'sqlite' }, undefined);
}

function startLog(folder: string): Promise<Readonly<{ url: string }> | ProtocolServerProcess> {
  const url = process.env['ESDB_URL'] ?? '';
  return url === '' ? startProtocolServerProcess(join(folder, 'esdb')) : Promise.resolve({ url });
}

/** The same connection string with another database. */
function withDatabase(url: string, database: string): string {
  return url.replace(/^([a-z+]+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${database}`);
}

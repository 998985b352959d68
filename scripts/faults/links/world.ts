import { join } from 'node:path';
import { freePort } from '../../../shared/testing/free-port.js';
import {
  startProtocolServerProcess,
  type ProtocolServerProcess,
} from '../../../shared/testing/eventstoredb/protocol-server-process.js';
import { startTcpProxy, type TcpProxy } from '../../../shared/testing/tcp-proxy/tcp-proxy.js';
import { ServerProcess } from '../../bench/server-process.js';
import { KafkaServerProcess } from '../../servers/kafka.js';
import { MongoServerProcess } from '../../servers/mongo.js';

const SERVICES = ['command', 'projection', 'query'] as const;
export type ServiceName = (typeof SERVICES)[number];
export type ServerName = 'eventstoredb' | 'mongodb' | 'kafka';

/** Who speaks to whom. Kafka tells its clients where it is, so that its one proxy is for all. */
export const LINKS = [
  'command → eventstoredb',
  'projection → eventstoredb',
  'query → eventstoredb',
  'projection → mongodb',
  'query → mongodb',
  'projection → kafka',
] as const;
export type LinkName = (typeof LINKS)[number];

/** Characters of it. */
const SAID = 4_000;

/** A server that can be killed, and comes back with its data. */
type Server = Readonly<{ port: number; kill: () => Promise<void>; start: () => Promise<void> }>;

/**
 * The three services as processes of their own on EventStoreDB's protocol server, a MongoDB-wire
 * server and a Kafka broker, which are processes too, and a proxy on every link between them.
 */
export class World {
  readonly #servers = new Map<ServerName, Server>();
  readonly #links = new Map<LinkName, TcpProxy>();
  readonly #ports = new Map<ServiceName, number>();
  readonly #services = new Map<ServiceName, ServerProcess>();

  private constructor(private readonly folder: string) {}

  /** @param folder an empty one, for the data of all */
  static async start(folder: string): Promise<World> {
    const world = new World(folder);
    try {
      await world.#start();
    } catch (error) {
      await world.kill();
      throw error;
    }
    return world;
  }

  /** The proxy on a link. */
  link(name: LinkName): TcpProxy {
    const proxy = this.#links.get(name);
    if (proxy === undefined) throw new Error(`no link ${name}`);
    return proxy;
  }

  url(service: ServiceName): string {
    return `http://127.0.0.1:${this.#portOf(service)}`;
  }

  /** What the stores of a service are called: the settings of its environment. */
  stores(service: ServiceName): Readonly<Record<string, string>> {
    const esdb = this.link(`${service} → eventstoredb`).port;
    const common = {
      SAGAE_STORE: 'eventstoredb',
      ESDB_URL: `esdb://127.0.0.1:${esdb}?tls=false`,
    };
    // It keeps no views, but the setting has to be there.
    if (service === 'command') return { ...common, MONGODB_URL: 'mongodb://127.0.0.1:1/sagae' };
    const mongo = this.link(`${service} → mongodb`).port;
    const MONGODB_URL = `mongodb://127.0.0.1:${mongo}/sagae?directConnection=true`;
    return { ...common, MONGODB_URL };
  }

  get broker(): string {
    return `127.0.0.1:${this.link('projection → kafka').port}`;
  }

  async killService(name: ServiceName): Promise<void> {
    await this.#services.get(name)?.kill();
  }

  /** Starts a service, at the address it always has, and waits until it is ready. */
  async startService(name: ServiceName): Promise<void> {
    const env = {
      ...this.stores(name),
      KAFKA_BROKERS: name === 'projection' ? this.broker : '',
      SAGAE_API_KEYS: '',
      SAGAE_API_KEYS_FILE: '',
      LOG_LEVEL: 'warn',
    };
    const data = join(this.folder, name);
    const port = this.#portOf(name);
    const process = await ServerProcess.launch({ data, service: name, port, env });
    this.#services.set(name, process);
    await process.ready();
  }

  async killServer(name: ServerName): Promise<void> {
    await this.#servers.get(name)?.kill();
  }

  /** Starts a server again, on its port and with its data, and waits until it listens. */
  async startServer(name: ServerName): Promise<void> {
    await this.#servers.get(name)?.start();
  }

  /** The last that each service has printed, for the report of a failure. */
  said(): string {
    return [...this.#services]
      .map(([name, process]) => `--- ${name}\n${process.output().slice(-SAID)}`)
      .join('\n');
  }

  /** Ends everything, services first. @throws when a service does not leave as it should */
  async stop(): Promise<void> {
    const left = await Promise.allSettled([...this.#services.values()].map((one) => one.stop()));
    await this.kill();
    for (const one of left) if (one.status === 'rejected') throw one.reason;
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.#services.values()].map((one) => one.kill()));
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
    await Promise.all([...this.#servers.values()].map((server) => server.kill()));
  }

  async #start(): Promise<void> {
    const folderOf = (name: ServerName): string => join(this.folder, name);
    const esdb = await startProtocolServerProcess(folderOf('eventstoredb'));
    this.#servers.set('eventstoredb', eventStoreDb(esdb));
    const mongo = await MongoServerProcess.start({ file: folderOf('mongodb') });
    this.#servers.set('mongodb', mongoDb(mongo));
    const announced = await freePort();
    this.#servers.set('kafka', kafka(await KafkaServerProcess.start(folderOf('kafka'), announced)));
    for (const name of LINKS) {
      const server = serverOf(name);
      const upstream = { host: '127.0.0.1', port: this.#servers.get(server)?.port ?? 0 };
      const port = server === 'kafka' ? announced : 0;
      this.#links.set(name, await startTcpProxy({ upstream, port }));
    }
    for (const name of SERVICES) this.#ports.set(name, await freePort());
    await Promise.all(SERVICES.map((name) => this.startService(name)));
  }

  #portOf(service: ServiceName): number {
    const port = this.#ports.get(service);
    if (port === undefined) throw new Error(`${service} has no address yet`);
    return port;
  }
}

/** The server at the end of a link. */
function serverOf(link: LinkName): ServerName {
  switch (link) {
    case 'command → eventstoredb':
    case 'projection → eventstoredb':
    case 'query → eventstoredb':
      return 'eventstoredb';
    case 'projection → mongodb':
    case 'query → mongodb':
      return 'mongodb';
    case 'projection → kafka':
      return 'kafka';
  }
}

function eventStoreDb(server: ProtocolServerProcess): Server {
  return { port: server.port, kill: () => server.kill(), start: () => server.start() };
}

function mongoDb(server: MongoServerProcess): Server {
  const port = Number(new URL(server.url).port);
  return { port, kill: () => server.kill(), start: () => server.restart() };
}

function kafka(server: KafkaServerProcess): Server {
  return { port: server.port, kill: () => server.kill(), start: () => server.restart() };
}

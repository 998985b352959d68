import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startProtocolServerProcess,
  type ProtocolServerProcess,
} from '../../shared/testing/eventstoredb/protocol-server-process.js';
import { MongoUnderTest } from '../servers/mongo-under-test.js';
import type { Answer, Request, Step } from './asking.js';
import { Likeness } from './likeness.js';
import { System } from './system.js';

/** The ledger on SQLite, and the ledger on EventStoreDB and MongoDB, which are asked the same. */
export class BothSystems {
  /** Every request that was sent, once. */
  readonly asked: Request[] = [];
  /** Every code that was answered. */
  readonly codes = new Set<string>();
  #linesCompared = 0;

  private constructor(
    readonly embedded: System,
    readonly production: System,
    private readonly servers: Servers,
    readonly likeness: Likeness,
  ) {}

  static async start(): Promise<BothSystems> {
    const began = Date.now();
    const servers = await Servers.start();
    const stores = {
      SAGAE_STORE: 'eventstoredb',
      ESDB_URL: servers.log.url,
      MONGODB_URL: servers.viewsUrl(),
    };
    const zone = zoneWhereItIsNoon(began);
    const [embedded, production] = await Promise.all([
      System.start('embedded', { SAGAE_STORE: 'sqlite' }, zone),
      System.start('production', stores, zone),
    ]);
    const likeness = new Likeness(embedded, production, began);
    const both = new BothSystems(embedded, production, servers, likeness);
    await both.#catchUp();
    return both;
  }

  async stop(): Promise<void> {
    await this.embedded.destroy();
    await this.production.destroy();
    await this.servers.stop();
  }

  /** Ends all services as an operator would, and starts them again. */
  async restart(): Promise<void> {
    await this.onBoth((system) => system.stopServices());
    await this.onBoth((system) => system.startServices());
  }

  onBoth<T>(work: (system: System) => Promise<T>): Promise<readonly [T, T]> {
    return Promise.all([work(this.embedded), work(this.production)]);
  }

  /**
   * Asks both systems the same, one step after the other, and compares the answers and what each
   * step has left in the log.
   * @throws with the first difference
   */
  async run(steps: Iterable<Step>): Promise<void> {
    for (const step of steps) await this.#take(step);
  }

  /** @throws when the texts of two programs differ */
  compareTexts(what: string, one: string, other: string): void {
    const [mine, theirs] = [one.split('\n'), other.split('\n')];
    const differs = mine.findIndex(
      (line, index) => !this.likeness.ofTexts(line, theirs[index] ?? '', ''),
    );
    if (differs === -1 && mine.length === theirs.length) return;
    throw new Error(`${what} differs:\n${one}\nand\n${other}`);
  }

  async #take(step: Step): Promise<void> {
    const { embedded, production } = this;
    const [request, other] = [step.ask(embedded), step.ask(production)];
    if (request === undefined || other === undefined) {
      if (request === other) return;
      throw new Error(`only one system has more: ${JSON.stringify(request ?? other)}`);
    }
    const [one, two] = await Promise.all([embedded.ask(request), production.ask(other)]);
    this.asked.push(request);
    if (step.keep !== undefined) {
      embedded.keep(step.keep, one);
      production.keep(step.keep, two);
    }
    if (request.method === 'POST') await this.#catchUp(step.until);
    this.#note(one);
    this.#compare(`${request.method} ${request.path} ${request.body ?? ''}`, one, two);
  }

  async #catchUp(done?: Step['until']): Promise<void> {
    await this.onBoth((system) => system.catchUp(done));
  }

  #compare(what: string, one: Answer, two: Answer): void {
    const difference = this.likeness.ofAnswers(one, two) ?? this.#ofLogs();
    if (difference !== undefined) throw new Error(`${what.slice(0, 400)}\n${difference}`);
  }

  #ofLogs(): string | undefined {
    const [one, two] = [this.embedded.lines, this.production.lines];
    while (this.#linesCompared < one.length) {
      const index = this.#linesCompared++;
      const pair = [JSON.parse(one[index] ?? ''), JSON.parse(two[index] ?? 'null')] as const;
      const difference = this.likeness.ofValues(pair, '', `event ${index + 1}`);
      if (difference !== undefined) return difference;
    }
    return one.length === two.length ? undefined : `${one.length} and ${two.length} events`;
  }

  #note({ headers, text }: Answer): void {
    if (headers.get('content-type')?.includes('application/json') !== true) return;
    const [, code] = /^\{"code":"([A-Z_]+)"/.exec(text) ?? [];
    if (code !== undefined) this.codes.add(code);
  }
}

/** What the production system runs on. */
class Servers {
  private constructor(
    readonly log: ProtocolServerProcess,
    private readonly folder: string,
    private readonly mongo: MongoUnderTest,
    private readonly database: string,
  ) {}

  static async start(): Promise<Servers> {
    const folder = await mkdtemp(join(tmpdir(), 'sagae-esdb-'));
    const [log, mongo] = await Promise.all([
      startProtocolServerProcess(folder),
      MongoUnderTest.start('memory'),
    ]);
    return new Servers(log, folder, mongo, mongo.newDatabase());
  }

  /** With the database, where the URL names none. */
  viewsUrl(): string {
    return this.mongo.url.replace(/^([a-z+]+:\/\/[^/?]+)\/?[^?]*/, `$1/${this.database}`);
  }

  async stop(): Promise<void> {
    await this.log.kill();
    await rm(this.folder, { recursive: true });
    await this.mongo.drop(this.database);
    await this.mongo.stop();
  }
}

/** So that no day ends while the two systems are compared. */
function zoneWhereItIsNoon(now: number): string {
  const hour = new Date(now).getUTCHours();
  // The names are the wrong way round: it is 3 hours later than UTC in Etc/GMT-3.
  const later = 12 - hour;
  return later === 0 ? 'Etc/GMT' : `Etc/GMT${later > 0 ? '-' : '+'}${Math.abs(later)}`;
}

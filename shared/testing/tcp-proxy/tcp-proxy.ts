import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as timeout } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { Connection, type Direction, type LinkToxics } from './connection.js';
import type { Surroundings } from './flow.js';
import { checkToxics } from './toxics.js';

/** What is wrong with a link. `down`: connections are refused, and those that were are cut. */
export type ProxyToxics = LinkToxics & Readonly<{ down?: boolean }>;

export type TcpProxyOptions = Readonly<{
  /** Of the server, on every new connection. */
  upstream: Readonly<{ host: string; port: number }>;
  /** Default: one that is free. */
  port?: number;
}> &
  Partial<Surroundings>;

/** What has gone through a proxy since its start. */
export type TcpProxyCounters = Readonly<{
  /** Connections that came, that are there, and that a toxic has ended. */
  accepted: number;
  open: number;
  cut: number;
  /** Bytes handed on, and bytes lost to a `timeout`. */
  passed: Readonly<Record<Direction, number>>;
  swallowed: Readonly<Record<Direction, number>>;
}>;

/** A link on which whatever happens to networks can be made to happen. */
export interface TcpProxy {
  readonly port: number;
  /** From now on exactly these toxics act, on connections that are there and on new ones. */
  set(toxics: ProxyToxics): Promise<void>;
  /** No toxic any more. What was only kept back goes on; what lost bytes is reset. */
  heal(): Promise<void>;
  /** Cuts every connection and listens no more. */
  stop(): Promise<void>;
  counters(): TcpProxyCounters;
  /** Resolves when this holds, which is looked at whenever a figure changes. */
  until(holds: (counters: TcpProxyCounters) => boolean): Promise<void>;
}

/**
 * A proxy on 127.0.0.1 with the toxics of Toxiproxy, for any protocol over TCP.
 *
 * Clients that are told addresses by the server go past the proxy, unless the server is told to name
 * the proxy: Kafka by `advertised.listeners`, a MongoDB replica set by its members' hosts (or the
 * client by `directConnection=true`); EventStoreDB's `esdb://` asks nobody, `esdb+discover://` does.
 */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const proxy = new Proxy(options);
  await proxy.listen(options.port ?? (await freePort()));
  return proxy;
}

class Proxy implements TcpProxy {
  readonly #connections = new Set<Connection>();
  readonly #around: Surroundings;
  readonly #upstream: TcpProxyOptions['upstream'];
  readonly #waiting = new Set<() => void>();
  readonly #passed = { upstream: 0, downstream: 0 };
  readonly #swallowed = { upstream: 0, downstream: 0 };
  #accepted = 0;
  #cut = 0;
  #port = 0;
  #server: Server | undefined;
  #toxics: ProxyToxics = {};
  #switching: Promise<void> = Promise.resolve();

  constructor({ upstream, clock, pause, random }: TcpProxyOptions) {
    this.#upstream = upstream;
    this.#around = {
      clock: clock ?? Date.now,
      pause: pause ?? pauseFor,
      random: random ?? Math.random,
    };
  }

  get port(): number {
    return this.#port;
  }

  async listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.on('connection', (client) => this.#accept(client));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#server = server;
  }

  async set(toxics: ProxyToxics): Promise<void> {
    checkToxics(toxics.upstream ?? {});
    checkToxics(toxics.downstream ?? {});
    // One after the other: going down and coming up again both take a moment.
    const switched = this.#switching.then(() => this.#switchTo(toxics));
    this.#switching = switched.catch(() => undefined);
    await switched;
  }

  heal(): Promise<void> {
    return this.set({});
  }

  stop(): Promise<void> {
    return this.set({ down: true });
  }

  counters(): TcpProxyCounters {
    return {
      accepted: this.#accepted,
      open: this.#connections.size,
      cut: this.#cut,
      passed: { ...this.#passed },
      swallowed: { ...this.#swallowed },
    };
  }

  until(holds: (counters: TcpProxyCounters) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds(this.counters())) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async #switchTo(toxics: ProxyToxics): Promise<void> {
    this.#toxics = toxics;
    for (const connection of this.#connections) connection.switchTo(toxics);
    const down = toxics.down ?? false;
    if (down) await this.#goDown();
    else if (this.#server === undefined) await this.listen(this.#port);
  }

  async #goDown(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    this.#cut += this.#connections.size;
    for (const connection of this.#connections) connection.destroy();
    await closed;
    await this.until(({ open }) => open === 0);
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#upstream, allowHalfOpen: true, noDelay: true });
    const connection: Connection = new Connection(client, server, this.#toxics, this.#around, {
      passed: (direction, bytes) => this.#count(() => (this.#passed[direction] += bytes)),
      swallowed: (direction, bytes) => this.#count(() => (this.#swallowed[direction] += bytes)),
      cut: () => this.#count(() => (this.#cut += 1)),
      closed: () => this.#count(() => this.#connections.delete(connection)),
    });
    this.#connections.add(connection);
    this.#count(() => (this.#accepted += 1));
    // A connection that was accepted just before the proxy went down.
    if (this.#server === undefined) connection.destroy();
    void connection.run();
  }

  #count(change: () => void): void {
    change();
    for (const look of [...this.#waiting]) look();
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  // Beyond 2^31 a timer would fire at once.
  const whole = Math.min(Math.ceil(ms), 0x7fff_ffff);
  await timeout(whole, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

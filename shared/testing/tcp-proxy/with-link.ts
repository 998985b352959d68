import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach } from 'mocha';
import { ManualTime } from '../manual-time.js';
import { Notices } from '../notices.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** One end of a connection, and what has happened to it. */
export class End {
  readonly #notices = new Notices<'data' | 'end' | 'close'>();
  readonly #chunks: Buffer[] = [];
  /** The `code` of the error that ended it. */
  failure: string | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#notices.push('data');
    });
    socket.once('end', () => this.#notices.push('end'));
    socket.once('close', () => this.#notices.push('close'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error.code;
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  /** How often bytes came. */
  get pieces(): number {
    return this.#chunks.length;
  }

  get isEnded(): boolean {
    return this.#notices.all.includes('end');
  }

  ended(): Promise<void> {
    return this.#notices.has((notice) => notice === 'end');
  }

  closed(): Promise<void> {
    return this.#notices.has((notice) => notice === 'close');
  }

  /** Resolves when so many bytes have come in all. */
  has(bytes: number): Promise<void> {
    return this.#notices.until(() => this.received.length >= bytes);
  }
}

/** Both ends of a connection through the proxy. */
export type Pair = Readonly<{ client: End; server: End }>;

export type Link = Readonly<{
  proxy: TcpProxy;
  /** The proxy's. */
  time: ManualTime;
  /** A new connection, once the server has it; through `port` where that leads to the proxy. */
  pair: (port?: number) => Promise<Pair>;
  /** A new connection, of which the server need not hear. */
  client: () => End;
  /** The server goes away and refuses connections. */
  stopServer: () => Promise<void>;
}>;

/** A server of plain bytes and a proxy to it, for every test of a suite. */
export function withLink(): () => Link {
  let link: (Link & Readonly<{ close: () => Promise<void> }>) | undefined;
  beforeEach(async () => {
    link = await startLink();
  });
  afterEach(() => link?.close());
  return () => {
    if (link === undefined) throw new Error('there is no link');
    return link;
  };
}

async function startLink(): Promise<Link & Readonly<{ close: () => Promise<void> }>> {
  const arrivals = new Notices<End>();
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    arrivals.push(new End(socket));
  });
  const port = await listen(server);
  const time = new ManualTime();
  const proxy = await startTcpProxy({
    upstream: { host: '127.0.0.1', port },
    clock: time.clock,
    pause: time.pause,
    random: () => 0.5,
  });

  const client = (through = proxy.port): End => {
    const socket = connect({ host: '127.0.0.1', port: through, allowHalfOpen: true });
    sockets.push(socket);
    return new End(socket);
  };
  const pair = async (through = proxy.port): Promise<Pair> => {
    const before = arrivals.all.length;
    const opened = client(through);
    await arrivals.until(() => arrivals.all.length > before);
    const arrived = arrivals.all[before];
    if (arrived === undefined) throw new Error('nobody came');
    return { client: opened, server: arrived };
  };
  const stopServer = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const close = async (): Promise<void> => {
    await proxy.stop();
    await stopServer();
  };
  return { proxy, time, pair, client, stopServer, close };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

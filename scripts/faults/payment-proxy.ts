import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/**
 * What happens to a request on its way. `pass`: nothing. `twice`: it is delivered twice. `hold`: it
 * is delivered, and its answer waits until it is let go. `lose`: it is not delivered, and no answer
 * comes.
 */
export type Passage = 'pass' | 'twice' | 'hold' | 'lose';

/** An answer as the gateway gave it. */
type GatewayReply = Readonly<{ status: number; body: string }>;

/** An answer that waits on its way back. */
export type Held = Readonly<{
  /** Lets it go, as it is or as something else. */
  release: (instead?: GatewayReply) => void;
}>;

/** A network between us and a gateway, on which requests and answers get lost, late or doubled. */
export class GatewayProxy {
  /** What happens to calls, and what to inquiries. */
  calls: Passage = 'pass';
  inquiries: 'pass' | 'lose' = 'pass';
  readonly #held = new Map<string, Held>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param target the gateway's own address */
  static async start(target: string): Promise<GatewayProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new GatewayProxy(server, `http://127.0.0.1:${address.port}`);
    server.on('request', (request: IncomingMessage, out: ServerResponse) => {
      // What the gateway does to a connection is done to the one before it.
      proxy.#carry(target, request, out).catch(() => out.socket?.resetAndDestroy());
    });
    return proxy;
  }

  /** The answer that is held of a kind of call, like `capture`. */
  held(kind: string): Held | undefined {
    return this.#held.get(`/${kind}`);
  }

  /** Drops every connection. */
  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #carry(target: string, request: IncomingMessage, out: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const passage = path === '/inquire' ? this.inquiries : this.calls;
    const body = await bodyOf(request);
    if (passage === 'lose') return;
    const gone = new AbortController();
    out.once('close', () => gone.abort());
    const deliver = async (): Promise<GatewayReply> => {
      const answer = await fetch(target + path, { method: 'POST', body, signal: gone.signal });
      return { status: answer.status, body: await answer.text() };
    };
    if (passage === 'twice') await deliver();
    const reply = await deliver();
    const send = ({ status, body }: GatewayReply): void => {
      out.writeHead(status, { 'Content-Type': 'application/json' });
      out.end(body);
    };
    if (passage === 'hold') this.#held.set(path, { release: (instead = reply) => send(instead) });
    else send(reply);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks);
}

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that takes requests. */
export type Listening = Readonly<{
  host: string;
  port: number;
  /** Where it can be reached, like `http://127.0.0.1:8080`. */
  url: string;
  /** Takes no more requests and waits until those in hand are answered. */
  stop(): Promise<void>;
}>;

/** How long requests in hand may take once the server is told to stop. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Starts taking requests. The limits keep slow or silent callers from holding connections for ever.
 * @param port 0 takes any free port
 * @throws Error when the address cannot be listened on
 */
export async function listen(
  listener: RequestListener,
  host: string,
  port: number,
): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16_384,
    },
    listener,
  );
  server.maxRequestsPerSocket = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1_024 }, resolve);
  });
  const address = addressOf(server);
  const shownHost = address.family === 'IPv6' ? `[${host}]` : host;
  return {
    host,
    port: address.port,
    url: `http://${shownHost}:${address.port}`,
    stop: () => stop(server),
  };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections();
    }, STOP_DEADLINE_MS);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}

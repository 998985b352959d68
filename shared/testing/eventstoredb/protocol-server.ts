import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { serveAppend, serveBatchAppend } from './append-calls.js';
import { serveDelete, serveFeatures, serveTombstone } from './delete-calls.js';
import { EsdbLog } from './esdb-log.js';
import { AppendedFile } from './event-file.js';
import {
  Misbehaviours,
  type CallKind,
  type Cut,
  type Misbehaviour,
  type Plan,
} from './misbehaviour.js';
import { serveRead } from './read-calls.js';
import type { Serving } from './serving.js';
import type { Subscription } from './subscription.js';

export type ProtocolServerOptions = Readonly<{
  /** By default one that is free. */
  port?: number;
  /** Where the events are kept; by default they live as long as the server. */
  folder?: string;
  /** The server's clock, milliseconds since 1970. */
  now?: () => number;
  /** Events a live subscriber may be behind before it is dropped. */
  liveBuffer?: number;
}>;

/**
 * Speaks EventStoreDB's wire, for tests: it keeps the rules a client depends on, and goes wrong when
 * it is told to. It is no database.
 */
export interface ProtocolServer {
  /** A connection string. */
  readonly url: string;
  readonly port: number;
  /** The next calls of a kind go wrong like this; what is planned first happens first. */
  misbehave(misbehaviour: Misbehaviour): Plan;
  /** Calls of a kind so far; appends are counted one by one, on whichever call they came. */
  calls(kind: CallKind): number;
  /** Ends all subscriptions that are open. @returns how many there were */
  dropSubscriptions(how: Cut): number;
  /** Resets every connection. Clients may connect again at once. */
  killConnections(): void;
  /** Not reachable any more: every connection is reset and new ones are refused. */
  down(): Promise<void>;
  /** Reachable again, at the same address, with the same events. */
  up(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** @throws the port is taken, or the folder cannot be written */
export async function startProtocolServer(
  options: ProtocolServerOptions = {},
): Promise<ProtocolServer> {
  const file = options.folder === undefined ? undefined : new AppendedFile(options.folder);
  const misbehaviours = new Misbehaviours();
  const sockets = new Set<Socket>();
  const subscriptions = new Set<Subscription>();
  const grpc = grpcServer({
    log: new EsdbLog(options.now ?? Date.now, file),
    misbehaviours,
    subscriptions,
    liveBuffer: options.liveBuffer ?? 1024,
    resetPeer: (peer) => {
      for (const socket of sockets) {
        if (peer === `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`) reset(socket);
      }
    },
  });
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  // Connections are accepted here and handed on, so that they can be cut here too.
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });

  async function listen(port: number): Promise<number> {
    listener.listen(port, HOST);
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  function killConnections(): void {
    for (const socket of [...sockets]) reset(socket);
  }

  async function down(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    killConnections();
    await closed;
  }

  const port = await listen(options.port ?? 0);
  const up = async () => {
    await listen(port);
  };
  return {
    url: `esdb://${HOST}:${port}?tls=false`,
    port,
    misbehave: (misbehaviour) => misbehaviours.plan(misbehaviour),
    calls: (kind) => misbehaviours.calls(kind),
    dropSubscriptions: (how) => {
      const open = [...subscriptions];
      for (const subscription of open) subscription.drop(how);
      return open.length;
    },
    killConnections,
    down,
    up,
    restart: async () => {
      await down();
      await up();
    },
    stop: async () => {
      await down();
      injector.destroy();
      grpc.forceShutdown();
      file?.close();
    },
  };
}

function grpcServer(serving: Serving): Server {
  // The client splits what it sends at 3 MiB, and 1 MiB is refused only after it was read.
  const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  server.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods: serveFeatures.bind(undefined, serving),
  });
  server.addService(streamsGrpc.StreamsService, {
    read: serveRead.bind(undefined, serving),
    append: serveAppend.bind(undefined, serving),
    batchAppend: serveBatchAppend.bind(undefined, serving),
    delete: serveDelete.bind(undefined, serving),
    tombstone: serveTombstone.bind(undefined, serving),
  });
  return server;
}

function reset(socket: Socket): void {
  socket.resetAndDestroy();
}

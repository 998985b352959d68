import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { MongoNetworkError } from 'mongodb';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { failEndedWrites } from './ended-writes.js';

type Command = Readonly<Record<string, unknown>>;
type Connection = Readonly<{
  command: (namespace: Command, command: Command, options?: Command) => Promise<unknown>;
}>;

const ADMIN = { db: 'admin' };

describe('a command to a connection that has ended', () => {
  let server: Server;
  let socket: Socket;
  let connection: Connection;

  beforeEach(async () => {
    failEndedWrites();
    // Accepts, and neither reads nor says anything.
    server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    socket = connect(address.port, '127.0.0.1');
    await once(socket, 'connect');
    connection = connectionOn(socket);
  });
  afterEach(() => {
    socket.destroy();
    server.close();
  });

  it('fails where nobody has been told yet that it has ended', async () => {
    socket.destroy();
    const failed = await rejection(connection.command(ADMIN, { ping: 1 }));
    expect(failed).to.be.instanceOf(MongoNetworkError);
  });

  it('fails when it ends while the command is being written', async () => {
    const waiting = connection.command(ADMIN, { ping: 1, text: 'x'.repeat(12_000_000) });
    setImmediate(() => socket.destroy());
    expect(await rejection(waiting)).to.be.instanceOf(MongoNetworkError);
  });

  it('fails as the driver’s errors do when the connection breaks while it is being written', async () => {
    const waiting = connection.command(ADMIN, { ping: 1, text: 'x'.repeat(12_000_000) });
    setImmediate(() => socket.destroy(new Error('write EPIPE')));
    const failed = await rejection(waiting);
    expect(failed).to.be.instanceOf(MongoNetworkError).with.property('message', 'write EPIPE');
  });

  it('fails when it ends before the answer', async () => {
    const waiting = connection.command(ADMIN, { ping: 1 });
    setImmediate(() => socket.destroy());
    expect(await rejection(waiting)).to.be.instanceOf(MongoNetworkError);
  });
});

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** A connection, as the driver makes it. */
function connectionOn(socket: Socket): Connection {
  const module: unknown = createRequire(import.meta.url)('mongodb/lib/cmap/connection');
  if (typeof module !== 'object' || module === null || !('Connection' in module)) {
    throw new Error('no connection');
  }
  const { Connection: made } = module;
  if (typeof made !== 'function') throw new Error('no class');
  const connection: unknown = Reflect.construct(made, [socket, { id: 1, generation: 0 }]);
  if (!isConnection(connection)) throw new Error('no connection');
  return connection;
}

function isConnection(value: unknown): value is Connection {
  return typeof value === 'object' && value !== null && 'command' in value;
}

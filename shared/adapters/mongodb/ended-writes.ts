import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { MongoError, MongoNetworkError } from 'mongodb';

/** What is used of the driver's connection. */
type Connection = { readonly socket: Socket; readonly error: Error | null };
type Write = (this: Connection, ...message: unknown[]) => Promise<void>;
type ConnectionClass = { prototype: { writeCommand: Write } };

let isDone = false;

/**
 * Makes a write to a connection that has just ended fail, and as the driver's errors do. In the driver (7.9 too) it waits for ever:
 * a destroyed socket takes nothing and never drains, and no time-out of the driver covers that wait.
 * The heartbeat of a server is such a write as well, and while one waits no other is sent: the
 * process would never find its server again. Where the driver's inside is another, nothing is
 * changed; the test beside this file tells.
 */
export function failEndedWrites(): void {
  if (isDone) return;
  isDone = true;
  const connection = connectionClass();
  if (connection === undefined) return;
  const { prototype } = connection;
  const write = prototype.writeCommand;
  prototype.writeCommand = async function (this: Connection, ...message): Promise<void> {
    const { socket } = this;
    let end: () => void = () => undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      end = () => {
        reject(this.error ?? new MongoNetworkError('the connection has ended'));
      };
    });
    socket.once('close', end);
    if (socket.closed) end();
    try {
      await Promise.race([write.apply(this, message), ended]);
    } catch (error) {
      throw asDriverError(error);
    } finally {
      socket.off('close', end);
    }
  };
}

/** What ends the wait for room in a socket is the socket's own error, which the driver passes on. */
function asDriverError(error: unknown): unknown {
  if (error instanceof MongoError || !(error instanceof Error)) return error;
  return new MongoNetworkError(error.message, { cause: error });
}

function connectionClass(): ConnectionClass | undefined {
  const found: unknown = createRequire(import.meta.url)('mongodb/lib/cmap/connection');
  if (typeof found !== 'object' || found === null || !('Connection' in found)) return undefined;
  return isConnectionClass(found.Connection) ? found.Connection : undefined;
}

function isConnectionClass(value: unknown): value is ConnectionClass {
  if (typeof value !== 'function') return false;
  const prototype: unknown = value.prototype;
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    'writeCommand' in prototype &&
    typeof prototype.writeCommand === 'function'
  );
}

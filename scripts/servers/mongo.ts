import { freePort } from '../../shared/testing/free-port.js';
import { JavaServer } from './java-server.js';
import { mavenClassPath, serverSource } from './maven-jars.js';

/**
 * A server that speaks MongoDB's wire protocol, in a process of its own, for tests and benches. It
 * has no sessions, no transactions and no updates by pipeline, and reads an index only for equality:
 * it shows that our protocol and our logic are right, not how fast or how durable MongoDB is.
 */
export class MongoServerProcess extends JavaServer {
  private constructor(
    private readonly port: number,
    args: readonly string[],
  ) {
    super('MongoDB-wire server', args, 'listening');
  }

  /**
   * Starts a server.
   * @param where `file`: where it keeps its data; what it acknowledged is in it. Default: in memory.
   *   `port`: default a free one. `heapMb`: default 512; 50,000 entries of two legs need 400
   * @throws when Java is not there or the server does not start
   */
  static async start(
    where: Readonly<{ file?: string | undefined; port?: number; heapMb?: number }> = {},
  ): Promise<MongoServerProcess> {
    const { file, port = await freePort(), heapMb = 512 } = where;
    const args = [
      `-Xmx${heapMb}m`,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      await mavenClassPath('mongo-pom.xml'),
      serverSource('MongoWireServer.java'),
      String(port),
      ...(file === undefined ? [] : [file]),
    ];
    const server = new MongoServerProcess(port, args);
    await server.restart();
    return server;
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/`;
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../shared/testing/free-port.js';
import { mavenClassPath, serverSource } from './maven-jars.js';

/**
 * A server that speaks MongoDB's wire protocol, in a process of its own, for tests and benches. It
 * has no sessions, no transactions and no updates by pipeline, and reads an index only for equality:
 * it shows that our protocol and our logic are right, not how fast or how durable MongoDB is.
 */
export class MongoServerProcess {
  #child: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly file: string | undefined,
    private readonly heapMb: number,
  ) {}

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
    const server = new MongoServerProcess(port, file, heapMb);
    await server.restart();
    return server;
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/`;
  }

  /** Of the process; undefined while it is killed. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it again on the same port, with the data it had. */
  async restart(): Promise<void> {
    const classPath = await mavenClassPath('mongo-pom.xml');
    const data = this.file === undefined ? [] : [this.file];
    const child = spawn(
      'java',
      [
        `-Xmx${this.heapMb}m`,
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-cp',
        classPath,
        serverSource('MongoWireServer.java'),
        String(this.port),
        ...data,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    await listening(child);
  }

  /** Ends it at once, whatever it is doing. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Stops it so that it neither answers nor closes connections, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }
}

/** Waits until the server says that it listens. @throws with what it said, when it ended instead */
async function listening(child: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new Error('Java (java) is needed for the MongoDB-wire server', { cause: error }));
    });
    child.once('exit', () => {
      reject(new Error(`the MongoDB-wire server did not start: ${said}`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000);
        if (said.includes('listening')) resolve();
      });
    }
  });
}

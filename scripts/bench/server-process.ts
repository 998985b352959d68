import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as until } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../shared/testing/free-port.js';

export type Service = 'all' | 'command' | 'projection' | 'query' | 'simulator';

export type ServerOptions = Readonly<{
  /** The data folder. */
  data: string;
  service?: Service;
  /** Default: one that is free. */
  port?: number;
  env?: Readonly<Record<string, string>>;
  /** A program and its arguments that the server is started through. It must `exec` the server. */
  through?: readonly string[];
}>;

/** The file that runs a service, beside this one in the built tree. */
const MAINS: Readonly<Record<Service, readonly [path: string, ...args: string[]]>> = {
  all: ['../sagae.js', 'start'],
  command: ['../../command-service/main.js'],
  projection: ['../../projection-service/main.js'],
  query: ['../../query-service/main.js'],
  simulator: ['../sagae.js', 'simulator', '--port'],
};

/** The command that starts a service. The simulator is no service of ours: it is told its port. */
function serverCommand(service: Service, port: number): readonly string[] {
  const [path, ...args] = MAINS[service];
  const command = [process.execPath, fileURLToPath(new URL(path, import.meta.url)), ...args];
  return service === 'simulator' ? [...command, String(port)] : command;
}

/**
 * A real server in a process of its own, as an operator would start it. Its output goes into a
 * file, as it would in production, not through a pipe that somebody would have to empty.
 */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logs: string,
    readonly url: string,
  ) {}

  /** Starts a server without waiting for it. The process exists when this answers. */
  static async launch(options: ServerOptions): Promise<ServerProcess> {
    const port = options.port ?? (await freePort());
    const logs = mkdtempSync(join(tmpdir(), 'sagae-log-'));
    const [program = '', ...args] = [
      ...(options.through ?? []),
      ...serverCommand(options.service ?? 'all', port),
    ];
    const output = openSync(join(logs, 'output'), 'w');
    const child = spawn(program, args, {
      env: {
        ...process.env,
        SAGAE_DATA: options.data,
        PORT: String(port),
        HOST: '127.0.0.1',
        ...options.env,
      },
      stdio: ['ignore', output, output],
    });
    await once(child, 'spawn');
    closeSync(output);
    return new ServerProcess(child, logs, `http://127.0.0.1:${port}`);
  }

  /** Starts a server and waits until it says that it is ready. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const server = await ServerProcess.launch(options);
    await server.ready();
    return server;
  }

  /** @throws with its output when the server leaves instead of becoming ready */
  async ready(): Promise<void> {
    while (!this.output().includes('is ready on http')) {
      if (this.#left()) throw new Error(`the server left before it was ready:\n${this.output()}`);
      await until(5);
    }
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the server has no process');
    return this.child.pid;
  }

  /** Everything the server has printed so far. */
  output(): string {
    return readFileSync(join(this.logs, 'output'), 'utf8');
  }

  /** Resident memory now, in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
    if (kilobytes === undefined) throw new Error('no VmRSS');
    return Number(kilobytes) * 1024;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** Waits until every thread stands still after SIGSTOP. */
  async stopped(): Promise<void> {
    const stands = (): boolean =>
      readdirSync(`/proc/${this.pid}/task`).every((thread) =>
        readFileSync(`/proc/${this.pid}/task/${thread}/status`, 'utf8').includes('\nState:\tT'),
      );
    while (!stands()) await until(1);
  }

  /** SIGKILL, and waits until the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    this.#forget();
  }

  /** SIGTERM, and waits for the process to leave. @throws when it does not leave with 0 */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    const output = this.output();
    this.#forget();
    if (this.child.exitCode !== 0) {
      throw new Error(`the server left with ${this.child.exitCode ?? 'a signal'}:\n${output}`);
    }
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#left()) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  #forget(): void {
    rmSync(this.logs, { recursive: true, force: true });
  }

  #left(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What is kept of what it says, characters. */
const SAID = 8_000;

/** A server in Java, in a process of its own, that can be killed and comes back with its data. */
export class JavaServer {
  #child: ChildProcess | undefined;

  /**
   * @param title what to call it
   * @param args of `java`
   * @param started what it says when it can be connected to
   */
  protected constructor(
    private readonly title: string,
    private readonly args: readonly string[],
    private readonly started: string,
  ) {}

  /** Of the process; undefined while it is killed. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it on the port and with the data it had. @throws with what it said, when it does not */
  async restart(): Promise<void> {
    const child = spawn('java', this.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => {
        reject(new Error(`Java (java) is needed for the ${this.title}`, { cause: error }));
      });
      child.once('exit', () => {
        reject(new Error(`the ${this.title} did not start: ${said}`));
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said = (said + text).slice(-SAID);
          if (said.includes(this.started)) resolve();
        });
      }
    });
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

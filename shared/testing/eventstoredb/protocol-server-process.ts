import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';
import type { Misbehaviour } from './misbehaviour.js';

/** What the process is told. */
export type ToServer = Readonly<{ misbehaviour: Misbehaviour }>;

/** What the process tells. */
export type ToParent = Readonly<{ kind: 'ready'; port: number }> | Readonly<{ kind: 'planned' }>;

/** A protocol server in a process of its own, which can be killed and comes back with its data. */
export interface ProtocolServerProcess {
  readonly url: string;
  readonly port: number;
  /** Of the process; undefined while it is killed. */
  readonly pid: number | undefined;
  /** As for a server in this process; resolves when it is planned. */
  misbehave(misbehaviour: Misbehaviour): Promise<void>;
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again after a kill: the same folder, the same port. */
  start(): Promise<void>;
  /** SIGSTOP: its connections stay, and nobody answers. */
  pause(): void;
  /** SIGCONT */
  resume(): void;
}

const CHILD = fileURLToPath(new URL('./protocol-server.child.js', import.meta.url));

/**
 * Starts it and resolves when it can be connected to. The process ends with the one that started it.
 * @param folder keeps the events: every append that was answered is there after a kill
 * @param port by default one that is free
 */
export async function startProtocolServerProcess(
  folder: string,
  port?: number,
): Promise<ProtocolServerProcess> {
  let child: ChildProcess | undefined;

  async function start(wanted: number): Promise<number> {
    const started = fork(CHILD, [folder, String(wanted)], { serialization: 'advanced' });
    child = started;
    const told = await answer(started);
    if (told.kind !== 'ready') throw new Error(`the server said ${told.kind} first`);
    return told.port;
  }

  async function kill(): Promise<void> {
    const killed = child;
    child = undefined;
    if (killed === undefined) return;
    const gone = once(killed, 'exit');
    killed.kill('SIGKILL');
    await gone;
  }

  const bound = await start(port ?? (await freePort()));
  return {
    url: `esdb://127.0.0.1:${bound}?tls=false`,
    port: bound,
    get pid() {
      return child?.pid;
    },
    misbehave: async (misbehaviour) => {
      if (child === undefined) throw new Error('the server is not running');
      const told = answer(child);
      const message: ToServer = { misbehaviour };
      child.send(message);
      await told;
    },
    kill,
    start: async () => {
      await start(bound);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

/** The next thing the process says; it fails when the process ends instead. */
function answer(child: ChildProcess): Promise<ToParent> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the protocol server ended'));
    child.once('exit', ended);
    child.once('message', (message: ToParent) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

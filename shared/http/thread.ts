import { parentPort } from 'node:worker_threads';
import { readConfig } from '../config.js';
import { flushLog, openLog } from '../logging.js';
import { Metrics, type MetricsSnapshot } from './metrics.js';
import type { PartState } from './operations.js';
import type { Basics } from './service.js';

/** What the main thread says to the thread of a service. */
export type ToThread =
  | Readonly<{ kind: 'ask'; id: number; what: 'health' | 'ready' | 'metrics' }>
  | Readonly<{ kind: 'stop' }>;

/** What the thread of a service says to the main thread. `port`: where it serves, if it does. */
export type FromThread =
  | Readonly<{ kind: 'started'; port: number | null }>
  | Readonly<{ kind: 'states'; id: number; states: readonly PartState[] }>
  | Readonly<{ kind: 'metrics'; id: number; metrics: readonly MetricsSnapshot[] }>;

/** A service as its thread runs it. */
export type ThreadService = Readonly<{
  port: number | null;
  health(): Promise<readonly PartState[]>;
  ready(): Promise<readonly PartState[]>;
  metrics(): Promise<readonly MetricsSnapshot[]>;
  stop(): Promise<void>;
}>;

/**
 * Runs a service as this worker thread: starts it, answers what the main thread asks, and leaves
 * when told to. A fault ends the thread, and the main thread starts another one.
 */
export async function runThread(
  service: string,
  start: (basics: Basics) => Promise<ThreadService>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  // The environment of a thread is what its main thread made of the settings.
  const config = readConfig(process.env, 0);
  const log = openLog(service, config.logLevel);
  const running = await start({ config, log, metrics: new Metrics(service) });
  const say = (message: FromThread): void => {
    port.postMessage(message);
  };
  const leave = async (): Promise<void> => {
    await running.stop();
    await flushLog(log);
    port.close();
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'stop') void leave();
    else {
      answer(running, message, say).catch((error: unknown) => {
        log.warn({ err: error, what: message.what }, 'could not be answered');
        say(unanswered(service, message, error));
      });
    }
  });
  say({ kind: 'started', port: running.port });
}

async function answer(
  service: ThreadService,
  { id, what }: Extract<ToThread, { kind: 'ask' }>,
  say: (message: FromThread) => void,
): Promise<void> {
  switch (what) {
    case 'health':
      say({ kind: 'states', id, states: await service.health() });
      return;
    case 'ready':
      say({ kind: 'states', id, states: await service.ready() });
      return;
    case 'metrics':
      say({ kind: 'metrics', id, metrics: await service.metrics() });
      return;
  }
}

/** What is said where the answer itself failed: a question never ends a service. */
function unanswered(
  service: string,
  { id, what }: Extract<ToThread, { kind: 'ask' }>,
  error: unknown,
): FromThread {
  if (what === 'metrics') return { kind: 'metrics', id, metrics: [] };
  const problem = error instanceof Error ? error.message : 'cannot be told';
  return { kind: 'states', id, states: [{ part: service, problem }] };
}

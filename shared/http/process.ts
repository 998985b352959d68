import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.js';
import { ConfigRefused } from '../setting.js';
import { flushLog, openLog } from '../logging.js';
import { Metrics } from './metrics.js';
import type { Basics, RunningService } from './service.js';

const WRONG_USE = 2;
const FAILED = 1;

/** How a program of ours is called and where it listens unless it is told otherwise. */
export type ProcessOptions = Readonly<{
  service: string;
  /** What the line says is ready. */
  title: string;
  defaultPort: number;
  start: (basics: Basics) => Promise<RunningService>;
}>;

/**
 * Runs a service as this process: reads the settings, starts, prints one line when it is ready to
 * serve, and leaves with 0 after SIGTERM or SIGINT. Settings that are wrong end it with 2, anything
 * else that keeps it from starting or goes wrong for good with 1. Never resolves before that.
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const config = readConfigOrLeave(options.defaultPort);
  const log = openLog(options.service, config.logLevel);
  const leave = async (code: number): Promise<never> => {
    await flushLog(log);
    process.exit(code);
  };
  const fail = (error: unknown): void => {
    log.fatal({ err: error }, 'leaving');
    process.stderr.write(`sagae: ${error instanceof Error ? error.message : String(error)}\n`);
    void leave(error instanceof ConfigRefused ? WRONG_USE : FAILED);
  };
  process.once('uncaughtException', fail);
  process.once('unhandledRejection', fail);
  const told = signalled();
  try {
    const basics = { config, log, metrics: new Metrics(options.service) };
    const starting = options.start(basics);
    // What is started may be waiting for a server that is not there.
    const running = await Promise.race([starting, told.then(() => undefined)]);
    if (running === undefined) {
      log.info('told to stop before it was ready');
      return await leave(0);
    }
    process.stdout.write(`${options.title} is ready on ${running.url}\n`);
    log.info({ url: running.url, data: config.dataFolder }, 'ready');
    log.info({ signal: await told }, 'stopping');
    await running.stop();
  } catch (error) {
    fail(error);
    return;
  }
  log.info('stopped');
  await leave(0);
}

/** Whether the module is what this process was started with. @param url its `import.meta.url` */
export function isProgram(url: string): boolean {
  const [, program] = process.argv;
  return program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(url));
}

function readConfigOrLeave(defaultPort: number): ReturnType<typeof readConfig> {
  try {
    return readConfig(process.env, defaultPort);
  } catch (error) {
    if (!(error instanceof ConfigRefused)) throw error;
    process.stderr.write(`sagae: ${error.message}\n`);
    return process.exit(WRONG_USE);
  }
}

/** A second signal finds no listener any more and ends the process at once. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
}

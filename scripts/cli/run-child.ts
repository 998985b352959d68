import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../sagae.js', import.meta.url));

/** What a run of the command line left behind. */
export type Ran = Readonly<{ code: number | null; stdout: string; stderr: string }>;

/** Starts the command line as a process of its own, on a data folder. */
export function startSagae(
  data: string,
  ...args: readonly string[]
): Readonly<{ child: ChildProcess; ran: Promise<Ran> }> {
  return start({ SAGAE_DATA: data }, args);
}

/** Runs the command line to its end. */
export function sagae(data: string, ...args: readonly string[]): Promise<Ran> {
  return startSagae(data, ...args).ran;
}

/** The same with these settings. */
export function sagaeWith(settings: Settings, ...args: readonly string[]): Promise<Ran> {
  return start(settings, args).ran;
}

type Settings = Readonly<Record<string, string>>;

function start(
  settings: Settings,
  args: readonly string[],
): Readonly<{ child: ChildProcess; ran: Promise<Ran> }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'silent', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr]) => ({ code: child.exitCode, stdout, stderr }),
  );
  return { child, ran };
}

import { join, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { settings } from './options.js';
import { print } from './output.js';

const HOST = '127.0.0.1';

type SimulatorOptions = Readonly<{ port: number; data?: string }>;

/** `sagae simulator`. */
export function addSimulator(sagae: Command): void {
  sagae
    .command('simulator')
    .description('run the payment gateway simulator by itself until it is told to stop')
    .option('--port <port>', 'where it listens on this machine; 0: any free port', portOf, 8090)
    .option('--data <folder>', 'the folder its memory is in; default: SAGAE_DATA')
    .action(simulate);
}

// Loaded only here: no other command needs a gateway.
async function simulate({ port, data }: SimulatorOptions): Promise<void> {
  const { openSimulator } = await import('../../shared/adapters/simulator/simulator.js');
  const { simulatorServer } = await import('../../shared/adapters/simulator/server.js');
  const told = signalled();
  const folder = data === undefined ? settings().dataFolder : resolve(data);
  const simulator = openSimulator({ file: join(folder, 'simulator.db'), clock: Date.now });
  try {
    const server = await simulatorServer(simulator, { host: HOST, port });
    await print(`The simulator is ready on ${server.url}\n`);
    await told;
    await server.stop();
  } finally {
    await simulator.close();
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('not a port: a number from 0 to 65535');
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

import { Argument, type Command } from 'commander';
import type { ProcessOptions } from '../../shared/http/process.js';

type Part = 'command' | 'projection' | 'query';

/** `sagae start`. */
export function addStart(sagae: Command): void {
  sagae
    .command('start')
    .description('run the ledger on SAGAE_DATA until it is told to stop; see PORT and HOST')
    .addArgument(
      new Argument('[part]', 'one service alone; default: all three in one process').choices([
        'command',
        'projection',
        'query',
      ]),
    )
    .action(startPart);
}

// Loaded only here: no other command needs a server.
async function startPart(part: Part | undefined): Promise<void> {
  const { runProcess } = await import('../../shared/http/process.js');
  if (part !== undefined) return runProcess(await processOf(part));
  const { start } = await import('../start.js');
  return start();
}

/** The same as the service's own program runs: its `main.ts`. */
async function processOf(part: Part): Promise<ProcessOptions> {
  const { serveService } = await import('../../shared/http/service.js');
  switch (part) {
    case 'command': {
      const { openCommandService: open } = await import('../../command-service/main.js');
      return {
        service: 'command',
        title: 'Sagae command',
        defaultPort: 8081,
        start: async (basics) => serveService(await open(basics), basics),
      };
    }
    case 'projection': {
      const { openProjectionService: open } = await import('../../projection-service/main.js');
      return {
        service: 'projection',
        title: 'Sagae projection',
        defaultPort: 8083,
        start: async (basics) => serveService(await open(basics), basics),
      };
    }
    case 'query': {
      const { openQueryService: open } = await import('../../query-service/main.js');
      return {
        service: 'query',
        title: 'Sagae query',
        defaultPort: 8082,
        start: async (basics) => serveService(await open(basics), basics),
      };
    }
  }
}

import { openCommandService } from '../command-service/main.js';
import { QUERY_SPECS } from '../query-service/http/specs.js';
import { runProcess } from '../shared/http/process.js';
import { serveService, type Basics, type RunningService } from '../shared/http/service.js';
import { Forwarder } from './start/forward.js';
import { ServiceThread } from './start/service-thread.js';

const PORT = 8080;

/**
 * Runs the three services as this process until it is told to stop, then ends the process. See
 * {@link startAll} for who does what.
 */
export function start(): Promise<void> {
  return runProcess({ service: 'command', title: 'Sagae', defaultPort: PORT, start: startAll });
}

/**
 * Starts the three services in one process. The main thread is the command service; the projection
 * and the query service have a thread each, so that neither projecting nor a heavy read ever holds
 * up a command. Reads that arrive here are passed on to the query service.
 * @throws what keeps any of the three from starting
 */
export async function startAll(basics: Basics): Promise<RunningService> {
  const { config, log } = basics;
  const command = await openCommandService(basics);
  const thread = (name: 'projection' | 'query'): ServiceThread =>
    new ServiceThread(name, new URL(`../${name}-service/thread.js`, import.meta.url), config, log);
  const projection = thread('projection');
  const query = thread('query');
  const forwarder = new Forwarder('query', () => query.port);
  const close = async (): Promise<void> => {
    await query.stop();
    forwarder.close();
    await projection.stop();
    await command.close();
  };
  try {
    await Promise.all([projection.start(), query.start()]);
  } catch (error) {
    await close();
    throw error;
  }
  const together = async <T>(own: Promise<readonly T[]>, others: Promise<readonly T[]>[]) =>
    (await Promise.all([own, ...others])).flat();
  const threads = [projection, query];
  return serveService(
    {
      routes: [...command.routes, ...QUERY_SPECS.map((spec) => forwarder.route(spec))],
      health: () =>
        together(
          command.health(),
          threads.map((one) => one.states('health')),
        ),
      ready: () =>
        together(
          command.ready(),
          threads.map((one) => one.states('ready')),
        ),
      metrics: () =>
        together(
          command.metrics(),
          threads.map((one) => one.metrics()),
        ),
      close,
    },
    basics,
  );
}

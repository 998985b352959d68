import { serveService } from '../shared/http/service.js';
import { runThread } from '../shared/http/thread.js';
import { openQueryService } from './main.js';

/* The query service as a worker thread of the all-in-one, with a server of its own. */

await runThread('query', async (basics) => {
  const service = await openQueryService(basics);
  const { port, stop } = await serveService(service, basics);
  return { ...service, port, stop };
});

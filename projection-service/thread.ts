import { runThread } from '../shared/http/thread.js';
import { openProjectionService } from './main.js';

/* The projection as a worker thread of the all-in-one. */

await runThread('projection', async (basics) => {
  const service = await openProjectionService(basics);
  return { ...service, port: null, stop: () => service.close() };
});

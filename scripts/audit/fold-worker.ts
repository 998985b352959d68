import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { foldRange } from './fold-range.js';
import type { FoldMessage } from './fold-in-threads.js';

const range = z
  .strictObject({
    folder: z.string(),
    after: z.int(),
    upTo: z.int(),
    effective: z.string().exactOptional(),
    recordedUpTo: z.number().exactOptional(),
  })
  .parse(workerData);

const send = (message: FoldMessage): void => parentPort?.postMessage(message);

try {
  const result = foldRange(range, (events) => send({ kind: 'progress', events }));
  send({ kind: 'done', result });
} catch (error) {
  // The class of an error does not survive the way between threads; its message does.
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

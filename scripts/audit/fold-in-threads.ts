import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FoldedPart, FoldPart, OnProgress } from './audited-log.js';
import { foldRange, type FoldRange } from './fold-range.js';
import { Fold } from './fold.js';

/** What a folding thread tells. */
export type FoldMessage =
  | Readonly<{ kind: 'progress'; events: number }>
  | Readonly<{ kind: 'done'; result: FoldedPart }>
  | Readonly<{ kind: 'failed'; message: string }>;

/** Below this a thread costs more than it saves. */
const EVENTS_PER_THREAD = 25_000;
const MAX_THREADS = 8;

/**
 * Folds the log of a folder in parallel by ranges of positions: addition does not mind the order.
 * @param threads default: as many as the machine has processors, where the log is long enough
 * @throws an event is damaged, unreadable or unbalanced
 */
export async function foldInThreads(
  folder: string,
  part: FoldPart,
  onProgress: OnProgress,
  threads?: number,
): Promise<FoldedPart> {
  const ranges = rangesOf(folder, part, threads);
  const results =
    ranges.length > 1
      ? await Promise.all(ranges.map((range) => foldInThread(range, onProgress)))
      : ranges.map((range) => foldRange(range, onProgress));
  const fold = new Fold();
  let last = 0n;
  for (const result of results) {
    fold.merge(result.fold);
    if (result.last > last) last = result.last;
  }
  return { fold: fold.result(), last };
}

function rangesOf(
  folder: string,
  { upTo: end, ...limits }: FoldPart,
  threads: number | undefined,
): readonly FoldRange[] {
  const upTo = Number(end);
  const wanted = Math.ceil(upTo / EVENTS_PER_THREAD);
  const count = threads ?? Math.max(1, Math.min(wanted, availableParallelism(), MAX_THREADS));
  const cut = (part: number): number => Math.floor((upTo * part) / count);
  return Array.from({ length: count }, (_, part) => ({
    folder,
    after: cut(part),
    upTo: cut(part + 1),
    ...limits,
  }));
}

function foldInThread(range: FoldRange, onProgress: OnProgress): Promise<FoldedPart> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./fold-worker.js', import.meta.url), { workerData: range });
    worker.on('message', (message: FoldMessage) => {
      switch (message.kind) {
        case 'progress':
          onProgress(message.events);
          return;
        case 'done':
          resolve(message.result);
          return;
        case 'failed':
          reject(new Error(message.message));
          return;
      }
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a folding thread ended with ${code}`)));
  });
}

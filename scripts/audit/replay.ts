import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Known } from '../cli/known.js';
import { foldRange, type FoldRange, type RangeResult } from './fold-range.js';
import { Fold } from './fold.js';
import { trialBalance, type TrialRow, type TrialTotal } from './trial-balance.js';

export type ReplayQuestion = Readonly<{
  folder: string;
  /** Position of the last event of the log. */
  head: bigint;
  effective?: string;
  known?: Known;
  /** Default: as many as the machine has processors, where the log is long enough. */
  threads?: number;
}>;

export type Replay = Readonly<{
  rows: readonly TrialRow[];
  totals: readonly TrialTotal[];
  /** Events folded, and of these the ones that carry an entry. */
  events: number;
  entries: number;
  /** Position of the last event folded. */
  position: bigint;
}>;

/** What a folding thread tells. */
export type FoldMessage =
  | Readonly<{ kind: 'progress'; events: number }>
  | Readonly<{ kind: 'done'; result: RangeResult }>
  | Readonly<{ kind: 'failed'; message: string }>;

/** The log cannot be folded: where and why is in the message. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed';
}

/** Below this a thread costs more than it saves. */
const EVENTS_PER_THREAD = 25_000;
const MAX_THREADS = 8;

/**
 * Folds the raw log to a trial balance, in parallel by ranges of positions: addition does not mind
 * the order.
 * @throws {ReplayFailed} an event is damaged, unreadable or unbalanced
 */
export async function replay(
  question: ReplayQuestion,
  onProgress: (events: number) => void = () => undefined,
): Promise<Replay> {
  const ranges = rangesOf(question);
  const results =
    ranges.length > 1
      ? await Promise.all(ranges.map((range) => foldInThread(range, onProgress)))
      : ranges.map((range) => foldHere(range, onProgress));
  const fold = new Fold();
  let last = 0;
  for (const result of results) {
    fold.merge(result.fold);
    last = Math.max(last, result.last);
  }
  const { events, entries } = fold;
  return { ...trialBalance(fold.result()), events, entries, position: BigInt(last) };
}

function rangesOf(question: ReplayQuestion): readonly FoldRange[] {
  const { folder, head, effective, known } = question;
  const byPosition = known !== undefined && 'position' in known && known.position < head;
  const upTo = Number(byPosition ? known.position : head);
  const limits = {
    ...(effective === undefined ? {} : { effective }),
    ...(known !== undefined && 'instant' in known ? { recordedUpTo: known.instant } : {}),
  };
  const wanted = Math.ceil(upTo / EVENTS_PER_THREAD);
  const count =
    question.threads ?? Math.max(1, Math.min(wanted, availableParallelism(), MAX_THREADS));
  const cut = (part: number): number => Math.floor((upTo * part) / count);
  return Array.from({ length: count }, (_, part) => ({
    folder,
    after: cut(part),
    upTo: cut(part + 1),
    ...limits,
  }));
}

function foldHere(range: FoldRange, onProgress: (events: number) => void): RangeResult {
  try {
    return foldRange(range, onProgress);
  } catch (error) {
    throw new ReplayFailed(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function foldInThread(
  range: FoldRange,
  onProgress: (events: number) => void,
): Promise<RangeResult> {
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
          reject(new ReplayFailed(message.message));
          return;
      }
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new ReplayFailed(`a folding thread ended with ${code}`)));
  });
}

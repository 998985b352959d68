import type { Known } from '../cli/known.js';
import type { AuditedLog, FoldedPart, FoldPart, OnProgress } from './audited-log.js';
import { reasonOf } from './failure.js';
import { trialBalance, type TrialRow, type TrialTotal } from './trial-balance.js';

/** Facts up to the end of a day, as known at an instant or a position; default: all, and now. */
export type ReplayQuestion = Readonly<{ effective?: string; known?: Known }>;

export type Replay = Readonly<{
  rows: readonly TrialRow[];
  totals: readonly TrialTotal[];
  /** Events folded, and of these the ones that carry an entry. */
  events: number;
  entries: number;
  /** Position of the last event folded. */
  position: bigint;
}>;

/** The log cannot be folded: where and why is in the message. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed';
}

/**
 * Folds the raw log to a trial balance.
 * @throws {ReplayFailed} an event is damaged, unreadable or unbalanced, or the log cannot be read
 */
export async function replay(
  log: AuditedLog,
  question: ReplayQuestion = {},
  onProgress: OnProgress = () => undefined,
): Promise<Replay> {
  let folded: FoldedPart;
  try {
    folded = await log.fold(partOf(log.head, question), onProgress);
  } catch (error) {
    throw new ReplayFailed(reasonOf(error), { cause: error });
  }
  const { fold, last } = folded;
  return { ...trialBalance(fold), events: fold.events, entries: fold.entries, position: last };
}

function partOf(head: bigint, { effective, known }: ReplayQuestion): FoldPart {
  const byPosition = known !== undefined && 'position' in known && known.position < head;
  return {
    upTo: byPosition ? known.position : head,
    ...(effective === undefined ? {} : { effective }),
    ...(known !== undefined && 'instant' in known ? { recordedUpTo: known.instant } : {}),
  };
}

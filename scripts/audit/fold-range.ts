import { readRawRows } from '../../shared/adapters/sqlite/event-raw.js';
import type { FoldedPart } from './audited-log.js';
import { Fold } from './fold.js';

/** A part of the log to fold: positions above `after` up to `upTo`, recorded up to an instant. */
export type FoldRange = Readonly<{
  folder: string;
  after: number;
  upTo: number;
  effective?: string;
  /** Milliseconds since 1970, included. */
  recordedUpTo?: number;
}>;

/** Telling more often would cost more than it tells. */
const PROGRESS_EVERY = 16_384;

/**
 * Folds a range of the log.
 * @param onProgress called now and then with the number of events read since the last call
 * @throws {AuditFailed | EventDamaged}
 */
export function foldRange(
  range: FoldRange,
  onProgress: (events: number) => void = () => undefined,
): FoldedPart {
  const { folder, after, upTo, effective, recordedUpTo = Infinity } = range;
  const fold = new Fold(effective === undefined ? {} : { effective });
  let last = 0;
  let unreported = 0;
  for (const rows of readRawRows(folder, after, upTo)) {
    for (const [position, , type, recordedAt, data, metadata] of rows) {
      // Recorded time never runs backwards, so nothing after this was known.
      if (recordedAt > recordedUpTo) return { fold: fold.result(), last: BigInt(last) };
      fold.add({ position, type, recordedAt, data, metadata });
      last = position;
    }
    unreported += rows.length;
    if (unreported < PROGRESS_EVERY) continue;
    onProgress(unreported);
    unreported = 0;
  }
  onProgress(unreported);
  return { fold: fold.result(), last: BigInt(last) };
}

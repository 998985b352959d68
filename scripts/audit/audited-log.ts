import type { RecordedEvent } from '../../shared/ports/event-store.js';
import type { Failure } from './failure.js';
import type { FoldLimits, FoldResult } from './fold.js';

/** A log that can be audited, up to the last event there was when the audit began. */
export interface AuditedLog {
  /** Where it is, in a word. */
  readonly name: string;
  /** Position of the last event. */
  readonly head: bigint;
  /** What positions count, for people. */
  readonly unit: 'events' | 'bytes';

  /**
   * Folds the raw events of a part of the log, as far as they were recorded by an instant.
   * @throws {AuditFailed | EventDamaged} an event is unreadable, unbalanced or damaged
   */
  fold(part: FoldPart, onProgress: OnProgress): Promise<FoldedPart>;

  /** Whether what is stored is what was written, as far as the store can tell. */
  checkStored(onProgress: OnProgress): Promise<Finding>;

  /** Every event in order of position. Damaged ones are passed over: `checkStored` names them. */
  pages(): Iterable<readonly RecordedEvent[]> | AsyncIterable<readonly RecordedEvent[]>;
}

/** Positions up to `upTo`, recorded up to an instant (milliseconds since 1970, included). */
export type FoldPart = FoldLimits & Readonly<{ upTo: bigint; recordedUpTo?: number }>;

/** What a fold found, and the position of the last event it counted (0: none). */
export type FoldedPart = Readonly<{ fold: FoldResult; last: bigint }>;

/** What was looked at, for people, and what is wrong with it. */
export type Finding = Readonly<{ checked: string; failures: readonly Failure[] }>;

/** Called now and then with how many positions further it is than the last time. */
export type OnProgress = (positions: number) => void;

import type { DecodedEvent } from '../shared/events/codec.js';
import type { Table, ViewBatch, ViewReader } from '../shared/ports/view-store.js';

/** A read model: its tables, and how events change them. */
export interface View {
  readonly name: string;
  readonly tables: readonly Table[];
  /**
   * What an event that cannot be decoded does: `park` its stream and go on with the others, or
   * `stop` the view, because a total that misses one entry is worse than a late one.
   */
  readonly undecodable: 'park' | 'stop';
  /** Begins folding from the rows that `reader` shows. */
  open(reader: ViewReader): ViewFold;
}

/**
 * Folds batches of events into rows. It may remember rows between batches, on the understanding
 * that each batch it answered was committed; where that did not happen, the runner opens a new one.
 * The rows must not depend on where one batch ends and the next begins.
 */
export interface ViewFold {
  fold(events: readonly DecodedEvent[]): Promise<ViewBatch['puts']>;
}

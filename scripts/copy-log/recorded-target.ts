import {
  AppendTooLarge,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
} from '../../shared/ports/event-store.js';
import { eventRuns } from './event-runs.js';
import type { Extended, LogTarget } from './log-target.js';

/** A store that takes events with the time they were recorded elsewhere, one stream at a time. */
export interface RecordedStore extends Pick<EventStore, 'head' | 'readAll'> {
  /** As `EventStore.append`. @throws {RangeError} in the order of the log these cannot come next */
  appendRecorded(
    stream: string,
    expected: ExpectedRevision,
    events: readonly (NewEvent & Readonly<{ recordedAt: number }>)[],
  ): Promise<AppendResult>;
}

/**
 * Such a store as a target. One append is in flight at a time: that alone keeps the order of the
 * whole log whatever fails (decision 0019).
 */
export class RecordedTarget implements LogTarget {
  constructor(private readonly store: RecordedStore) {}

  head(): Promise<bigint> {
    return this.store.head();
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.store.readAll(after, limit);
  }

  async extend(after: bigint, events: readonly RecordedEvent[]): Promise<Extended> {
    let head = after;
    for (const run of eventRuns(events)) {
      const extended = await this.#append(head, run);
      if (extended.kind === 'conflict') return extended;
      head = extended.head;
    }
    return { kind: 'extended', head };
  }

  async #append(head: bigint, run: readonly RecordedEvent[]): Promise<Extended> {
    const [first] = run;
    const last = run.at(-1);
    if (first === undefined || last === undefined) return { kind: 'extended', head };
    const { stream, revision } = first;
    const expected = revision === 0n ? 'no-stream' : revision - 1n;
    const result = await this.#appendRun(stream, expected, run);
    if (result instanceof RangeError) return { kind: 'conflict', reason: result.message };
    if (result.kind === 'conflict') {
      const reason = `its stream ${stream} is at ${nameOf(result.actual)}, not at ${nameOf(expected)}`;
      return { kind: 'conflict', reason };
    }
    if (result.revision !== last.revision || result.position <= head) {
      const reason = `it had revision ${result.revision} of stream ${stream} before others`;
      return { kind: 'conflict', reason };
    }
    return { kind: 'extended', head: result.position };
  }

  /** A RangeError: in the order of the log these cannot come next. */
  async #appendRun(
    stream: string,
    expected: ExpectedRevision,
    run: readonly RecordedEvent[],
  ): Promise<AppendResult | RangeError> {
    try {
      return await this.store.appendRecorded(stream, expected, run);
    } catch (error) {
      if (error instanceof RangeError) return error;
      if (!(error instanceof AppendTooLarge)) throw error;
      // The recorded time is stored with it: what just fitted elsewhere may not fit here.
      const first = `${stream} revision ${run[0]?.revision ?? 0n}`;
      throw new AppendTooLarge(`${first}: ${error.message}`, { cause: error });
    }
  }
}

function nameOf(revision: ExpectedRevision): string {
  return revision === 'no-stream' ? 'no event' : `revision ${revision}`;
}

import type { EventStore } from '../shared/ports/event-store.js';
import { LogBatch } from './log-batch.js';
import type { ViewTask } from './view-task.js';

const BATCH = 20_000;

/** A view cannot be computed up to where it was to be. */
export class ViewHalted extends Error {
  override readonly name = 'ViewHalted';
  constructor(
    readonly view: string,
    readonly reason: string,
  ) {
    super(`view ${view} cannot be computed: ${reason}`);
  }
}

/**
 * Takes views up to a position of the log, together, decoding each event once.
 * @throws {ViewHalted} one of them stops at an event, or another runner has interfered
 */
export async function catchUp(
  log: EventStore,
  tasks: readonly ViewTask[],
  upTo: bigint,
  onProgress: (position: bigint) => void = () => undefined,
): Promise<void> {
  for (;;) {
    const after = lowestCheckpoint(tasks);
    if (after === undefined || after >= upTo) return;
    const read = await log.readAll(after, BATCH);
    const events = read.filter(({ position }) => position <= upTo);
    if (events.length === 0) return;
    const batch = new LogBatch(after, events);
    for (const task of tasks) {
      const outcome = await task.handle(batch);
      if (outcome.kind === 'stopped') {
        const reason = `the event at position ${outcome.position}: ${outcome.reason}`;
        throw new ViewHalted(task.view.name, reason);
      }
      if (outcome.kind === 'fenced') throw new ViewHalted(task.view.name, 'another runner is here');
    }
    onProgress(batch.upTo);
  }
}

function lowestCheckpoint(tasks: readonly ViewTask[]): bigint | undefined {
  return tasks
    .map(({ checkpoint }) => checkpoint)
    .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
}

import type { EventStore } from '../shared/ports/event-store.js';
import type { ViewReader, ViewStore } from '../shared/ports/view-store.js';
import { catchUp, ViewHalted } from './catch-up.js';
import { firstDifference } from './dump.js';
import { AHEAD_OF_LOG } from './member.js';
import { listParked } from './parked.js';
import type { View } from './view.js';
import { ViewTask } from './view-task.js';

export type VerifyOptions = Readonly<{
  log: EventStore;
  /** The views as they are; they may be in use. */
  live: ViewStore;
  /** An empty store of its own, opened with the same tables. The caller throws it away. */
  scratch: ViewStore;
  views: readonly View[];
  /** Position reached of the position wanted, for all views together. */
  onProgress?: (position: bigint, upTo: bigint) => void;
}>;

/** `difference`: what differs first. */
export type VerifiedView = Readonly<{
  view: string;
  position: bigint;
  equal: boolean;
  difference?: string;
}>;

/**
 * Computes every view from the log, up to where the live one is, and compares them row by row.
 * @throws what the stores throw
 */
export async function verifyViews(options: VerifyOptions): Promise<readonly VerifiedView[]> {
  const tasks = options.views.map((view) => new ViewTask(view, options.scratch));
  await computeTogether(options, tasks);
  const verified: VerifiedView[] = [];
  for (const task of tasks) verified.push(await verifyView(options, task));
  return verified;
}

/** As far as all views are, events are read and decoded once for all. */
async function computeTogether(options: VerifyOptions, tasks: readonly ViewTask[]): Promise<void> {
  const { log, live, onProgress = () => undefined } = options;
  let common: bigint | undefined;
  for (const { view } of tasks) {
    const checkpoint = await live.checkpoint(view.name);
    if (common === undefined || checkpoint < common) common = checkpoint;
  }
  const upTo = common ?? 0n;
  try {
    await catchUp(log, tasks, upTo, (position) => {
      onProgress(position, upTo);
    });
  } catch (error) {
    // Which of them halts, and why, is found out one by one.
    if (!(error instanceof ViewHalted)) throw error;
  }
}

async function verifyView(options: VerifyOptions, task: ViewTask): Promise<VerifiedView> {
  const { log, live, scratch } = options;
  const { view } = task;
  const checkpoint = await live.checkpoint(view.name);
  try {
    // Nearly all of it before the snapshot, which is to be held for a short time only.
    await catchUp(log, [task], checkpoint);
    return await live.snapshot(async (reader) => {
      const position = await reader.checkpoint(view.name);
      await catchUp(log, [task], position);
      // Read after the checkpoint: the log may have grown since, but it was never below it.
      const isAhead = position > (await log.head());
      const difference = isAhead ? AHEAD_OF_LOG : await findDifference(view, reader, scratch);
      return { view: view.name, position, ...verdict(difference) };
    });
  } catch (error) {
    if (!(error instanceof ViewHalted)) throw error;
    return { view: view.name, position: checkpoint, ...verdict(error.reason) };
  }
}

function verdict(
  difference: string | undefined,
): Readonly<{ equal: boolean; difference?: string }> {
  return difference === undefined ? { equal: true } : { equal: false, difference };
}

async function findDifference(
  view: View,
  live: ViewReader,
  scratch: ViewReader,
): Promise<string | undefined> {
  const parked = async (reader: ViewReader) =>
    (await listParked(reader, view.name)).map(({ position }) => position).join(', ');
  const [stored, recomputed] = [await parked(live), await parked(scratch)];
  if (stored !== recomputed) return `parked: stored [${stored}], recomputed [${recomputed}]`;
  for (const table of view.tables) {
    const difference = await firstDifference(table, live, scratch);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

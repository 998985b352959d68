import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStore } from '../shared/ports/event-store.js';
import type { RebuildPlace } from '../shared/ports/view-rebuild.js';
import { catchUp } from './catch-up.js';
import { lastEventTable } from '../shared/views/last-event.js';
import { parkedTable } from './parked.js';
import type { View } from './view.js';
import { ViewTask } from './view-task.js';

export type RebuildOptions = Readonly<{
  log: EventStore;
  /** Opened with the tables of the views to be built. The caller closes it. */
  place: RebuildPlace;
  views: readonly View[];
  onProgress?: (progress: RebuildProgress) => void;
}>;

export type RebuildProgress = Readonly<{ position: bigint; head: bigint }>;

export type RebuiltView = Readonly<{ view: string; position: bigint; parked: number }>;

/** How often the switch is tried while the live views are ahead again and again. */
const ATTEMPTS = 1_000;

/**
 * Builds views anew from the log, beside the live ones, and puts them in their place at once. The
 * live ones go on being read and written meanwhile; whoever writes them is fenced by the switch and
 * goes on from the new rows. Until the switch nothing live is touched.
 *
 * @throws {ViewHalted} a view cannot be computed; the live ones stay
 * @throws {StorageFull | StoreUnavailable} the live ones stay
 */
export async function rebuildViews(options: RebuildOptions): Promise<readonly RebuiltView[]> {
  const { log, place, views, onProgress = () => undefined } = options;
  const tasks = views.map((view) => new ViewTask(view, place));
  for (const task of tasks) await task.load();
  const shared = [parkedTable, lastEventTable].map((table) => ({ table, column: 'view' }));
  let whateverIsLive = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const head = await log.head();
    await catchUp(log, tasks, head, (position) => {
      onProgress({ position, head });
    });
    const switched = await place.switchOver(views, shared, whateverIsLive);
    if (switched.kind === 'switched') {
      return tasks.map(({ view, checkpoint, parked }) => {
        return { view: view.name, position: checkpoint, parked };
      });
    }
    // The log only grows: a view that was above it is of another log, and is never caught up with.
    whateverIsLive = switched.live > (await log.head());
    await nextTurn();
  }
  throw new Error('the live views are always ahead of the rebuilt ones');
}

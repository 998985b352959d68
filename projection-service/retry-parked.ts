import type { DecodedEvent } from '../shared/events/codec.js';
import { EventUndecodable } from '../shared/events/upcast.js';
import type { EventStore } from '../shared/ports/event-store.js';
import type { ViewBatch, ViewStore } from '../shared/ports/view-store.js';
import { LogItem } from './log-batch.js';
import { isOpen, listParked, parkedTable, resolvedRow, type ParkedEvent } from './parked.js';
import type { View } from './view.js';
import { isFault, reasonOf } from './view-task.js';

export type RetryOptions = Readonly<{
  log: EventStore;
  /** Not the store object of a runner: what is handled here fences the runner, as it must. */
  store: ViewStore;
  view: View;
}>;

/** `still`: those that wait on, the first of each stream with the reason it fails for now. */
export type Retried = Readonly<{ resolved: number; still: readonly ParkedEvent[] }>;

/** How often an event is tried while a runner commits in between. */
const ATTEMPTS = 1_000;

/**
 * Handles the parked events of a view again, each stream in its order, as far as it goes.
 * @throws {StorageFull | StoreUnavailable} what was handled so far stays handled
 */
export async function retryParked(options: RetryOptions): Promise<Retried> {
  const { store, view } = options;
  const stuck = new Map<string, string>();
  let resolved = 0;
  for (;;) {
    const open = await listParked(store, view.name);
    const next = open.filter(({ stream }) => !stuck.has(stream));
    if (next.length === 0) return { resolved, still: withReasons(open, stuck) };
    for (const parked of next) {
      if (stuck.has(parked.stream)) continue;
      const failure = await retryEvent(options, parked);
      if (failure === undefined) resolved++;
      else stuck.set(parked.stream, failure);
    }
  }
}

/** Why the event still cannot be handled; undefined: it has been. */
async function retryEvent(
  { log, store, view }: RetryOptions,
  parked: ParkedEvent,
): Promise<string | undefined> {
  const [recorded] = await log.readAt([parked.position]);
  if (recorded === undefined) throw new Error(`no event at position ${parked.position}`);
  const event = new LogItem(recorded).decoded();
  if (event instanceof EventUndecodable) return event.reason;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // The checkpoint first: whatever changes after it is found out by the commit.
    const after = await store.checkpoint(view.name);
    if (!(await isOpen(store, parked))) return undefined;
    const puts = await tryFold(view, store, event);
    if (typeof puts === 'string') return puts;
    const resolved = { table: parkedTable, rows: [resolvedRow(parked)] };
    const batch = { after, upTo: after, puts: [...puts, resolved] };
    if ((await store.commit(view.name, batch)) === 'committed') return undefined;
  }
  throw new Error(`view ${view.name} is being written all the time`);
}

/** The rows, or why the fold failed. A fold of its own each time: a runner may be at work too. */
async function tryFold(
  view: View,
  store: ViewStore,
  event: DecodedEvent,
): Promise<ViewBatch['puts'] | string> {
  try {
    return await view.open(store).fold([event]);
  } catch (error) {
    if (isFault(error)) throw error;
    return reasonOf(error);
  }
}

function withReasons(
  open: readonly ParkedEvent[],
  reasons: ReadonlyMap<string, string>,
): readonly ParkedEvent[] {
  const named = new Set<string>();
  return open.map((parked) => {
    const reason = named.has(parked.stream) ? parked.reason : reasons.get(parked.stream);
    named.add(parked.stream);
    return { ...parked, reason: reason ?? parked.reason };
  });
}

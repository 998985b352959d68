import type { DecodedEvent } from '../shared/events/codec.js';
import { EventUndecodable } from '../shared/events/upcast.js';
import { BusUnavailable } from '../shared/ports/event-bus.js';
import {
  EventDamaged,
  StorageFull,
  StoreUnavailable,
  type EventStore,
} from '../shared/ports/event-store.js';
import type { Row, ViewBatch, ViewStore } from '../shared/ports/view-store.js';
import { isOfLog, lastEventRow, lastEventTable } from '../shared/views/last-event.js';
import type { LogBatch, LogItem } from './log-batch.js';
import { BEHIND, listParked, parkedRow, parkedTable } from './parked.js';
import type { View, ViewFold } from './view.js';

/** What came of a batch. `handled`: nothing in it is left to do. */
export type Outcome =
  | Readonly<{ kind: 'handled' }>
  | Readonly<{ kind: 'fenced' }>
  | Readonly<{ kind: 'stopped'; position: bigint; reason: string }>;

/** What a task tells of its work. `events` counts the parked ones too. */
export type TaskReport = Readonly<{ view: string; events: number; parked: number; at: number }>;

const HANDLED: Outcome = { kind: 'handled' };

/**
 * One view on its way through the log: its checkpoint, its fold, its parked streams. After an
 * exception or `fenced` it must be {@link load}ed again.
 */
export class ViewTask {
  #checkpoint = 0n;
  #fold: ViewFold | undefined;
  #parkedStreams = new Set<string>();
  #parkedCount = 0;

  constructor(
    readonly view: View,
    private readonly store: ViewStore,
    private readonly onCommit: (report: TaskReport) => void = () => undefined,
  ) {}

  get checkpoint(): bigint {
    return this.#checkpoint;
  }

  get parked(): number {
    return this.#parkedCount;
  }

  /** Begins, or begins again, from what is stored. */
  async load(): Promise<void> {
    this.#fold = undefined;
    // The checkpoint first: whatever changes after it is found out by the next commit.
    this.#checkpoint = await this.store.checkpoint(this.view.name);
    const parked = await listParked(this.store, this.view.name);
    this.#parkedStreams = new Set(parked.map(({ stream }) => stream));
    this.#parkedCount = parked.length;
  }

  /** Whether what it has handled is of this log. @throws what the stores throw */
  isOf(log: EventStore): Promise<boolean> {
    return isOfLog(log, this.store, { view: this.view.name, checkpoint: this.#checkpoint });
  }

  /**
   * Folds and commits the events of a batch that lie above the checkpoint.
   * @throws {StorageFull | StoreUnavailable} try again later, after {@link load}
   */
  async handle(batch: LogBatch): Promise<Outcome> {
    if (!batch.continues(this.#checkpoint)) return HANDLED;
    return this.#advance(batch.above(this.#checkpoint));
  }

  async #advance(items: readonly LogItem[]): Promise<Outcome> {
    const plan = this.#plan(items);
    let puts: ViewBatch['puts'] = [];
    try {
      if (plan.events.length > 0) puts = await this.#openFold().fold(plan.events);
    } catch (error) {
      this.#fold = undefined;
      if (isFault(error)) throw error;
      return this.#around(items, reasonOf(error));
    }
    const committed = await this.#commit(plan, puts);
    if (!committed) return { kind: 'fenced' };
    return plan.stop ?? HANDLED;
  }

  /** Narrows a fold that failed down to the event it fails on. The others go through. */
  async #around(items: readonly LogItem[], reason: string): Promise<Outcome> {
    const [only] = items;
    if (only === undefined) throw new Error('a fold of no events failed');
    if (items.length === 1) return this.#refuse(only, reason);
    const middle = items.length >>> 1;
    const outcome = await this.#advance(items.slice(0, middle));
    return outcome.kind === 'handled' ? this.#advance(items.slice(middle)) : outcome;
  }

  async #refuse(item: LogItem, reason: string): Promise<Outcome> {
    const { position } = item.recorded;
    if (this.view.undecodable === 'stop') return { kind: 'stopped', position, reason };
    const parked = [parkedRow(this.view.name, item.recorded, reason)];
    const plan = { events: [], parked, last: item, handled: 1, stop: undefined };
    return (await this.#commit(plan, [])) ? HANDLED : { kind: 'fenced' };
  }

  /** Sorts events into those to fold and those to park, up to one that stops the view. */
  #plan(items: readonly LogItem[]): Plan {
    const events: DecodedEvent[] = [];
    const parked: Row[] = [];
    const streams = new Set(this.#parkedStreams);
    let last: LogItem | undefined;
    let handled = 0;
    for (const item of items) {
      const { recorded } = item;
      const isBehind = streams.has(recorded.stream);
      const decoded = isBehind ? undefined : item.decoded();
      if (decoded instanceof EventUndecodable) {
        const { position, reason } = decoded;
        if (this.view.undecodable === 'stop') {
          return { events, parked, last, handled, stop: { kind: 'stopped', position, reason } };
        }
        streams.add(recorded.stream);
        parked.push(parkedRow(this.view.name, recorded, reason));
      } else if (decoded === undefined) {
        parked.push(parkedRow(this.view.name, recorded, BEHIND));
      } else {
        events.push(decoded);
      }
      last = item;
      handled++;
    }
    return { events, parked, last, handled, stop: undefined };
  }

  /** False: fenced. */
  async #commit(plan: Plan, puts: ViewBatch['puts']): Promise<boolean> {
    const { last, parked } = plan;
    if (last === undefined) return true;
    const { position, recordedAt } = last.recorded;
    const all = [
      ...puts,
      { table: lastEventTable, rows: [lastEventRow(this.view.name, last.recorded)] },
    ];
    if (parked.length > 0) all.push({ table: parkedTable, rows: parked });
    const batch = { after: this.#checkpoint, upTo: position, puts: all };
    const outcome = await this.#tryCommit(batch);
    if (outcome === 'fenced') {
      this.#fold = undefined;
      return false;
    }
    this.#checkpoint = position;
    for (const row of parked) this.#parkedStreams.add(String(row[2]));
    this.#parkedCount += parked.length;
    this.onCommit({
      view: this.view.name,
      events: plan.handled,
      parked: parked.length,
      at: recordedAt,
    });
    return true;
  }

  async #tryCommit(batch: ViewBatch): Promise<'committed' | 'fenced'> {
    try {
      return await this.store.commit(this.view.name, batch);
    } catch (error) {
      // The fold remembers rows that were not written.
      this.#fold = undefined;
      throw error;
    }
  }

  #openFold(): ViewFold {
    this.#fold ??= this.view.open(this.store);
    return this.#fold;
  }
}

type Plan = Readonly<{
  events: readonly DecodedEvent[];
  parked: readonly Row[];
  last: LogItem | undefined;
  handled: number;
  stop: Outcome | undefined;
}>;

/** Faults of the machine pass; anything else a fold throws is the event's or the program's. */
export function isFault(error: unknown): boolean {
  return (
    error instanceof StorageFull ||
    error instanceof StoreUnavailable ||
    error instanceof EventDamaged ||
    error instanceof BusUnavailable
  );
}

/** What an exception says, for reports. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

import type { Row, Table, ViewStore } from '../../shared/ports/view-store.js';
import type { Effect } from './effect.js';
import type { Envelope } from './envelope.js';

/** The ids of the events that had their effect. */
const handledTable: Table = {
  name: 'handled_v1',
  columns: [
    ['event_id', 'text'],
    ['position', 'int'],
  ],
  key: ['event_id'],
  indexes: {},
};

/** The tables that {@link Once} needs for an effect. */
export function onceTables({ tables }: Effect): readonly Table[] {
  return [...tables, handledTable];
}

/**
 * Lets every event have its effect once, however often it comes: its id is stored together with the
 * effect, or neither is.
 */
export class Once {
  constructor(
    /** Name of the checkpoint by which consumers of one group keep out of each other's way. */
    private readonly name: string,
    private readonly store: ViewStore,
    private readonly effect: Effect,
  ) {}

  /** @returns how many of them were new @throws what the effect or the store throws */
  async handle(events: readonly Envelope[]): Promise<number> {
    for (;;) {
      const after = await this.store.checkpoint(this.name);
      const fresh = await this.#unseen(events);
      if (fresh.length === 0) return 0;
      const ids: readonly Row[] = fresh.map(({ eventId, position }) => [eventId, position]);
      const rows = await this.effect.apply(fresh, this.store);
      const puts = [...rows, { table: handledTable, rows: ids }];
      // The checkpoint only counts: another consumer of the group may have changed the same rows.
      const committed = await this.store.commit(this.name, { after, upTo: after + 1n, puts });
      if (committed === 'committed') return fresh.length;
    }
  }

  async #unseen(events: readonly Envelope[]): Promise<readonly Envelope[]> {
    const fresh = new Map<string, Envelope>();
    for (const event of events) {
      const { eventId } = event;
      if (fresh.has(eventId)) continue;
      if ((await this.store.get(handledTable, [eventId])) === undefined) fresh.set(eventId, event);
    }
    return [...fresh.values()];
  }
}

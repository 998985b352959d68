import { randomUUID } from 'node:crypto';
import type { Table } from '../../ports/view-store.js';
import {
  RebuildRunning,
  type RebuildPlace,
  type SharedRows,
  type Switched,
  type SwitchedView,
} from '../../ports/view-rebuild.js';
import { withDead } from './dead-commits.js';
import type { Connection, ViewCollections } from './view-connection.js';
import { withPortFaults } from './view-faults.js';
import { Lease } from './view-lease.js';
import { CAREFREE_MS } from './view-reader.js';
import type { ViewEntry } from './view-documents.js';
import { BUILDING, LIVE, newEntry, retiredOf, ViewStates, type State } from './view-state.js';
import { checkTables, MongoViewStore, onConnection, type ViewStoreParts } from './view-store.js';

export type OpenMongoRebuildPlace = Readonly<{
  url: string;
  database: string;
  tables: readonly Table[];
  /** How long a rebuild that says nothing is taken to be at work, ms. Default: 20,000. */
  leaseMs?: number;
}>;

const LEASE_MS = 20_000;
/** How often the switch is tried while the live views are written. */
const ATTEMPTS = 1_000;

/**
 * Opens a place for rebuilding beside the live views: collections of their own, and the switch is
 * one change of the document that names them. What an earlier rebuild left is dropped first.
 * @throws {TypeError} when the connection string is none
 * @throws {RebuildRunning} another process is at it, or was until `leaseMs` ago
 * @throws {StorageFull | StoreUnavailable} it cannot be opened now
 */
export function openMongoRebuildPlace(options: OpenMongoRebuildPlace): Promise<MongoRebuildPlace> {
  return withPortFaults(() =>
    onConnection(options, (connection) => openRebuildPlaceOn(connection, options)),
  );
}

/** The same on a connection, which the place closes. */
export async function openRebuildPlaceOn(
  connection: Connection,
  { tables, leaseMs = LEASE_MS }: Pick<OpenMongoRebuildPlace, 'tables' | 'leaseMs'>,
): Promise<MongoRebuildPlace> {
  const { collections } = connection;
  const anybodys = new ViewStates(collections, LIVE);
  await anybodys.create();
  const owner = randomUUID();
  const states = new ViewStates(collections, BUILDING, { owner });
  await states.create();
  const lease = new Lease(collections, owner, leaseMs);
  if (!(await lease.take())) {
    throw new RebuildRunning('the views are being rebuilt by another process');
  }
  lease.keep();
  try {
    // Before anything is dropped: who had the lease before can no longer put it in place.
    await anybodys.giveTo(owner);
    const live = new ViewStates(collections, LIVE, { builder: owner });
    if (!(await dropLeftovers(collections, live, states))) throw overtaken();
    await checkTables(states, tables);
    const times = { everyMs: Infinity, keepMs: Infinity, carefreeMs: CAREFREE_MS };
    const parts = { connection, states, readonly: false, times };
    return new MongoRebuildPlace(parts, live, lease);
  } catch (error) {
    lease.stop();
    throw error;
  }
}

/**
 * Drops what an interrupted rebuild left behind, unless a rebuild is running now.
 * @throws {StorageFull | StoreUnavailable} it cannot be done now
 */
export async function cleanMongoRebuildLeftovers(
  options: Omit<OpenMongoRebuildPlace, 'tables'>,
): Promise<void> {
  try {
    const place = await openMongoRebuildPlace({ ...options, tables: [] });
    await place.close();
  } catch (error) {
    if (!(error instanceof RebuildRunning)) throw error;
  }
}

export class MongoRebuildPlace extends MongoViewStore implements RebuildPlace {
  /** The generations that were last to go live, by view. */
  #going: ReadonlyMap<string, bigint> = new Map();

  constructor(
    parts: ViewStoreParts,
    private readonly live: ViewStates,
    private readonly lease: Lease,
  ) {
    super(parts);
  }

  /** Rows of shared tables are with those of their view here, so that they move with it. */
  switchOver(
    views: readonly SwitchedView[],
    _shared: readonly SharedRows[],
    whateverIsLive = false,
  ): Promise<Switched> {
    return withPortFaults(async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const live = await this.live.latest();
        // Of another, if the lease is: what it has built is not to be put in place half-done.
        const built = await this.parts.states.latest();
        if (live === undefined || built === undefined) throw overtaken();
        // As after a switch whose answer was lost.
        if (this.#isLive(views, live)) return { kind: 'switched' };
        const behind = whateverIsLive ? undefined : behindOf(views, live, built);
        if (behind !== undefined) return behind;
        if (await this.#switch(views, live, built)) return { kind: 'switched' };
      }
      throw new Error('the live views are being written all the time');
    });
  }

  /** Where another has taken over, what there is to tidy up is in use by it. */
  override async close(): Promise<void> {
    try {
      const { connection, states } = this.parts;
      await withPortFaults(async () => {
        // Before anything is dropped: a switch that failed could still arrive and name it.
        await this.live.giveTo('');
        const live = new ViewStates(connection.collections, LIVE, { builder: '' });
        await dropLeftovers(connection.collections, live, states);
        await this.lease.giveBack();
      });
    } finally {
      await this.abandon();
    }
  }

  /** Closes without tidying up, as a crash would. For tests. */
  async abandon(): Promise<void> {
    this.lease.stop();
    await super.close();
  }

  #isLive(views: readonly SwitchedView[], live: State): boolean {
    return views.every(({ name }) => {
      const generation = live.views.get(name)?.generation;
      return generation !== undefined && generation === this.#going.get(name);
    });
  }

  async #switch(views: readonly SwitchedView[], live: State, built: State): Promise<boolean> {
    const entries = new Map<string, ViewEntry>();
    for (const { name } of views) {
      const entry = built.views.get(name) ?? newEntry(await this.parts.states.nextGeneration());
      entries.set(name, settled(entry));
    }
    this.#going = new Map([...entries].map(([name, { generation }]) => [name, generation]));
    const retired = views.flatMap(({ name }) => {
      const entry = live.views.get(name);
      if (entry === undefined) return [];
      return [retiredOf(name, entry)];
    });
    if (!(await this.live.replace(live, entries, retired))) return false;
    await this.parts.states.remove(views.map(({ name }) => name));
    return true;
  }
}

function behindOf(views: readonly SwitchedView[], live: State, built: State): Switched | undefined {
  for (const { name } of views) {
    const position = live.views.get(name)?.position ?? 0n;
    if ((built.views.get(name)?.position ?? 0n) < position) {
      return { kind: 'behind', view: name, live: position };
    }
  }
  return undefined;
}

/** A commit that failed while the view was built will not be completed when it is live. */
function settled(entry: ViewEntry): ViewEntry {
  const { pending, deadRanges } = entry;
  if (pending === null) return entry;
  return { ...entry, pending: null, deadRanges: withDead(deadRanges, pending) };
}

function overtaken(): RebuildRunning {
  return new RebuildRunning('another process has begun to rebuild the views');
}

/**
 * Drops the collections of views that were being built, unless they have gone live since. False:
 * another process rebuilds now, and nothing was dropped of what it may be building.
 */
async function dropLeftovers(
  collections: ViewCollections,
  live: ViewStates,
  building: ViewStates,
): Promise<boolean> {
  const inUse = await live.latest();
  const left = await building.latest();
  if (inUse === undefined || left === undefined) return false;
  const kept = new Set([
    ...[...inUse.views.values()].map(({ generation }) => generation),
    ...inUse.retired.map(({ generation }) => generation),
  ]);
  const leftovers = [...left.views]
    .filter(([, { generation }]) => !kept.has(generation))
    .map(([view, entry]) => retiredOf(view, entry));
  // Announced first: once they are named so, nobody goes on with them.
  if (!(await building.giveUp([...left.views.keys()], leftovers))) return false;
  for (const one of [...left.dropping, ...leftovers]) {
    for (const name of one.collections) await collections.drop(name);
    await building.forget(one);
  }
  return true;
}

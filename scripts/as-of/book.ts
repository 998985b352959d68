import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allViews } from '../../projection-service/views/all.js';
import type { View } from '../../projection-service/view.js';
import { openQueries, type Queries } from '../../query-service/queries/open.js';
import type { AccountId } from '../../shared/ledger/account.js';
import { isAccountId } from '../../shared/ledger/account.js';
import { BUILT_IN_CHART } from '../../shared/ledger/chart.js';
import type { JournalEntry } from '../../shared/ledger/entry.js';
import { lastEventTable } from '../../shared/views/last-event.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import type { MemoryLog } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';

export const ZONE = 'Asia/Seoul';
/** The clock of the queries: after everything the tests record. */
export const NOW = Date.parse('2030-01-01T00:00:00Z');

/** Declares the built-in chart in a log. */
export function declareChart(log: MemoryLog, recordedAt: string | number): void {
  for (const definition of BUILT_IN_CHART) {
    const event = { type: 'AccountDeclared', data: definition } as const;
    log.record({ event, effective: '2024-01-01', recordedAt });
  }
}

/** Posts an entry and answers with its position. */
export function post(
  log: MemoryLog,
  {
    id,
    entry,
    effective,
    recordedAt,
  }: Readonly<{
    id: string;
    entry: JournalEntry;
    effective: string;
    recordedAt: string | number;
  }>,
): bigint {
  const data = { id, description: `about ${id}`, entry };
  const event = { type: 'EntryPosted', data } as const;
  return log.record({ event, effective, recordedAt, stream: `entry-${id}` });
}

/**
 * Projects a log into a store, cutting batches where `batchSize` says. After each batch
 * `forgets()` decides whether the fold is opened anew, as after a crash.
 */
export async function project(
  log: MemoryLog,
  store: ViewStore,
  batchSize: () => number,
  forgets: () => boolean = () => false,
): Promise<void> {
  for (const view of allViews(ZONE)) await projectView(view, log, store, { batchSize, forgets });
}

async function projectView(
  view: View,
  log: MemoryLog,
  store: ViewStore,
  { batchSize, forgets }: Readonly<{ batchSize: () => number; forgets: () => boolean }>,
): Promise<void> {
  const events = log.decoded();
  let fold = view.open(store);
  let after = await store.checkpoint(view.name);
  let next = events.findIndex(({ position }) => position > after);
  while (next >= 0 && next < events.length) {
    const batch = events.slice(next, next + batchSize());
    next += batch.length;
    const upTo = batch.at(-1)?.position ?? after;
    const outcome = await store.commit(view.name, { after, upTo, puts: await fold.fold(batch) });
    if (outcome !== 'committed') throw new Error('the only runner was fenced');
    after = upTo;
    if (forgets()) fold = view.open(store);
  }
}

/** The queries on a projected log. */
export function queriesOn(log: MemoryLog, views: ViewStore, patienceMs = 0): Queries {
  return openQueries({ views, log, clock: () => NOW, patienceMs });
}

export function account(text: string): AccountId {
  if (!isAccountId(text)) throw new Error(`${text} is no account`);
  return text;
}

/** Work on an empty view store. */
export type OnStore = (work: (store: ViewStore) => Promise<void>) => Promise<void>;

export const inMemory: OnStore = (work) => work(new MemoryViewStore());

export const onSqlite: OnStore = async (work) => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-as-of-'));
  const tables = [...allViews(ZONE).flatMap((view) => view.tables), lastEventTable];
  const store = openViewStore({ folder, tables });
  try {
    await work(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
};

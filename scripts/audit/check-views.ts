import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectionTables } from '../../projection-service/service.js';
import { verifyViews, type VerifiedView } from '../../projection-service/verify.js';
import { allViews } from '../../projection-service/views/all.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Table, ViewStore } from '../../shared/ports/view-store.js';
import type { Finding, OnProgress } from './audited-log.js';

/** The views to check against a log. */
export type LiveViews = Readonly<{
  log: EventStore;
  /** Opens them for reading. Undefined: there are none yet. */
  open: (tables: readonly Table[]) => Promise<ViewStore | undefined>;
  zone: string;
}>;

/** Computes every view anew, in a temporary folder, and compares it with the one there is. */
export async function checkViews(
  { log, open, zone }: LiveViews,
  onProgress: OnProgress,
): Promise<Finding> {
  const views = allViews(zone);
  const tables = projectionTables(views);
  const live = await open(tables);
  if (live === undefined) return { checked: 'there are none yet', failures: [] };
  const folder = mkdtempSync(join(tmpdir(), 'sagae-verify-'));
  try {
    const scratch = openViewStore({ folder, tables });
    let before = 0n;
    try {
      const verified = await verifyViews({
        log,
        live,
        scratch,
        views,
        onProgress: (position) => {
          onProgress(Number(position - before));
          before = position;
        },
      });
      return findingOf(verified);
    } finally {
      await scratch.close();
    }
  } finally {
    await live.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function findingOf(verified: readonly VerifiedView[]): Finding {
  return {
    checked: verified.map(({ view, position }) => `${view} to position ${position}`).join(', '),
    failures: verified.flatMap(({ view, equal, difference = 'it differs' }) =>
      equal ? [] : [{ where: view, what: difference }],
    ),
  };
}

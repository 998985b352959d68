import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectionTables } from '../../projection-service/service.js';
import { verifyViews, type VerifiedView } from '../../projection-service/verify.js';
import { allViews } from '../../projection-service/views/all.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { Failure } from './failure.js';

/** The ledger to check, up to the last event there was when the check began. */
export type VerifyTarget = Readonly<{ folder: string; head: bigint; zone: string }>;

/** Computes every view anew, in a temporary folder, and compares it with the one there is. */
export async function checkViews(
  { folder, zone }: VerifyTarget,
  onProgress: (done: number) => void,
): Promise<Readonly<{ checked: string; failures: readonly Failure[] }>> {
  if (!existsSync(join(folder, 'views.db'))) {
    return { checked: 'there are none yet', failures: [] };
  }
  try {
    const verified = await verify(folder, zone, onProgress);
    return {
      checked: verified.map(({ view, position }) => `${view} to position ${position}`).join(', '),
      failures: verified.flatMap(({ view, equal, difference = 'it differs' }) =>
        equal ? [] : [{ where: view, what: difference }],
      ),
    };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { checked: 'not to the end', failures: [{ where: 'views', what }] };
  }
}

async function verify(
  folder: string,
  zone: string,
  onProgress: (done: number) => void,
): Promise<readonly VerifiedView[]> {
  const views = allViews(zone);
  const tables = projectionTables(views);
  const scratchFolder = mkdtempSync(join(tmpdir(), 'sagae-verify-'));
  const log = await openEventStore({ folder, readonly: true, checkTail: 0 });
  try {
    const live = openViewStore({ folder, tables, readonly: true });
    const scratch = openViewStore({ folder: scratchFolder, tables });
    try {
      return await verifyViews({
        log,
        live,
        scratch,
        views,
        onProgress: (position) => onProgress(Number(position)),
      });
    } finally {
      await live.close();
      await scratch.close();
    }
  } finally {
    await log.close();
    rmSync(scratchFolder, { recursive: true, force: true });
  }
}

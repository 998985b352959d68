import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { AuditedLog } from '../audit/audited-log.js';
import type { LiveViews } from '../audit/check-views.js';
import { FileLog } from '../audit/file-log.js';
import { ServerLog } from '../audit/server-log.js';
import { existingData, openStores, settings } from './options.js';

/** A ledger to audit: its log, and its views beside it. Whoever opens it closes it. */
export type Audited = Readonly<{ log: AuditedLog; views: LiveViews; close: () => Promise<void> }>;

/**
 * Opens what the settings name, for reading only.
 * @throws {WrongUse} there is no log, or a setting is wrong
 * @throws {StoreUnavailable} the server of the log cannot be reached
 */
export function openAudited(): Promise<Audited> {
  return settings().store.kind === 'sqlite' ? openFiles() : openServers();
}

// Not through the stores: these make files where there are none, and an audit changes nothing.
async function openFiles(): Promise<Audited> {
  const folder = existingData();
  // The audit reads and checks every event itself, the last ones too.
  const log = await openEventStore({ folder, readonly: true, checkTail: 0 });
  const open: LiveViews['open'] = async (tables) => {
    if (!existsSync(join(folder, 'views.db'))) return undefined;
    return openViewStore({ folder, tables, readonly: true });
  };
  const views = { log, open, zone: settings().timeZone };
  return { log: new FileLog(folder, await log.head()), views, close: () => log.close() };
}

async function openServers(): Promise<Audited> {
  const stores = await openStores();
  const log = await stores.log('read');
  const open: LiveViews['open'] = (tables) => stores.views(tables, 'read');
  const views = { log, open, zone: settings().timeZone };
  return { log: new ServerLog(log, await log.head()), views, close: () => log.close() };
}

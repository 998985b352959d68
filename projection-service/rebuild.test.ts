import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanRebuildLeftovers, openRebuildPlace } from '../shared/adapters/sqlite/view-rebuild.js';
import { openViewStore } from '../shared/adapters/sqlite/view-store.js';
import type { ViewStore } from '../shared/ports/view-store.js';
import { rebuildContract } from './testing/rebuild-contract.js';

rebuildContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sagae-rebuild-'));
  const opened: ViewStore[] = [];
  const open = async (options: Parameters<typeof openViewStore>[0]): Promise<ViewStore> => {
    const store = openViewStore(options);
    opened.push(store);
    return store;
  };
  return {
    open: (tables) => open({ folder, tables }),
    openReader: (tables) => open({ folder, tables, readonly: true }),
    openPlace: async (tables) => openRebuildPlace({ folder, tables }),
    crash: (place) => place.abandon(),
    cleanLeftovers: async () => {
      cleanRebuildLeftovers(folder);
    },
    openScratch: async (tables) => open({ folder: await mkdtemp(join(folder, 'apart-')), tables }),
    cleanup: async () => {
      for (const store of opened) await store.close().catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
});

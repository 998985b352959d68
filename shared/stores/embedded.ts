import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createEventFile } from '../adapters/sqlite/event-file.js';
import { openEventStore } from '../adapters/sqlite/event-store.js';
import { cleanRebuildLeftovers, openRebuildPlace } from '../adapters/sqlite/view-rebuild.js';
import { openViewStore } from '../adapters/sqlite/view-store.js';
import type { EventStore } from '../ports/event-store.js';
import type { RebuildPlace } from '../ports/view-rebuild.js';
import type { Table, ViewStore } from '../ports/view-store.js';
import type { Access, Stores } from './stores.js';

/** Log and views in files of the data folder. */
export class EmbeddedStores implements Stores {
  constructor(private readonly folder: string) {}

  async log(access: Access): Promise<EventStore> {
    const { folder } = this;
    if (access === 'write') return openEventStore({ folder });
    // Whoever comes first makes the log, also one who will never write into it.
    await createEventFile(folder);
    return openEventStore({ folder, readonly: true, checkTail: 0 });
  }

  async views(tables: readonly Table[], access: Access): Promise<ViewStore> {
    return openViewStore({ folder: this.folder, tables, readonly: access === 'read' });
  }

  async relay(tables: readonly Table[]): Promise<ViewStore> {
    const folder = join(this.folder, 'relay');
    mkdirSync(folder, { recursive: true });
    return openViewStore({ folder, tables });
  }

  async rebuildPlace(tables: readonly Table[]): Promise<RebuildPlace> {
    return openRebuildPlace({ folder: this.folder, tables });
  }

  async cleanRebuildLeftovers(): Promise<void> {
    cleanRebuildLeftovers(this.folder);
  }
}

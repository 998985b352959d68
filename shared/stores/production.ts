import { openEventStoreDb } from '../adapters/eventstoredb/event-store.js';
import type { EventStoreDbNotice } from '../adapters/eventstoredb/notice.js';
import {
  cleanMongoRebuildLeftovers,
  openMongoRebuildPlace,
} from '../adapters/mongodb/view-rebuild.js';
import { databaseOf } from '../adapters/mongodb/view-connection.js';
import { openMongoViewStore } from '../adapters/mongodb/view-store.js';
import type { EventStore } from '../ports/event-store.js';
import type { RebuildPlace } from '../ports/view-rebuild.js';
import type { Table, ViewStore } from '../ports/view-store.js';
import { ConfigRefused } from '../setting.js';
import type { Access, StoreNotice, Stores } from './stores.js';

/** The log on EventStoreDB, the views in MongoDB. */
export class ProductionStores implements Stores {
  constructor(
    private readonly esdbUrl: string,
    private readonly mongodbUrl: string,
    private readonly notice: StoreNotice,
  ) {}

  async log(access: Access): Promise<EventStore> {
    const onNotice = ({ kind, ...about }: EventStoreDbNotice): void => {
      this.notice(printable(about), `EventStoreDB: ${kind}`);
    };
    try {
      return await openEventStoreDb({
        url: this.esdbUrl,
        readonly: access === 'read',
        onNotice,
      });
    } catch (error) {
      if (error instanceof TypeError) throw new ConfigRefused('ESDB_URL', error.message);
      throw error;
    }
  }

  views(tables: readonly Table[], access: Access): Promise<ViewStore> {
    return this.#onViews((place) =>
      openMongoViewStore({ ...place, tables, readonly: access === 'read' }),
    );
  }

  relay(tables: readonly Table[]): Promise<ViewStore> {
    return this.#onViews((place) => openMongoViewStore({ ...place, tables }));
  }

  rebuildPlace(tables: readonly Table[]): Promise<RebuildPlace> {
    return this.#onViews((place) => openMongoRebuildPlace({ ...place, tables }));
  }

  cleanRebuildLeftovers(): Promise<void> {
    return this.#onViews(cleanMongoRebuildLeftovers);
  }

  async #onViews<T>(open: (place: ViewPlace) => Promise<T>): Promise<T> {
    try {
      return await open({ url: this.mongodbUrl, database: databaseOf(this.mongodbUrl) });
    } catch (error) {
      if (error instanceof TypeError) throw new ConfigRefused('MONGODB_URL', error.message);
      throw error;
    }
  }
}

type ViewPlace = Readonly<{ url: string; database: string }>;

function printable(about: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(about).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
}

import { after, before, describe } from 'mocha';
import { rebuildContract } from '../../projection-service/testing/rebuild-contract.js';
import {
  cleanMongoRebuildLeftovers,
  openMongoRebuildPlace,
} from '../../shared/adapters/mongodb/view-rebuild.js';
import { openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { MongoUnderTest } from './mongo-under-test.js';

describe('rebuilding the views in MongoDB', () => {
  let mongo: MongoUnderTest;
  before(async () => {
    mongo = await MongoUnderTest.start('memory');
  });
  after(() => mongo.stop());

  rebuildContract('mongodb', async () => {
    const place = { url: mongo.url, database: mongo.newDatabase() };
    const apart = { url: mongo.url, database: mongo.newDatabase() };
    const opened: ViewStore[] = [];
    const open = async (options: Parameters<typeof openMongoViewStore>[0]): Promise<ViewStore> => {
      const store = await openMongoViewStore(options);
      opened.push(store);
      return store;
    };
    return {
      open: (tables) => open({ ...place, tables }),
      openReader: (tables) => open({ ...place, tables, readonly: true }),
      openPlace: (tables) => openMongoRebuildPlace({ ...place, tables }),
      crash: async (rebuild) => {
        await rebuild.abandon();
        await mongo.endLease(place.database);
      },
      cleanLeftovers: () => cleanMongoRebuildLeftovers(place),
      openScratch: async (tables) => {
        await mongo.drop(apart.database);
        return open({ ...apart, tables });
      },
      cleanup: async () => {
        for (const store of opened) await store.close().catch(() => undefined);
        for (const { database } of [place, apart]) await mongo.drop(database);
      },
    };
  });
});

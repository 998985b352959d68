import { after, before, describe } from 'mocha';
import { openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { viewStoreContract } from '../../shared/testing/view-store-contract.js';
import { MongoUnderTest } from './mongo-under-test.js';

for (const kept of ['memory', 'file'] as const) {
  describe(`the views in MongoDB, ${kept}`, () => {
    let mongo: MongoUnderTest;
    before(async () => {
      mongo = await MongoUnderTest.start(kept);
    });
    after(() => mongo.stop());

    viewStoreContract(`mongodb, ${kept}`, async () => {
      const database = mongo.newDatabase();
      const opened: ViewStore[] = [];
      return {
        open: async (tables) => {
          const store = await openMongoViewStore({ url: mongo.url, database, tables });
          opened.push(store);
          return store;
        },
        cleanup: async () => {
          for (const store of opened) await store.close().catch(() => undefined);
          await mongo.drop(database);
        },
      };
    });
  });
}

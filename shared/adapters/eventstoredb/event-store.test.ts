import { describe } from 'mocha';
import { eventStoreContract } from '../../testing/event-store-contract.js';
import { startProtocolServer } from '../../testing/eventstoredb/protocol-server.js';
import { openEventStoreDb } from './event-store.js';

describe('EventStoreDB', () => {
  eventStoreContract('EventStoreDB over its wire', async () => {
    const server = await startProtocolServer();
    let store = await openEventStoreDb({ url: server.url });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openEventStoreDb({ url: server.url });
        return store;
      },
      cleanup: async () => {
        await store.close();
        await server.stop();
      },
    };
  });
});

import { eventStoreContract } from './event-store-contract.js';
import { MemoryEventStore } from './memory-event-store.js';

eventStoreContract('memory', () => {
  const store = new MemoryEventStore();
  return Promise.resolve({ store, cleanup: () => store.close() });
});

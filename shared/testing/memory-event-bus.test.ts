import { eventBusContract } from './event-bus-contract.js';
import { MemoryEventBus } from './memory-event-bus.js';

const MAX_LENGTH = 1_000_000;

eventBusContract('memory', () => {
  const bus = new MemoryEventBus({ maxLength: MAX_LENGTH });
  let groups = 0;
  return Promise.resolve({
    bus,
    topics: ['one', 'two'],
    newGroup: () => `group-${++groups}`,
    tooLarge: MAX_LENGTH + 1,
    cleanup: () => bus.close(),
  });
});

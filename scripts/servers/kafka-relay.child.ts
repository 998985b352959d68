import { startRelay } from '../../projection-service/relay/relay.js';
import { TOPIC_NAMES } from '../../projection-service/relay/topics.js';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import type { BusMessage, EventBus, PublishResult } from '../../shared/ports/event-bus.js';
import { openRelayStore } from './relay-under-test.js';

/*
 * A relay that halts when it has published so many batches, before it notes the last of them: for a
 * test that kills it just there. Arguments: data folder, brokers, batches.
 */

const [, , folder = '', brokers = '', batches = ''] = process.argv;
const log = await openEventStore({ folder, readonly: true, checkTail: 0 });
const bus = openKafkaBus({
  brokers: brokers.split(','),
  clientId: 'halting',
  topics: TOPIC_NAMES,
});
let left = Number(batches);

const halting: EventBus = {
  publish: async (messages: readonly BusMessage[]): Promise<readonly PublishResult[]> => {
    const results = await bus.publish(messages);
    left--;
    if (left > 0) return results;
    process.send?.('published');
    return new Promise(() => undefined);
  },
  consume: (subscription, handle, signal) => bus.consume(subscription, handle, signal),
  close: () => bus.close(),
};

startRelay({ log, store: openRelayStore(folder), bus: halting, batchSize: 500 });

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { messagesOf } from '../../projection-service/relay/envelope.js';
import { TOPIC_NAMES } from '../../projection-service/relay/topics.js';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import { BusUnavailable, type BusMessage, type EventBus } from '../../shared/ports/event-bus.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { Notices } from '../../shared/testing/notices.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { runConsumer, type ConsumerNotice } from '../consumer/consumer.js';
import { onceTables } from '../consumer/once.js';
import { allTakings, takings, TAKINGS_TOPICS } from '../consumer/takings.js';
import { KafkaUnderTest } from './kafka-under-test.js';
import type { KafkaServerProcess } from './kafka.js';

const GROUP = 'takings';

describe('the sample consumer on a true Kafka', () => {
  let kafka: KafkaUnderTest & { readonly server: KafkaServerProcess };
  let folder: string;
  let notices: Notices<ConsumerNotice>;
  let warnings: Error[];
  const warned = (warning: Error): void => {
    warnings.push(warning);
  };
  const buses: EventBus[] = [];
  const stores: ViewStore[] = [];

  beforeEach(async () => {
    kafka = await KafkaUnderTest.startOwn();
    folder = await mkdtemp(join(tmpdir(), 'sagae-takings-'));
    notices = new Notices();
    warnings = [];
    process.on('warning', warned);
  });
  afterEach(async () => {
    process.off('warning', warned);
    for (const bus of buses.splice(0)) await bus.close();
    for (const store of stores.splice(0)) await store.close();
    await kafka.stop();
    await rm(folder, { recursive: true });
  });

  function openBus(): EventBus {
    const bus = openKafkaBus({ brokers: kafka.brokers, clientId: 'takings', topics: TOPIC_NAMES });
    buses.push(bus);
    return bus;
  }

  function openStore(): ViewStore {
    const store = openViewStore({ folder, tables: onceTables(takings) });
    stores.push(store);
    return store;
  }

  /** @returns what ends it */
  function start(): () => Promise<void> {
    const ending = new AbortController();
    const options = { bus: openBus(), store: openStore(), onNotice: notices.push };
    const consuming = runConsumer(
      { ...options, topics: TAKINGS_TOPICS, group: GROUP, effect: takings },
      ending.signal,
    );
    return async () => {
      ending.abort();
      await consuming;
    };
  }

  function handled(count: number): Promise<void> {
    return notices.until(() => {
      const sums = notices.all.map((one) =>
        one.kind === 'handled' ? one.fresh + one.repeated : 0,
      );
      return sums.reduce((sum, each) => sum + each, 0) >= count;
    });
  }

  it('lets every event count once, whatever is repeated, killed or joins its group', async () => {
    const bus = openBus();
    const messages = Array.from({ length: 100 }, (_, number) => messagesOfPayment(number)).flat();
    await publish(bus, messages);
    const endFirst = start();
    await handled(1);
    await kafka.server.kill();
    const published = publish(bus, messages);
    await kafka.server.restart();
    await published;
    const endSecond = start();
    await handled(2 * messages.length);
    await endFirst();
    await publish(bus, messages);
    await handled(3 * messages.length);
    await endSecond();
    expect(await allTakings(openStore())).to.deep.equal([
      {
        currency: 'KRW',
        captured: 3_000_000n,
        captures: 100n,
        refunded: 1_000_000n,
        refunds: 100n,
      },
    ]);
    expect(warnings.map(({ message }) => message)).to.deep.equal([]);
  });
});

/** Those of its messages that are consumed. */
function messagesOfPayment(number: number): readonly BusMessage[] {
  return new PaymentHistory({ number })
    .start('attempt')
    .done()
    .start('capture', 30_000n)
    .done()
    .start('refund', 10_000n)
    .done()
    .decoded.flatMap(messagesOf)
    .filter(({ topic }) => TAKINGS_TOPICS.includes(topic));
}

/** As often as it takes. */
async function publish(bus: EventBus, messages: readonly BusMessage[]): Promise<void> {
  for (;;) {
    try {
      await bus.publish(messages);
      return;
    } catch (error) {
      if (!(error instanceof BusUnavailable)) throw error;
    }
  }
}

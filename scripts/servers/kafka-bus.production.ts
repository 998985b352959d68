import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import type { KafkaNotice } from '../../shared/adapters/kafka/notice.js';
import { eventBusContract } from '../../shared/testing/event-bus-contract.js';
import { KafkaUnderTest } from './kafka-under-test.js';

describe('the event bus on Kafka', () => {
  let kafka: KafkaUnderTest;
  before(async () => {
    kafka = await KafkaUnderTest.start();
  });
  after(() => kafka.stop());

  eventBusContract('kafka', () => {
    const topics = [KafkaUnderTest.newName('one'), KafkaUnderTest.newName('two')] as const;
    const bus = openKafkaBus({
      brokers: kafka.brokers,
      clientId: 'contract',
      topics,
      partitions: 3,
    });
    return Promise.resolve({
      bus,
      topics,
      newGroup: () => KafkaUnderTest.newName('group'),
      tooLarge: 1_100_000,
      cleanup: () => bus.close(),
    });
  });

  it('does not even send what would cost it its connection', async () => {
    const topic = KafkaUnderTest.newName('huge');
    const notices: KafkaNotice[] = [];
    const bus = openKafkaBus({
      brokers: kafka.brokers,
      clientId: 'huge',
      topics: [topic],
      onNotice: (notice) => notices.push(notice),
    });
    const huge = { topic, key: 'a', value: 'x'.repeat(110 * 1024 * 1024), headers: {} };
    const results = await bus.publish([huge, { ...huge, key: 'b', value: 'small' }]);
    await bus.close();
    expect(results.map(({ kind }) => kind)).to.deep.equal(['too-large', 'published']);
    expect(notices.map(({ kind }) => kind)).to.not.include('connection-lost');
  });
});

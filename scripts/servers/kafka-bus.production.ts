import { after, before, describe } from 'mocha';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
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
});

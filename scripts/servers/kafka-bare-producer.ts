import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { BusMessage } from '../../shared/ports/event-bus.js';

/** The vendor's producer as its manual shows it, to measure our adapter beside. */
export class KafkaBareProducer {
  private constructor(private readonly producer: Producer) {}

  static async connect(brokers: readonly string[]): Promise<KafkaBareProducer> {
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR });
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new KafkaBareProducer(producer);
  }

  /** Resolves when all replicas in sync have the messages, all of which are of one topic. */
  async send(topic: string, messages: readonly BusMessage[]): Promise<void> {
    const sent = messages.map(({ key, value, headers }) => ({ key, value, headers }));
    await this.producer.send({ topic, acks: -1, messages: sent });
  }

  close(): Promise<void> {
    return this.producer.disconnect();
  }
}

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaServerProcess } from './kafka.js';

/** A Kafka to test against. */
export class KafkaUnderTest {
  private constructor(
    readonly brokers: readonly string[],
    private readonly folder: string,
    /** Undefined: a cluster that was given to us, which is not ours to stop. */
    readonly server: KafkaServerProcess | undefined,
  ) {}

  /** The cluster that KAFKA_BROKERS names, or else a broker of ours. */
  static async start(): Promise<KafkaUnderTest> {
    const given = process.env['KAFKA_BROKERS'] ?? '';
    return given === ''
      ? KafkaUnderTest.startOwn()
      : new KafkaUnderTest(given.split(','), '', undefined);
  }

  /** A broker of ours, for tests that kill it. */
  static async startOwn(): Promise<KafkaUnderTest & { readonly server: KafkaServerProcess }> {
    const folder = await mkdtemp(join(tmpdir(), 'sagae-kafka-'));
    const server = await KafkaServerProcess.start(folder);
    const under = new KafkaUnderTest([server.broker], folder, server);
    return Object.assign(under, { server });
  }

  /** A name that no other topic or group has. */
  static newName(prefix: string): string {
    return `${prefix}-${randomUUID().slice(0, 8)}`;
  }

  async stop(): Promise<void> {
    await this.server?.kill();
    if (this.folder !== '') await rm(this.folder, { recursive: true, force: true });
  }
}

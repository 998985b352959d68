import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import kafkajs from 'kafkajs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Notice } from '../../projection-service/config.js';
import {
  relayParked,
  retryRelay,
  startRelay,
  type Relay,
  type RelayOptions,
} from '../../projection-service/relay/relay.js';
import { TOPIC_NAMES } from '../../projection-service/relay/topics.js';
import { openKafkaBus } from '../../shared/adapters/kafka/event-bus.js';
import type { KafkaBusOptions } from '../../shared/adapters/kafka/settings.js';
import { encodeData } from '../../shared/events/codec.js';
import type { EventBus } from '../../shared/ports/event-bus.js';
import { moved } from '../../shared/testing/memory-log.js';
import { Notices } from '../../shared/testing/notices.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { KafkaUnderTest } from './kafka-under-test.js';
import type { KafkaServerProcess } from './kafka.js';
import { RelayUnderTest } from './relay-under-test.js';

const CHILD = fileURLToPath(new URL('kafka-relay.child.js', import.meta.url));

describe('the relay to a true Kafka', () => {
  let kafka: KafkaUnderTest & { readonly server: KafkaServerProcess };
  let under: RelayUnderTest;
  let bus: EventBus;
  let notices: Notices<Notice>;
  const relays: Relay[] = [];
  const buses: EventBus[] = [];

  beforeEach(async () => {
    kafka = await KafkaUnderTest.startOwn();
    under = await RelayUnderTest.start();
    bus = openBus();
    notices = new Notices();
  });
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
    for (const opened of buses.splice(0)) await opened.close();
    await under.stop();
    await kafka.stop();
  });

  function openBus(options: Partial<KafkaBusOptions> = {}): EventBus {
    const { brokers } = kafka;
    const made = openKafkaBus({ brokers, clientId: 'relay', topics: TOPIC_NAMES, ...options });
    buses.push(made);
    return made;
  }

  function start(options: Partial<RelayOptions> = {}): Relay {
    const { log } = under;
    const { push: onNotice } = notices;
    const made = startRelay({ log, store: under.openStore(), bus, onNotice, ...options });
    relays.push(made);
    return made;
  }

  async function caughtUp(): Promise<void> {
    const head = await under.log.head();
    await notices.has((notice) => notice.kind === 'committed' && notice.position === head);
  }

  it('brings every event to its topics, in order of its payment, what is there and what comes', async () => {
    await under.append(500);
    start();
    await caughtUp();
    await under.append(100);
    await caughtUp();
    await under.expectAll(bus);
  });

  it('loses nothing and mixes nothing up when the broker is killed, and goes on by itself', async () => {
    await under.append(300);
    start({ batchSize: 100 });
    await notices.has(({ kind }) => kind === 'committed');
    await kafka.server.kill();
    await under.append(100);
    await notices.has(({ kind }) => kind === 'fault');
    await kafka.server.restart();
    await caughtUp();
    await under.expectAll(bus);
  });

  it('loses nothing where the broker falls silent for a while', async () => {
    await under.append(200);
    start({ batchSize: 100, bus: openBus({ answerMs: 1_000 }) });
    await notices.has(({ kind }) => kind === 'committed');
    kafka.server.signal('SIGSTOP');
    await notices.has(({ kind }) => kind === 'fault');
    kafka.server.signal('SIGCONT');
    await caughtUp();
    await under.expectAll(bus);
  });

  it('repeats only what it had not noted when it was killed', async () => {
    await under.append(200);
    const child = fork(CHILD, [under.folder, kafka.brokers.join(','), '2']);
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    start();
    await caughtUp();
    expect(await under.expectAll(bus)).to.be.greaterThan(0);
  });

  it('fences a second relay', async () => {
    await under.append(200);
    start({ batchSize: 100 });
    start({ batchSize: 100, bus: openBus() });
    await notices.has(({ kind }) => kind === 'fenced');
    await caughtUp();
    await under.expectAll(bus);
  });

  it('parks what the brokers do not take, and publishes it once they do', async () => {
    await under.append(10);
    const { stream, eventId } = await appendLarge(under);
    await under.append(10);
    start();
    await caughtUp();
    const parked = await relayParked(under.openStore());
    expect(parked.map((event) => event.stream)).to.deep.equal([stream]);
    expect(parked[0]?.reason).to.contain('larger than the max message size');
    await under.expectAll(bus, [eventId]);
    await allowLarge(kafka.brokers);
    const { log } = under;
    const retried = await retryRelay({ bus, log, store: under.openStore() });
    expect(retried).to.deep.equal({ resolved: 1, still: [] });
    await under.expectAll(bus);
  });
});

/** An event that fits into the log and, with its envelope, not into a message. */
async function appendLarge(
  under: RelayUnderTest,
): Promise<Readonly<{ stream: string; eventId: string }>> {
  const [template] = new PaymentHistory({ number: 999_999 }).newEvents;
  if (template === undefined) throw new Error('no event');
  const data = encodeData({
    type: 'EntryPosted',
    data: { id: 'large', description: 'x'.repeat(1_048_000), entry: moved('cash', 'sales', 1n) },
  });
  const stream = 'entry-large';
  await under.log.append(stream, 'no-stream', [{ ...template, type: 'EntryPosted', data }]);
  return { stream, eventId: template.eventId };
}

async function allowLarge(brokers: readonly string[]): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [...brokers] }).admin();
  await admin.connect();
  await admin.alterConfigs({
    validateOnly: false,
    resources: TOPIC_NAMES.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configEntries: [{ name: 'max.message.bytes', value: '2000000' }],
    })),
  });
  await admin.disconnect();
}

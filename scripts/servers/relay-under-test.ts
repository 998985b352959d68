import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messagesOf } from '../../projection-service/relay/envelope.js';
import { relayTables } from '../../projection-service/relay/relay.js';
import { TOPICS } from '../../projection-service/relay/topics.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import { decodeEvent } from '../../shared/events/codec.js';
import type { BusMessage, DeliveredMessage, EventBus } from '../../shared/ports/event-bus.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { KafkaUnderTest } from './kafka-under-test.js';

const PAGE = 10_000;
const BY_TOPIC = TOPICS.map(({ name }) => name);

/** A log to be relayed, and what has to come of it. */
export class RelayUnderTest {
  #payments = 0;
  readonly #stores: ViewStore[] = [];

  private constructor(
    readonly folder: string,
    readonly log: EventStore,
  ) {}

  static async start(): Promise<RelayUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'sagae-relay-'));
    return new RelayUnderTest(folder, await openEventStore({ folder }));
  }

  /** A store of its own for whoever relays, or looks at what a relay did. */
  openStore(): ViewStore {
    const store = openRelayStore(this.folder);
    this.#stores.push(store);
    return store;
  }

  /**
   * Appends payments, ten at a time so that their events lie among each other: of each nine events,
   * seven of which are published, and six of these to a second topic.
   */
  async append(payments: number): Promise<void> {
    for (let left = payments; left > 0; left -= 10) {
      const histories = Array.from({ length: Math.min(10, left) }, () => this.#payment());
      for (let revision = 0; revision < 9; revision++) {
        await Promise.all(histories.map((history) => this.#append(history, revision)));
      }
    }
  }

  /** Everything that has to be published. */
  async messages(): Promise<readonly BusMessage[]> {
    const messages: BusMessage[] = [];
    for (let after = 0n; ;) {
      const events = await this.log.readAll(after, PAGE);
      messages.push(...events.map(decodeEvent).flatMap(messagesOf));
      after = events.at(-1)?.position ?? after;
      if (events.length < PAGE) return messages;
    }
  }

  /**
   * Consumes until all of the log has come, and checks that nothing else has, and that in each key
   * every message came for the first time after those before it.
   * @returns how many messages came that had come before
   */
  async expectAll(bus: EventBus, except: readonly string[] = []): Promise<number> {
    const due = (await this.messages()).filter(
      ({ headers }) => !except.includes(headers['eventId'] ?? ''),
    );
    const received = new Received();
    await received.consume(bus, due.length);
    deepStrictEqual(received.firsts(), valuesByKey(due));
    return received.repeated;
  }

  async stop(): Promise<void> {
    for (const store of this.#stores) await store.close();
    await this.log.close();
    await rm(this.folder, { recursive: true });
  }

  #payment(): PaymentHistory {
    const number = ++this.#payments;
    return new PaymentHistory({ number, sellerId: `seller-${number % 7}` })
      .start('attempt')
      .done()
      .start('capture', 30_000n)
      .done()
      .start('refund', 10_000n)
      .done()
      .start('refund', 5_000n)
      .done();
  }

  async #append({ stream, newEvents }: PaymentHistory, revision: number): Promise<void> {
    const event = newEvents[revision];
    if (event === undefined) throw new Error(`${stream} has no revision ${revision}`);
    const expected = revision === 0 ? 'no-stream' : BigInt(revision - 1);
    const { kind } = await this.log.append(stream, expected, [event]);
    if (kind !== 'appended') throw new Error(`${stream} is there already`);
  }
}

/** The relay's own store of a data folder. */
export function openRelayStore(folder: string): ViewStore {
  return openViewStore({ folder, tables: relayTables });
}

/** What a new group is given, without repetitions. */
class Received {
  readonly #ids = new Set<string>();
  readonly #firsts: BusMessage[] = [];
  repeated = 0;

  async consume(bus: EventBus, count: number): Promise<void> {
    const ending = new AbortController();
    const handle = (messages: readonly DeliveredMessage[]): Promise<void> => {
      for (const message of messages) this.#take(message);
      if (this.#firsts.length >= count) ending.abort();
      return Promise.resolve();
    };
    if (count === 0) return;
    const group = KafkaUnderTest.newName('check');
    await bus.consume({ topics: BY_TOPIC, group }, handle, ending.signal);
  }

  firsts(): ReadonlyMap<string, readonly string[]> {
    return valuesByKey(this.#firsts);
  }

  #take({ topic, key, value, headers }: DeliveredMessage): void {
    const id = `${topic} ${headers['eventId'] ?? ''}`;
    if (this.#ids.has(id)) {
      this.repeated++;
      return;
    }
    this.#ids.add(id);
    this.#firsts.push({ topic, key, value, headers });
  }
}

function valuesByKey(messages: readonly BusMessage[]): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  for (const { topic, key, value } of messages) {
    const name = `${topic} ${key}`;
    const values = keys.get(name);
    if (values === undefined) keys.set(name, [value]);
    else values.push(value);
  }
  return keys;
}

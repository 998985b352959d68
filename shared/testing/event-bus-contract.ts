import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  BusUnavailable,
  type BusMessage,
  type DeliveredMessage,
  type EventBus,
  type MessageHandler,
} from '../ports/event-bus.js';
import { rejection } from './event-samples.js';

/** A bus under test. Nobody else uses its topics meanwhile. */
export type BusUnderTest = Readonly<{
  bus: EventBus;
  /** Two empty topics. */
  topics: readonly [string, string];
  /** A name for a group that no other test has. */
  newGroup: () => string;
  /** Characters of a value that the bus does not take. */
  tooLarge: number;
  cleanup: () => Promise<void>;
}>;

/** The suite every adapter of {@link EventBus} has to pass. */
export function eventBusContract(name: string, make: () => Promise<BusUnderTest>): void {
  describe(`event bus contract: ${name}`, () => {
    let made: BusUnderTest;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.cleanup());

    delivering(() => made);
    refusing(() => made);
    goingOn(() => made);
    ending(() => made);
  });
}

function delivering(made: () => BusUnderTest): void {
  it('hands every message out as it was given', async () => {
    const { bus, topics } = made();
    const messages: readonly BusMessage[] = [
      { topic: topics[0], key: 'a', value: '{"b":"1"}', headers: { position: '7', id: 'x-1' } },
      { topic: topics[0], key: '사개 🪵', value: '안녕 \u{1F600} \\u0000 "', headers: {} },
      { topic: topics[1], key: '', value: '', headers: { empty: '' } },
      { topic: topics[1], key: 'long', value: 'é'.repeat(200_000), headers: {} },
    ];
    expect(await bus.publish(messages)).to.deep.equal(messages.map(() => PUBLISHED));
    const received = await consumeUntil(made(), (all) => all.length === messages.length);
    const plain = received.map(({ topic, key, value, headers }) => ({
      topic,
      key,
      value,
      headers,
    }));
    expect(plain).to.have.deep.members(messages);
    const places = received.map(({ place }) => place);
    expect(new Set(places).size).to.equal(messages.length);
    for (const { topic, place } of received) expect(place).to.contain(topic);
  });

  it('keeps the order of every key, over calls that nobody waited for', async () => {
    const { bus, topics } = made();
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < 10; call++) {
      const messages = Array.from({ length: 700 }, (_, i) =>
        numbered(topics[i % 2] ?? '', `key-${i % 23}`, call * 700 + i),
      );
      calls.push(bus.publish(messages));
    }
    await Promise.all(calls);
    const received = await consumeUntil(made(), (all) => distinct(all).size === 7_000);
    expectInOrder(received);
  });

  it('does nothing when there is nothing to publish', async () => {
    expect(await made().bus.publish([])).to.deep.equal([]);
  });

  it('gives each group everything', async () => {
    const { bus, topics } = made();
    await bus.publish([numbered(topics[0], 'k', 1), numbered(topics[0], 'k', 2)]);
    for (let group = 0; group < 2; group++) {
      const received = await consumeUntil(made(), (all) => all.length === 2);
      expect(received.map(({ value }) => value)).to.deep.equal(['1', '2']);
    }
  });
}

function refusing(made: () => BusUnderTest): void {
  it('tells of a message that is too large, and sends nothing after it out of order', async () => {
    const { bus, topics, tooLarge } = made();
    const [one, two] = topics;
    const large = { ...numbered(one, 'a', 2), value: 'x'.repeat(tooLarge) };
    const results = await bus.publish([
      numbered(one, 'a', 1),
      large,
      numbered(one, 'b', 3),
      numbered(one, 'a', 4),
      numbered(two, 'a', 5),
      numbered(one, 'b', 6),
    ]);
    expect(results.map(({ kind }) => kind)).to.deep.equal([
      'published',
      'too-large',
      'published',
      'behind',
      'published',
      'published',
    ]);
    // What comes in a call of its own is the caller's to hold back.
    expect(await bus.publish([numbered(one, 'a', 7)])).to.deep.equal([PUBLISHED]);
    const received = await consumeUntil(made(), (all) => distinct(all).size === 5);
    expect([...distinct(received)].sort()).to.deep.equal(['1', '3', '5', '6', '7']);
  });
}

function goingOn(made: () => BusUnderTest): void {
  it('goes on in a group where the consumer before it ended', async () => {
    const { bus, topics, newGroup } = made();
    const group = newGroup();
    await bus.publish(['1', '2', '3'].map((value) => numbered(topics[0], 'k', Number(value))));
    await consumeUntil(made(), (all) => distinct(all).size === 3, group);
    await bus.publish([numbered(topics[0], 'k', 4)]);
    const received = await consumeUntil(made(), (all) => distinct(all).has('4'), group);
    expect(received.map(({ value }) => value)).to.deep.equal(['4']);
  });

  it('ends with what the handler throws, and hands that out again', async () => {
    const { bus, topics, newGroup } = made();
    const group = newGroup();
    await bus.publish([numbered(topics[0], 'k', 1), numbered(topics[0], 'k', 2)]);
    const failure = new Error('of the handler');
    const consuming = bus.consume(
      { topics, group },
      () => Promise.reject(failure),
      new AbortController().signal,
    );
    expect(await rejection(consuming)).to.equal(failure);
    const received = await consumeUntil(made(), (all) => distinct(all).size === 2, group);
    expectInOrder(received);
  });

  it('hands messages out as they come', async () => {
    const { bus, topics } = made();
    let next = 1;
    await bus.publish([numbered(topics[0], 'k', next)]);
    const received = await consumeWith(made(), async (messages, end) => {
      if (!messages.some(({ value }) => value === String(next))) return;
      if (next === 3) {
        end();
        return;
      }
      next++;
      await bus.publish([numbered(topics[0], 'k', next)]);
    });
    expect([...distinct(received)]).to.deep.equal(['1', '2', '3']);
  });
}

function ending(made: () => BusUnderTest): void {
  it('ends when told to, without an error', async () => {
    const { bus, topics, newGroup } = made();
    const aborted = AbortSignal.abort();
    await bus.consume({ topics, group: newGroup() }, () => Promise.resolve(), aborted);
    const ending = new AbortController();
    const consuming = bus.consume(
      { topics, group: newGroup() },
      () => Promise.resolve(),
      ending.signal,
    );
    ending.abort();
    await consuming;
  });

  it('refuses everything once closed, and can be closed twice', async () => {
    const { bus, topics, newGroup } = made();
    const consuming = bus.consume(
      { topics, group: newGroup() },
      () => Promise.resolve(),
      new AbortController().signal,
    );
    const [ended] = await Promise.all([rejection(consuming), bus.close()]);
    expect(ended).to.be.instanceOf(BusUnavailable);
    await bus.close();
    const late = bus.publish([numbered(topics[0], 'k', 1)]);
    expect(await rejection(late)).to.be.instanceOf(BusUnavailable);
  });
}

const PUBLISHED = { kind: 'published' } as const;

function numbered(topic: string, key: string, number: number): BusMessage {
  return { topic, key, value: String(number), headers: { number: String(number) } };
}

function distinct(messages: readonly DeliveredMessage[]): Set<string> {
  return new Set(messages.map(({ value }) => value));
}

/** A value may come again, but the first time never after a later one of its topic and key. */
function expectInOrder(messages: readonly DeliveredMessage[]): void {
  const highest = new Map<string, number>();
  const seen = new Set<string>();
  for (const { topic, key, value } of messages) {
    if (seen.has(value)) continue;
    seen.add(value);
    const sequence = JSON.stringify([topic, key]);
    expect(Number(value)).to.be.greaterThan(highest.get(sequence) ?? -1);
    highest.set(sequence, Number(value));
  }
}

/** Everything a group is handed until that is enough. */
function consumeUntil(
  made: BusUnderTest,
  isEnough: (all: readonly DeliveredMessage[]) => boolean,
  group?: string,
): Promise<readonly DeliveredMessage[]> {
  const all: DeliveredMessage[] = [];
  const handle = (messages: readonly DeliveredMessage[], end: () => void): Promise<void> => {
    all.push(...messages);
    if (isEnough(all)) end();
    return Promise.resolve();
  };
  return consumeWith(made, handle, group);
}

/** Everything a group is handed until the handler ends it. */
async function consumeWith(
  { bus, topics, newGroup }: BusUnderTest,
  handle: (messages: readonly DeliveredMessage[], end: () => void) => Promise<void>,
  group = newGroup(),
): Promise<readonly DeliveredMessage[]> {
  const ending = new AbortController();
  const all: DeliveredMessage[] = [];
  const handler: MessageHandler = async (messages) => {
    all.push(...messages);
    await handle(messages, () => {
      ending.abort();
    });
  };
  await bus.consume({ topics, group }, handler, ending.signal);
  return all;
}

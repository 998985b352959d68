import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import { BusUnavailable, type BusMessage, type EventBus } from '../../shared/ports/event-bus.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { FaultyViewStore } from '../../shared/testing/faulty-view-store.js';
import { ManualTime } from '../../shared/testing/manual-time.js';
import { MemoryEventBus } from '../../shared/testing/memory-event-bus.js';
import { MemoryEventStore } from '../../shared/testing/memory-event-store.js';
import { Notices } from '../../shared/testing/notices.js';
import { recordBad, recordGood } from '../../shared/testing/sample-views.js';
import type { Notice } from '../config.js';
import { allViews } from '../views/all.js';
import {
  endRelay,
  relayParked,
  relayTables,
  retryRelay,
  startRelay,
  type Relay,
  type RelayOptions,
} from './relay.js';
import { DEAD_LETTERS } from './topics.js';

describe('relay', () => {
  let log: MemoryEventStore;
  let folder: string;
  /** Not the relay's own. */
  let kept: ViewStore;
  let store: FaultyViewStore;
  let refused: Set<string>;
  let bus: MemoryEventBus;
  let notices: Notices<Notice>;
  const started: Relay[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-relay-'));
    log = new MemoryEventStore();
    kept = openViewStore({ folder, tables: relayTables });
    store = new FaultyViewStore(openViewStore({ folder, tables: relayTables }));
    refused = new Set();
    bus = new MemoryEventBus({
      refuse: ({ topic, headers }) =>
        topic !== DEAD_LETTERS && refused.has(headers['position'] ?? '') ? 'too odd' : undefined,
    });
    notices = new Notices();
  });
  afterEach(async () => {
    for (const relay of started.splice(0)) await relay.stop();
    await log.close();
    await store.close();
    await kept.close();
    await rm(folder, { recursive: true });
  });

  function start(options: Partial<RelayOptions> = {}): Relay {
    const made = startRelay({ log, store, bus, onNotice: notices.push, batchSize: 16, ...options });
    started.push(made);
    return made;
  }

  function record(count: number): bigint {
    let last = 0n;
    for (let i = 0; i < count; i++) last = recordGood(log, `entry-${i % 5}`);
    return last;
  }

  function reached(position: bigint): Promise<void> {
    return notices.has((n) => n.kind === 'committed' && n.position === position);
  }

  /** Everything was published, and in its key for the first time after all before it. */
  async function expectAll(except: readonly bigint[] = []): Promise<void> {
    const firsts = firstPublished(bus.published);
    const all = (await log.readAll(0n, 10_000)).map(({ position }) => position);
    const expected = all.filter((position) => !except.includes(position));
    expect([...firsts].sort(byOrder)).to.deep.equal(expected);
    const keys = new Map<string, bigint>();
    for (const { key, headers } of bus.published) {
      const position = BigInt(headers['position'] ?? '');
      if (!firsts.delete(position)) continue;
      expect(position > (keys.get(key) ?? 0n)).to.equal(true);
      keys.set(key, position);
    }
  }

  it('publishes what there is, then what comes, once and in order', async () => {
    const counted = new Map<string, number>();
    const head = record(100);
    const relay = start({
      onPublished: (topic, count) => counted.set(topic, (counted.get(topic) ?? 0) + count),
    });
    await reached(head);
    await reached(record(1));
    expect(bus.published).to.have.length(101);
    expect(counted).to.deep.equal(new Map([['ledger.entry.v1', 101]]));
    await expectAll();
    expect(relay.health()).to.include({ ok: true });
    const lag = await relay.lag();
    expect(lag.map(({ view, behind, ms }) => [view, behind, ms])).to.deep.equal([['relay', 0n, 0]]);
  });

  it('waits while the bus is away, says so, and then goes on by itself', async () => {
    const time = new ManualTime();
    let isAway = true;
    const wellWhileTrying: boolean[] = [];
    bus.beforePublish = () => {
      wellWhileTrying.push(relay.health().ok);
      if (isAway) throw new BusUnavailable('no broker');
    };
    const head = record(50);
    const relay = start({ clock: time.clock, pause: time.pause });
    const faults = () => notices.all.filter(({ kind }) => kind === 'fault').length;
    while (faults() < 8) {
      await time.asleep();
      await time.advance(2_000);
    }
    await time.asleep();
    expect(relay.health()).to.include({ ok: false });
    expect(JSON.stringify(relay.health().views[0]?.standing)).to.contain('no broker');
    const [lag] = await relay.lag();
    expect(lag?.behind).to.equal(head);
    expect(bus.published).to.have.length(0);
    expect(wellWhileTrying.slice(1)).to.not.include(true);
    isAway = false;
    await time.advance(2_000);
    await reached(head);
    expect(relay.health()).to.include({ ok: true });
    await expectAll();
  });

  it('publishes again what it does not know to be published', async () => {
    let lost = 3;
    bus.afterPublish = () => {
      if (lost-- > 0) throw new BusUnavailable('the answer was lost');
    };
    await withReached(record(60));
    expect(bus.published.length).to.be.greaterThan(60);
    await expectAll();
  });

  it('publishes again what it published and did not note before it ended', async () => {
    const head = record(40);
    store.failBefore(new StoreUnavailable('away'));
    const first = start();
    await notices.has(({ kind }) => kind === 'fault');
    await first.stop();
    store.failBefore(undefined);
    await withReached(head);
    expect(bus.published.length).to.be.greaterThan(40);
    await expectAll();
  });

  it('is fenced where another one is at work, and nothing goes out of order', async () => {
    const head = record(200);
    start();
    start({ store: new FaultyViewStore(kept) });
    await reached(head);
    await notices.has(({ kind }) => kind === 'fenced');
    await reached(record(20));
    await expectAll();
  });

  it('parks an event it cannot read, and what comes after it in its stream', async () => {
    const poison = recordBad(log, 'entry-1');
    const behind = recordGood(log, 'entry-1');
    const head = record(5);
    const relay = start();
    await reached(head);
    const parked = await relayParked(kept);
    expect(parked.slice(0, 2).map(({ position }) => position)).to.deep.equal([poison, behind]);
    expect((await relay.lag()).map(({ behind, parked: count }) => [behind, count])).to.deep.equal([
      [0n, parked.length],
    ]);
    expect(positionsOf('entry-1')).to.deep.equal([]);
    expect(positionsOf('entry-2')).to.have.length(1);
    expect(letters()).to.deep.equal([
      {
        kind: 'event',
        eventId: '00000000-0000-4000-8000-00000000bad0',
        type: 'FromTheFuture',
        stream: 'entry-1',
        revision: '0',
        position: poison.toString(),
        reason: letters()[0]?.['reason'],
      },
    ]);
  });

  it('parks an event that is not taken, and publishes it with its stream when asked to', async () => {
    record(10);
    const odd = recordGood(log, 'entry-1');
    refused.add(odd.toString());
    const after = recordGood(log, 'entry-1');
    start();
    await reached(record(10));
    const waiting = (await relayParked(kept)).map(({ position }) => position);
    expect(waiting.slice(0, 2)).to.deep.equal([odd, after]);
    expect(letters().map(({ position }) => position)).to.deep.equal([odd.toString()]);
    await expectAll(waiting);
    const still = await retryRelay({ bus, log, store: kept });
    expect(still.still.map(({ position }) => position)).to.deep.equal(waiting);
    refused.clear();
    const retried = await retryRelay({ bus, log, store: kept });
    expect(retried).to.deep.equal({ resolved: waiting.length, still: [] });
    const next = recordGood(log, 'entry-1');
    await reached(next);
    await expectAll();
  });

  it('waits with parking until the dead-letter topic has been told', async () => {
    bus.beforePublish = (messages) => {
      if (messages.some(({ topic }) => topic === DEAD_LETTERS)) throw new BusUnavailable('away');
    };
    recordBad(log, 'entry-1');
    const head = record(3);
    start();
    await notices.has(({ kind }) => kind === 'fault');
    expect(await relayParked(kept)).to.deep.equal([]);
    bus.beforePublish = undefined;
    await reached(head);
    expect(letters()).to.have.length(1);
  });

  it('publishes nothing again and again while the dead-letter topic cannot be told', async () => {
    const time = new ManualTime();
    let isAway = true;
    bus.beforePublish = (messages) => {
      if (isAway && messages.some(({ topic }) => topic === DEAD_LETTERS)) {
        throw new BusUnavailable('away');
      }
    };
    for (const poison of ['unreadable', 'refused']) {
      isAway = true;
      const before = bus.published.length;
      record(5);
      if (poison === 'unreadable') recordBad(log, 'entry-bad');
      else refused.add(recordGood(log, 'entry-odd').toString());
      const head = record(5);
      const relay = start({ clock: time.clock, pause: time.pause });
      const faults = notices.all.length;
      while (notices.all.length < faults + 5) await time.advance(2_000);
      await time.asleep();
      const [first, ...again] = bus.published.slice(before).filter(({ key }) => key === '1');
      expect(first).to.not.equal(undefined);
      expect(again.length).to.be.lessThan(8);
      isAway = false;
      await time.advance(2_000);
      await reached(head);
      await relay.stop();
    }
  });

  it('notes what it is publishing when it is ended, so that it is not published again', async () => {
    const head = record(10);
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      bus.beforePublish = () => {
        resolve();
      };
    });
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow: EventBus = {
      publish: async (messages) => {
        const results = await bus.publish(messages);
        await answered;
        return bus.publish([]).then(() => results);
      },
      consume: (subscription, handle, signal) => bus.consume(subscription, handle, signal),
      close: () => bus.close(),
    };
    const relay = start({ bus: slow });
    await asked;
    const ended = endRelay(relay, slow, 60_000);
    answer();
    await ended;
    expect(await kept.checkpoint('relay')).to.equal(head);
  });

  it('ends though the brokers do not answer', async () => {
    record(1);
    const closed = new AbortController();
    const asked = new AbortController();
    const silent: EventBus = {
      publish: async () => {
        asked.abort();
        if (!closed.signal.aborted) await once(closed.signal, 'abort');
        throw new BusUnavailable('closed');
      },
      consume: () => Promise.resolve(),
      close: () => {
        closed.abort();
        return Promise.resolve();
      },
    };
    const relay = start({ bus: silent });
    await once(asked.signal, 'abort');
    await endRelay(relay, silent, 1);
    expect(await kept.checkpoint('relay')).to.equal(0n);
  });

  it('stops rather than publish a log that its checkpoint is not of', async () => {
    await withReached(record(10));
    const other = new MemoryEventStore();
    recordGood(other, 'entry-1');
    const relay = start({ log: other });
    await notices.has(({ kind }) => kind === 'stopped');
    expect(relay.health().views[0]?.standing.kind).to.equal('stopped');
    expect(bus.published).to.have.length(10);
  });

  it('is not among the views, so that no rebuild publishes anything', () => {
    expect(allViews('Asia/Seoul').map(({ name }) => name)).to.not.include('relay');
  });

  async function withReached(head: bigint): Promise<void> {
    const relay = start();
    await reached(head);
    await relay.stop();
  }

  function positionsOf(stream: string): readonly bigint[] {
    return bus.published
      .filter(({ key, topic }) => `entry-${key}` === stream && topic !== DEAD_LETTERS)
      .map(({ headers }) => BigInt(headers['position'] ?? ''));
  }

  function letters(): readonly Record<string, unknown>[] {
    return bus.published
      .filter(({ topic }) => topic === DEAD_LETTERS)
      .map(({ value }) => {
        const letter: unknown = JSON.parse(value);
        return typeof letter === 'object' && letter !== null ? { ...letter } : {};
      });
  }
});

function firstPublished(messages: readonly BusMessage[]): Set<bigint> {
  return new Set(
    messages
      .filter(({ topic }) => topic !== DEAD_LETTERS)
      .map(({ headers }) => BigInt(headers['position'] ?? '')),
  );
}

function byOrder(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

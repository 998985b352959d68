import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable, type EventStore, type RecordedEvent } from '../../ports/event-store.js';
import { event, expectInOrder, newStream, readAfter } from '../../testing/event-samples.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';

/** Short, so that a subscription that went silent is noticed soon. */
const PROBE_MS = 50;

describe('subscriptions to EventStoreDB', () => {
  const { server, client, store, notices, open } = withStore(
    { probeMs: PROBE_MS },
    { liveBuffer: 64 },
  );

  async function record(count: number, at: EventStore = store()): Promise<void> {
    const events = Array.from({ length: count }, () => event());
    await at.append(newStream(), 'no-stream', events);
  }

  /** Everything after a position until it has seen so many events. */
  async function follow(
    from: EventStore,
    after: bigint,
    count: number,
    look: (seen: readonly RecordedEvent[]) => void | Promise<void> = () => undefined,
  ): Promise<readonly RecordedEvent[]> {
    const seen: RecordedEvent[] = [];
    const stop = new AbortController();
    for await (const batch of from.subscribe(after, stop.signal)) {
      seen.push(...batch);
      if (seen.length >= count) break;
      await look(seen);
    }
    return seen;
  }

  async function expectAll(seen: readonly RecordedEvent[]): Promise<void> {
    expectInOrder(seen);
    const there = await readAfter(store(), 0n, 500);
    expect(seen).to.eql(there.slice(0, seen.length));
  }

  for (const how of ['end', 'reset', 'unavailable', 'timed-out', 'too-slow'] as const) {
    it(`go on from where they were when the server ends them: ${how}`, async () => {
      await record(10);
      const reader = await open({ readonly: true });
      let dropped = 0;
      const seen = follow(reader, 0n, 50, async () => {
        dropped += server().dropSubscriptions(how);
        await record(10);
      });
      await expectAll(await seen);
      expect(dropped).to.be.greaterThan(0);
      await notices().has(({ kind }) => kind === 'feed-lost');
      await notices().has(({ kind }) => kind === 'feed-back');
    });
  }

  it('go on when the server was away', async () => {
    await record(5);
    const reader = await open({ readonly: true });
    const seen = follow(reader, 0n, 10);
    await server().down();
    await notices().has(({ kind }) => kind === 'feed-lost');
    await server().up();
    for (let stored = false; !stored;) stored = await succeeds(record(5));
    await expectAll(await seen);
  });

  it('begin while the server is away', async () => {
    await record(5);
    const reader = await open({ readonly: true });
    await server().down();
    const seen = follow(reader, 0n, 5);
    await notices().has(({ kind }) => kind === 'feed-lost');
    await server().up();
    await expectAll(await seen);
  });

  it('hand over nothing twice that the server sends again', async () => {
    await record(20);
    server().misbehave({ on: 'subscription', kind: 'repeated', events: 15 });
    server().dropSubscriptions('unavailable');
    const seen = follow(store(), 0n, 25);
    await notices().has(({ kind }) => kind === 'feed-back');
    await record(5);
    await expectAll(await seen);
  });

  it('notice that nothing comes any more though nobody said so', async () => {
    await record(1);
    const { met } = server().misbehave({ on: 'subscription', kind: 'no-answer' });
    server().dropSubscriptions('unavailable');
    await met;
    const seen = follow(store(), 0n, 6);
    // Appends do not wait for it; somebody else's are noticed too.
    await record(2);
    const other = await open();
    await record(3, other);
    await expectAll(await seen);
  });

  it('wait for a slow consumer, however much comes meanwhile', async () => {
    const batch = 500;
    const batches = 34;
    await record(1);
    const seen = follow(store(), 0n, 1 + batch * batches, async (so_far) => {
      if (so_far.length > 1) return;
      for (let left = batches; left > 0; left -= 1) await record(batch);
    });
    await expectAll(await seen);
  });

  it('end when they are told to, also while the server is away', async () => {
    const stop = new AbortController();
    const waiting = store().subscribe(0n, stop.signal)[Symbol.asyncIterator]().next();
    await server().down();
    const paging = store().subscribe(1n, stop.signal)[Symbol.asyncIterator]().next();
    stop.abort();
    expect((await waiting).done).to.equal(true);
    expect((await paging).done).to.equal(true);
    const never = new AbortController().signal;
    const last = store().subscribe(0n, never)[Symbol.asyncIterator]().next();
    await store().close();
    expect((await last).done).to.equal(true);
  });

  it('do not show the events of the server', async () => {
    const seen = follow(store(), 0n, 4);
    await client().setStreamMetadata(newStream(), { note: 'x' });
    await record(2);
    await client().setStreamMetadata(newStream(), { note: 'x' });
    await record(2);
    await expectAll(await seen);
  });
});

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailable) return false;
    throw error;
  }
}

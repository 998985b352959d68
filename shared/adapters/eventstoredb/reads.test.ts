import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable, type RecordedEvent } from '../../ports/event-store.js';
import {
  all,
  appended,
  event,
  expectInOrder,
  given,
  newStream,
  readAfter,
  rejection,
} from '../../testing/event-samples.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';
import { StreamsTruncated } from './retention-check.js';

describe('reading from EventStoreDB', () => {
  const { server, client, store, notices, open } = withStore();

  async function recordSome(count: number): Promise<readonly RecordedEvent[]> {
    const stream = newStream();
    const events = Array.from({ length: count }, () => event());
    await store().append(stream, 'no-stream', events);
    return all(store(), stream);
  }

  /** Events of the server's own. */
  async function recordSystemEvents(count: number): Promise<void> {
    const names = Array.from({ length: count }, () => newStream());
    await Promise.all(names.map((name) => client().setStreamMetadata(name, { note: 'x' })));
  }

  it('skips the events of the server without ending a page early', async () => {
    const before = await recordSome(2);
    await recordSystemEvents(30);
    const after = await recordSome(5);
    await recordSystemEvents(30);
    const expected = [...before, ...after];
    expect(await store().readAll(0n, 7)).to.eql(expected);
    expect(await store().readAll(0n, 4)).to.eql(expected.slice(0, 4));
    expect(await readAfter(store(), 0n, 1)).to.eql(expected);
    expect(await store().readAll(after.at(-1)?.position ?? 0n, 3)).to.eql([]);
    expect(await store().head()).to.equal(after.at(-1)?.position);
    expect(await (await open({ readonly: true })).head()).to.equal(after.at(-1)?.position);
  });

  it('reads after a number that is no position, and from beyond the end', async () => {
    const events = await recordSome(20);
    const fresh = await open({ readonly: true });
    for (const reader of [store(), fresh]) {
      for (const index of [0, 9, 18]) {
        const between = (events[index]?.position ?? 0n) + 1n;
        expect(await reader.readAll(between, 5)).to.eql(events.slice(index + 1, index + 6));
      }
      expect(await reader.readAll(1n, 5)).to.eql(events.slice(0, 5));
      const end = events.at(-1)?.position ?? 0n;
      for (const beyond of [end + 1n, end + 1_000_000n]) {
        expect(await reader.readAll(beyond, 5)).to.eql([]);
      }
      expect(await rejection(reader.readAt([end + 1n]))).to.be.instanceOf(RangeError);
      expect(await rejection(reader.readAt([1n]))).to.be.instanceOf(RangeError);
    }
  });

  it('reads many events at once by their positions', async () => {
    const events = await recordSome(100);
    const turned = [...events].reverse();
    expect(await store().readAt(turned.map(({ position }) => position))).to.eql(turned);
  });

  it('reads again what a broken connection cut off', async () => {
    const events = await recordSome(20);
    for (const how of ['unavailable', 'reset', 'timed-out'] as const) {
      server().misbehave({ on: 'read', kind: 'cut', after: 7, how });
      expect(await store().readAll(0n, 100)).to.eql(events);
    }
    const { port } = server();
    server().misbehave({ on: 'read', kind: 'not-leader', host: '127.0.0.1', port });
    expect(await store().readAll(0n, 100)).to.eql(events);
  });

  it('takes nothing for missing when the server cannot tell', async () => {
    const events = await recordSome(3);
    const positions = events.map(({ position }) => position);
    const plan = server().misbehave({ on: 'read', kind: 'no-leader', times: Infinity });
    const calls = [
      store().readAt(positions),
      store().readAll(positions[0] ?? 0n, 1),
      store().head(),
    ];
    for (const failure of await Promise.all(calls.map(rejection))) {
      expect(failure).to.be.instanceOf(StoreUnavailable);
    }
    plan.end();
    server().misbehave({ on: 'read', kind: 'no-leader', times: 2 });
    expect(await store().readAt(positions)).to.eql(events);
  });

  it('waits for a slow server as long as it says something', async () => {
    const events = await recordSome(20);
    server().misbehave({ on: 'read', kind: 'slow', ms: 20 });
    expect(await store().readAll(0n, 100)).to.eql(events);
  });

  it('does not wait for ever for a silent server', async () => {
    const events = await recordSome(3);
    const impatient = await open({ readonly: true, readTimeoutMs: 500 });
    server().misbehave({ on: 'read', kind: 'no-answer' });
    const failure = await rejection(impatient.readAll(0n, 100));
    expect(failure).to.be.instanceOf(StoreUnavailable);
    expect(await impatient.readAll(0n, 100)).to.eql(events);
  });

  it('says which server is away, and works again when it is back', async () => {
    const events = await recordSome(3);
    await server().down();
    const address = `127.0.0.1:${server().port}`;
    const calls = [
      store().head(),
      store().readAll(0n, 1),
      store().append(newStream(), 'no-stream', [event()]),
      open(),
    ];
    for (const failure of await Promise.all(calls.map(rejection))) {
      expect(failure).to.be.instanceOf(StoreUnavailable);
      expect(String(failure)).to.contain(address);
    }
    await server().up();
    expect(await store().readAll(0n, 100)).to.eql(events);
    appended(await store().append(newStream(), 'no-stream', [event()]));
  });

  it('refuses when it is closed, and appends when it is for reading only', async () => {
    const reader = await open({ readonly: true });
    const refused = await rejection(reader.append(newStream(), 'no-stream', [event()]));
    expect(refused).to.be.instanceOf(StoreUnavailable);
    const inHand = store().append(newStream(), 'no-stream', [event()]);
    await store().close();
    appended(await inHand);
    const calls = [store().head(), store().append(newStream(), 'no-stream', [event()])];
    for (const failure of await Promise.all(calls.map(rejection))) {
      expect(failure).to.be.instanceOf(StoreUnavailable);
    }
  });

  it('is not opened where the server may forget events', async () => {
    const [first] = await recordSome(3);
    const stream = first?.stream ?? '';
    const last = await recordSome(1);
    for (const metadata of [{ maxCount: 2 }, { maxAge: 60 }, { truncateBefore: 1 }]) {
      await client().setStreamMetadata(stream, metadata);
      for (const readonly of [true, false]) {
        const refusal = await rejection(open({ readonly }));
        expect(refusal).to.be.instanceOf(StreamsTruncated);
        expect(String(refusal)).to.contain(stream);
      }
    }
    await notices().has((one) => one.kind === 'stream-truncated' && one.setting === '$tb');
    // What counts is the newest; the server's own streams may have what they need.
    await client().setStreamMetadata(stream, { customProperties: { owner: 'x' } });
    await client().setStreamMetadata('$stats', { maxCount: 10 });
    const again = await open();
    expect(await again.head()).to.equal(last[0]?.position);
    // From where that start left off.
    await client().setStreamMetadata(stream, { maxAge: 10 });
    expect(await rejection(open())).to.be.instanceOf(StreamsTruncated);
  });
});

describe('recorded times of EventStoreDB', () => {
  let now = 0;
  const { server, store, open, notices } = withStore({}, { now: () => now });

  it('never run backwards, whatever the clock of the server does', async () => {
    const clock = [50_000, 50_500, 49_000, 50_200, 50_499, 50_500, 51_000, 20_000, 20_001];
    const expected = [50_000, 50_500, 50_500, 50_500, 50_500, 50_500, 51_000, 51_000, 51_000];
    const stream = newStream();
    const answered: number[] = [];
    for (const [index, time] of clock.entries()) {
      now = time;
      const revision = index === 0 ? 'no-stream' : BigInt(index - 1);
      answered.push(appended(await store().append(stream, revision, [event()])).recordedAt);
    }
    expect(answered).to.eql(expected);
    const recorded = await all(store(), stream);
    const times = (events: readonly RecordedEvent[]) => events.map(({ recordedAt }) => recordedAt);
    expect(times(recorded)).to.eql(expected);
    const positions = recorded.map(({ position }) => position);
    expect(times(await store().readAt(positions))).to.eql(expected);

    // Who starts in the middle knows what came before, up to a step that no clock makes.
    for (const [index, position] of positions.slice(0, 7).entries()) {
      const fresh = await open({ readonly: true });
      const rest = await readAfter(fresh, position, 3);
      expect(times(rest)).to.eql(expected.slice(index + 1));
      expectInOrder(rest);
    }
    await notices().has((one) => one.kind === 'clock-set-back' && one.byMs === 31_000);
  });

  it('never run backwards in a stream that is read alone', async () => {
    const stream = newStream();
    const clock = [50_000, 49_000, 49_500, 50_100];
    for (const [index, time] of clock.entries()) {
      now = time;
      const revision = index === 0 ? 'no-stream' : BigInt(index - 1);
      await store().append(stream, revision, [event()]);
    }
    const fresh = await open({ readonly: true });
    for (const direction of ['forwards', 'backwards'] as const) {
      const read = await fresh.readStream(stream, { direction, limit: 10 });
      const times = read.map(({ recordedAt }) => recordedAt);
      const expected = [50_000, 50_000, 50_000, 50_100];
      expect(times).to.eql(direction === 'forwards' ? expected : expected.reverse());
    }
  });

  it('go on from the latest when a store is opened while the clock is behind', async () => {
    now = 70_000;
    const stream = newStream();
    await store().append(stream, 'no-stream', [event()]);
    now = 65_000;
    await store().append(stream, 0n, [event()]);
    const later = await open();
    now = 66_000;
    const one = event();
    expect(appended(await later.append(stream, 1n, [one])).recordedAt).to.equal(70_000);
    const stop = new AbortController();
    for await (const [first] of later.subscribe((await later.head()) - 1n, stop.signal)) {
      expect(first).to.include({ recordedAt: 70_000 });
      if (first !== undefined) expect(given(first)).to.eql(one);
      stop.abort();
    }
  });

  it('are answered to an append as they are, also while the feed is behind', async () => {
    const slow = server().misbehave({ on: 'subscription', kind: 'no-answer' });
    server().dropSubscriptions('unavailable');
    await slow.met;
    const other = await open();
    now = 90_000;
    await other.append(newStream(), 'no-stream', [event()]);
    now = 85_000;
    const answer = appended(await store().append(newStream(), 'no-stream', [event()]));
    expect(answer.recordedAt).to.equal(90_000);
  });

  it('are the same after the event that a store found last when it was opened', async () => {
    now = 80_000;
    const stream = newStream();
    await store().append(stream, 'no-stream', [event()]);
    now = 75_000;
    const last = appended(await store().append(stream, 0n, [event()]));
    const later = await open();
    now = 76_000;
    const next = appended(await store().append(stream, 1n, [event()]));
    expect(next.recordedAt).to.equal(80_000);
    for (const reader of [later, await open({ readonly: true })]) {
      const [read] = await reader.readAll(last.position, 1);
      expect(read).to.include({ revision: 2n, recordedAt: 80_000 });
    }
    const [found] = await later.readAt([last.position]);
    expect(found).to.include({ revision: 1n, recordedAt: 80_000 });
  });
});

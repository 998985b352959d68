import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  AppendTooLarge,
  MAX_APPEND_BYTES,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
} from '../ports/event-store.js';
import {
  all,
  appended,
  byOrder,
  conflict,
  event,
  expectInOrder,
  given,
  json,
  newStream,
  readAfter,
  rejection,
  withoutRepeats,
} from './event-samples.js';
import { LogModel } from './event-store-model.js';

/** A store under test. The log need not be empty, but nobody else writes to it meanwhile. */
export type StoreUnderTest = Readonly<{
  store: EventStore;
  /** Closes the store and opens the same log again, where the adapter can. */
  reopen?: () => Promise<EventStore>;
  cleanup: () => Promise<void>;
}>;

/** The suite every adapter of {@link EventStore} has to pass. It asks no more than the port says. */
export function eventStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`event store contract: ${name}`, () => {
    let opened: StoreUnderTest;
    let store: EventStore;
    /** Where the log ended when the test began. */
    let start: bigint;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      start = await store.head();
    });
    afterEach(() => opened.cleanup());

    appending(() => store);
    repeating(() => store);
    reading(
      () => store,
      () => start,
    );
    subscribing(
      () => store,
      () => start,
    );

    it('behaves like a list of streams, whatever is appended', async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(fc.array(anAppend, { maxLength: 25 }), async (appends) => {
          await behavesLikeModel(store, appends);
        }),
        { numRuns: 40 },
      );
    });

    it('has everything after being closed and opened again', async function () {
      if (opened.reopen === undefined) return;
      const stream = newStream();
      await store.append(stream, 'no-stream', [event(), event()]);
      const before = await store.readStream(stream, { direction: 'forwards', limit: 10 });
      const head = await store.head();
      store = await opened.reopen();
      expect(await store.readStream(stream, { direction: 'forwards', limit: 10 })).to.eql(before);
      expect(await store.head()).to.equal(head);
    });
  });
}

function appending(store: () => EventStore): void {
  it('appends at the expected revision, and answers with revision and position', async () => {
    const stream = newStream();
    const first = appended(await store().append(stream, 'no-stream', [event()]));
    const second = appended(await store().append(stream, 0n, [event(), event()]));
    expect(first.revision).to.equal(0n);
    expect(second.revision).to.equal(2n);
    expect(second.position > first.position).to.equal(true);
    expect(await store().head()).to.equal(second.position);
    const stored = await all(store(), stream);
    expect(stored.map(({ revision }) => revision)).to.eql([0n, 1n, 2n]);
    expect(stored.at(-1)).to.include({
      position: second.position,
      recordedAt: second.recordedAt,
    });
  });

  it('answers every other expectation with a conflict, and stores nothing', async () => {
    const stream = newStream();
    expect(await store().append(stream, 0n, [event()])).to.eql(conflict('no-stream'));
    expect(await all(store(), stream)).to.eql([]);
    await store().append(stream, 'no-stream', [event(), event()]);
    expect(await store().append(stream, 'no-stream', [event()])).to.eql(conflict(1n));
    expect(await store().append(stream, 0n, [event()])).to.eql(conflict(1n));
    expect(await store().append(stream, 2n, [event()])).to.eql(conflict(1n));
    expect(await all(store(), stream)).to.have.length(2);
  });

  it('gives texts back exactly as they came', async () => {
    const stream = newStream('사개 £ 🪵');
    const texts = [
      '{}',
      '{"a": 1, "a": 2,  "big": 12345678901234567890.10, "e": 1e3}',
      '{"ko":"안녕하세요","nfd":"e\u0301","emoji":"👩‍👩‍👧‍👦","esc":"\\u0000\\ud800"}',
      JSON.stringify({ long: 'é'.repeat(100_000) }),
    ];
    const events = texts.map((text) => event({ data: text, metadata: text, type: 'Späße' }));
    await store().append(stream, 'no-stream', events);
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });

  it('refuses an append above the limit, counting all its events, and stores nothing', async () => {
    const stream = newStream();
    const tooLarge = [event({ data: json(MAX_APPEND_BYTES / 2) })];
    tooLarge.push(event({ data: json(MAX_APPEND_BYTES / 2) }));
    const failure = await rejection(store().append(stream, 'no-stream', tooLarge));
    expect(failure).to.be.instanceOf(AppendTooLarge);
    expect(await all(store(), stream)).to.eql([]);
    // Beside the data only ids, types and metadata count.
    const fits = [event({ data: json(MAX_APPEND_BYTES - 1000) })];
    expect((await store().append(stream, 'no-stream', fits)).kind).to.equal('appended');
  });

  it('takes many independent appends at once', async () => {
    const streams = Array.from({ length: 500 }, () => newStream());
    const results = await Promise.all(
      streams.map((stream) => store().append(stream, 'no-stream', [event(), event()])),
    );
    const positions = results.map((result) => appended(result).position);
    expect(new Set(positions).size).to.equal(streams.length);
    for (const [index, stream] of streams.entries()) {
      expect((await all(store(), stream)).at(-1)?.position).to.equal(positions[index]);
    }
  });

  it('lets exactly one of many appends at the same revision win', async () => {
    const stream = newStream();
    await store().append(stream, 'no-stream', [event()]);
    const rivals = Array.from({ length: 20 }, () => [event(), event()]);
    const results = await Promise.all(rivals.map((events) => store().append(stream, 0n, events)));
    const winners = rivals.filter((_, index) => results[index]?.kind === 'appended');
    expect(winners).to.have.length(1);
    expect((await all(store(), stream)).slice(1).map(given)).to.eql(winners[0]);
    for (const result of results) {
      if (result.kind === 'conflict') expect(result.actual).to.equal(2n);
    }
  });
}

function repeating(store: () => EventStore): void {
  it('answers a repeated append as the first time, also after later events', async () => {
    const stream = newStream();
    const [x, y] = [event(), event()];
    const first = await store().append(stream, 'no-stream', [x, y]);
    expect(await store().append(stream, 'no-stream', [x, y])).to.eql(first);
    await store().append(stream, 1n, [event()]);
    expect(await store().append(stream, 'no-stream', [x, y])).to.eql(first);
    expect(await all(store(), stream)).to.have.length(3);
  });

  it('knows the ids alone: other data under the same id is dropped', async () => {
    const stream = newStream();
    const x = event({ data: '{"first":true}' });
    const first = await store().append(stream, 'no-stream', [x]);
    const other = { ...x, type: 'Other', data: '{"first":false}' };
    expect(await store().append(stream, 'no-stream', [other])).to.eql(first);
    expect((await all(store(), stream)).map(given)).to.eql([x]);
  });

  it('takes a first part of an append for a repetition, a longer or turned one not', async () => {
    const stream = newStream();
    const [x, y, z] = [event(), event(), event()];
    await store().append(stream, 'no-stream', [x, y]);
    const [storedX] = await all(store(), stream);
    const again = appended(await store().append(stream, 'no-stream', [x]));
    expect(again).to.include({ revision: 0n, position: storedX?.position });
    expect(await store().append(stream, 'no-stream', [x, y, z])).to.eql(conflict(1n));
    expect(await store().append(stream, 'no-stream', [y, x])).to.eql(conflict(1n));
    expect(await store().append(stream, 'no-stream', [x, z])).to.eql(conflict(1n));
    expect(await all(store(), stream)).to.have.length(2);
  });

  it('appends the same id again where the expected revision is met', async () => {
    const stream = newStream();
    const x = event();
    await store().append(stream, 'no-stream', [x]);
    expect(appended(await store().append(stream, 0n, [x])).revision).to.equal(1n);
    expect((await all(store(), stream)).map(given)).to.eql([x, x]);
  });

  it('allows one id in two streams, and twice in one append', async () => {
    const x = event();
    const [one, two] = [newStream(), newStream()];
    await store().append(one, 'no-stream', [x, x]);
    await store().append(two, 'no-stream', [x]);
    expect(await all(store(), one)).to.have.length(2);
    expect(await all(store(), two)).to.have.length(1);
  });

  it('stores an append once that is sent many times at once', async () => {
    const stream = newStream();
    const events = [event(), event()];
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store().append(stream, 'no-stream', events)),
    );
    for (const result of results) expect(result).to.eql(results[0]);
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });
}

function reading(store: () => EventStore, start: () => bigint): void {
  it('reads a stream forwards and backwards, from a revision, in pages', async () => {
    const stream = newStream();
    await store().append(
      stream,
      'no-stream',
      Array.from({ length: 10 }, () => event()),
    );
    const revisions = async (direction: 'forwards' | 'backwards', limit: number, from?: bigint) => {
      const options = from === undefined ? { direction, limit } : { direction, limit, from };
      return (await store().readStream(stream, options)).map(({ revision }) => Number(revision));
    };
    expect(await revisions('forwards', 3)).to.eql([0, 1, 2]);
    expect(await revisions('forwards', 100, 7n)).to.eql([7, 8, 9]);
    expect(await revisions('forwards', 2, 4n)).to.eql([4, 5]);
    expect(await revisions('forwards', 5, 10n)).to.eql([]);
    expect(await revisions('backwards', 3)).to.eql([9, 8, 7]);
    expect(await revisions('backwards', 100, 2n)).to.eql([2, 1, 0]);
    expect(await revisions('backwards', 2, 20n)).to.eql([9, 8]);
  });

  it('answers for a stream that does not exist with nothing', async () => {
    for (const direction of ['forwards', 'backwards'] as const) {
      expect(await store().readStream(newStream(), { direction, limit: 5 })).to.eql([]);
    }
  });

  it('reads the whole log after a position, in order, with all that was given', async () => {
    const streams = [newStream(), newStream(), newStream()];
    const given_: NewEvent[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const stream of streams) {
        const one = event();
        given_.push(one);
        await store().append(stream, round === 0 ? 'no-stream' : BigInt(round - 1), [one]);
      }
    }
    const read = await readAfter(store(), start(), 5);
    expect(read.map(given)).to.eql(given_);
    expect(read.map(({ stream }) => stream)).to.eql([1, 2, 3, 4].flatMap(() => streams));
    expectInOrder(read);
    expect(read.at(-1)?.position).to.equal(await store().head());
    expect(await store().readAll(await store().head(), 5)).to.eql([]);
  });

  it('reads events at exact positions, in the order asked', async () => {
    const stream = newStream();
    await store().append(stream, 'no-stream', [event(), event(), event()]);
    const [first, second, third] = await all(store(), stream);
    if (first === undefined || second === undefined || third === undefined) throw new Error('gone');
    const asked = [third, first, second];
    expect(await store().readAt(asked.map(({ position }) => position))).to.eql(asked);
    const beyond = third.position + 1_000_000n;
    expect(await rejection(store().readAt([beyond]))).to.be.instanceOf(Error);
  });
}

function subscribing(store: () => EventStore, start: () => bigint): void {
  it('subscribes after a position: what there is, then what comes, in order', async () => {
    const before = await Promise.all(
      Array.from({ length: 30 }, () => store().append(newStream(), 'no-stream', [event()])),
    );
    const from = before.map((result) => appended(result).position).sort(byOrder)[9] ?? 0n;
    const seen: RecordedEvent[] = [];
    const stop = new AbortController();
    const later = Array.from({ length: 30 }, () => newStream());
    for await (const batch of store().subscribe(from, stop.signal)) {
      if (seen.length === 0) {
        // Only now that it runs: these come live.
        void Promise.all(later.map((s) => store().append(s, 'no-stream', [event()])));
      }
      seen.push(...batch);
      if (later.every((stream) => seen.some((one) => one.stream === stream))) stop.abort();
    }
    const once = withoutRepeats(seen);
    expectInOrder(once);
    expect(once).to.eql(await readAfter(store(), from, 100));
    expect(from > start()).to.equal(true);
  });

  it('ends a subscription that waits when the signal aborts', async () => {
    const stop = new AbortController();
    const reader = store()
      .subscribe(await store().head(), stop.signal)
      [Symbol.asyncIterator]();
    const next = reader.next();
    stop.abort();
    expect((await next).done).to.equal(true);
    const aborted = store().subscribe(0n, AbortSignal.abort())[Symbol.asyncIterator]();
    expect((await aborted.next()).done).to.equal(true);
  });

  it('lets several subscriptions read at their own pace', async () => {
    const count = 50;
    const stop = new AbortController();
    const follow = async () => {
      const seen: RecordedEvent[] = [];
      for await (const batch of store().subscribe(start(), stop.signal)) {
        seen.push(...batch);
        if (withoutRepeats(seen).length >= count) break;
      }
      return withoutRepeats(seen);
    };
    const followers = [follow(), follow(), follow()];
    for (let i = 0; i < count; i += 1) await store().append(newStream(), 'no-stream', [event()]);
    const [one, two, three] = await Promise.all(followers);
    stop.abort();
    expect(one).to.have.length(count);
    expect(two).to.eql(one);
    expect(three).to.eql(one);
  });
}

type AnAppend = Readonly<{ stream: number; expected: number; ids: readonly number[] }>;

/** Few streams, revisions and ids, so that conflicts and repetitions are common. */
const anAppend: fc.Arbitrary<AnAppend> = fc.record({
  stream: fc.integer({ min: 0, max: 2 }),
  expected: fc.integer({ min: -1, max: 6 }),
  ids: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
});

async function behavesLikeModel(store: EventStore, appends: readonly AnAppend[]): Promise<void> {
  const start = await store.head();
  const streams = [newStream(), newStream(), newStream()];
  const pool = [event(), event(), event(), event()];
  const model = new LogModel();
  for (const one of appends) {
    const stream = streams[one.stream] ?? '';
    const events = one.ids.flatMap((id) => pool[id] ?? []);
    const expected: ExpectedRevision = one.expected < 0 ? 'no-stream' : BigInt(one.expected);
    const said = await store.append(stream, expected, events);
    const should = model.append(stream, expected, events);
    expect({ ...said, position: undefined, recordedAt: undefined }).to.eql({
      ...should,
      position: undefined,
      recordedAt: undefined,
    });
  }
  for (const stream of streams) {
    expect((await all(store, stream)).map(given)).to.eql(model.stream(stream));
  }
  const log = await readAfter(store, start, 7);
  expect(log.map(given)).to.eql(model.log);
  expectInOrder(log);
}

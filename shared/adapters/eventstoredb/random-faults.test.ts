import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  StoreUnavailable,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
} from '../../ports/event-store.js';
import { event, expectInOrder, given, newStream, readAfter } from '../../testing/event-samples.js';
import type { Misbehaviour } from '../../testing/eventstoredb/misbehaviour.js';
import type { ProtocolServer } from '../../testing/eventstoredb/protocol-server.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';

/** Short, because the test waits for it. */
const TIMEOUT_MS = 150;

/** Makes something go wrong, at once or with the next call of a kind. */
type Trouble = (server: ProtocolServer) => void;

function plan(misbehaviour: Misbehaviour): Trouble {
  return (server) => {
    server.misbehave(misbehaviour);
  };
}

/** A subscription begins anew, and not well. */
function anew(misbehaviour: Misbehaviour): Trouble {
  return (server) => {
    server.misbehave(misbehaviour);
    server.dropSubscriptions('unavailable');
  };
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'append: lost answer': plan({ on: 'append', kind: 'lost-answer' }),
  'append: late answer': plan({ on: 'append', kind: 'late-answer', ms: 2 * TIMEOUT_MS }),
  'append: slow answer': plan({ on: 'append', kind: 'late-answer', ms: TIMEOUT_MS / 3 }),
  'append: stored late': plan({ on: 'append', kind: 'stored-late', ms: 2 * TIMEOUT_MS }),
  'append: stored a little late': plan({ on: 'append', kind: 'stored-late', ms: TIMEOUT_MS + 5 }),
  'append: no answer': plan({ on: 'append', kind: 'no-answer' }),
  'append: half closed, stored': plan({ on: 'append', kind: 'half-close', stored: true }),
  'append: half closed': plan({ on: 'append', kind: 'half-close', stored: false }),
  'append: reset, stored': plan({ on: 'append', kind: 'reset', stored: true }),
  'append: reset': plan({ on: 'append', kind: 'reset', stored: false }),
  'append: timed out, stored': plan({ on: 'append', kind: 'timed-out', stored: true }),
  'append: timed out': plan({ on: 'append', kind: 'timed-out', stored: false }),
  'append: unavailable, stored': plan({ on: 'append', kind: 'unavailable', stored: true }),
  'append: unavailable': plan({ on: 'append', kind: 'unavailable', stored: false }),
  'append: not ready': plan({ on: 'append', kind: 'not-ready' }),
  'append: no leader': plan({ on: 'append', kind: 'no-leader' }),
  'append: not leader': (server) => {
    const { port } = server;
    server.misbehave({ on: 'append', kind: 'not-leader', host: '127.0.0.1', port });
  },
  'read: no answer': plan({ on: 'read', kind: 'no-answer' }),
  'read: slow': plan({ on: 'read', kind: 'slow', ms: 5 }),
  'read: no leader': plan({ on: 'read', kind: 'no-leader', times: 2 }),
  // Not one that ends in peace: that is the whole of it to whoever reads.
  'read: reset': plan({ on: 'read', kind: 'cut', after: 1, how: 'reset', times: 2 }),
  'read: timed out': plan({ on: 'read', kind: 'cut', after: 1, how: 'timed-out', times: 2 }),
  'subscription: no answer': anew({ on: 'subscription', kind: 'no-answer' }),
  'subscription: repeated': anew({ on: 'subscription', kind: 'repeated', events: 5 }),
  'subscription: slow': anew({ on: 'subscription', kind: 'slow', ms: 5 }),
  'subscription: no leader': anew({ on: 'subscription', kind: 'no-leader' }),
  'subscription: ended': anew({ on: 'subscription', kind: 'cut', after: 2, how: 'end' }),
  'subscription: reset': anew({ on: 'subscription', kind: 'cut', after: 2, how: 'reset' }),
  'subscription: too slow': (server) => void server.dropSubscriptions('too-slow'),
  'connections cut': (server) => {
    server.killConnections();
  },
};

/** A clock that is set back now and then, by less than a store looks back for. */
function unsteadyClock(): () => number {
  let looked = 0;
  let time = 1_000_000;
  return () => {
    looked += 1;
    time += looked % 23 === 0 ? -((looked * 7919) % 900) : looked % 50;
    return time;
  };
}

/** An append that was answered. */
type Answered = Readonly<{
  stream: string;
  expected: ExpectedRevision;
  events: readonly NewEvent[];
  result: AppendResult;
}>;

describe('EventStoreDB where anything may go wrong at any time', () => {
  const { server, store, open } = withStore(
    { appendTimeoutMs: TIMEOUT_MS, readTimeoutMs: 500, probeMs: 50 },
    { liveBuffer: 64, now: unsteadyClock() },
  );

  it('what was answered is so, in order, once, and is seen by everybody', async function () {
    this.timeout(120_000);
    const stores = [store(), await open(), await open({ readonly: true })];
    const writers = stores.slice(0, 2);
    const troubles = fc.array(fc.constantFrom(...Object.keys(TROUBLES)), {
      minLength: 5,
      maxLength: 15,
    });
    const appends = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3 })), {
      minLength: 5,
      maxLength: 10,
    });
    const lanes = fc.array(appends, { minLength: 3, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(troubles, lanes, async (wrong, work) => {
        const start = await patiently(() => store().head());
        const followers = stores.map((one) => new Follower(one, start));
        const shared = [newStream(), newStream()];
        const total = work.reduce((sum, lane) => sum + lane.length, 0);
        const due = [...wrong];
        let calls = 0;
        const before = () => {
          calls += 1;
          // Spread over all the appends.
          while (due.length > 0 && wrong.length - due.length < (calls * wrong.length) / total) {
            TROUBLES[due.shift() ?? '']?.(server());
          }
        };
        const answered = await Promise.all(
          work.map((lane, index) => {
            const writer = writers[index % writers.length] ?? store();
            const streams = [...shared, newStream()];
            return write(
              writer,
              lane.map(([at, n]) => [streams[at] ?? '', n]),
              before,
            );
          }),
        );
        const log = await patiently(() => readAfter(store(), start, 100));
        expectInOrder(log);
        expectAnswers(log, answered.flat());
        for (const follower of followers) {
          expect(await follower.until(log.at(-1)?.position ?? start)).to.eql(log);
        }
      }),
      { numRuns: 20 },
    );
  });
});

/** Appends one after the other to streams where others may append as well. */
async function write(
  store: EventStore,
  appends: readonly (readonly [stream: string, events: number])[],
  before: () => void,
): Promise<readonly Answered[]> {
  const ends = new Map<string, ExpectedRevision>();
  const answered: Answered[] = [];
  for (const [stream, count] of appends) {
    const expected = ends.get(stream) ?? 'no-stream';
    const events = Array.from({ length: count }, () => event());
    before();
    const result = await patiently(() => store.append(stream, expected, events));
    ends.set(stream, result.kind === 'appended' ? result.revision : result.actual);
    answered.push({ stream, expected, events, result });
  }
  return answered;
}

/** Until the store can: who is told that it cannot may ask the same again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await nextTurn();
    }
  }
}

function expectAnswers(log: readonly RecordedEvent[], answered: readonly Answered[]): void {
  const streams = new Map<string, RecordedEvent[]>();
  for (const one of log) {
    const there = streams.get(one.stream) ?? [];
    expect(one.revision).to.equal(BigInt(there.length));
    streams.set(one.stream, [...there, one]);
  }
  const kept: NewEvent[] = [];
  for (const { stream, expected, events, result } of answered) {
    const there = streams.get(stream) ?? [];
    const first = expected === 'no-stream' ? 0 : Number(expected) + 1;
    if (result.kind === 'conflict') {
      expect(there[first]?.eventId, 'a conflict with itself').not.to.equal(events[0]?.eventId);
      expect(result.actual).not.to.equal(expected);
      continue;
    }
    const stored = there.slice(first, first + events.length);
    expect(stored.map(given)).to.eql(events);
    const { revision, position, recordedAt } = result;
    expect(stored.at(-1)).to.include({ revision, position, recordedAt });
    kept.push(...events);
  }
  const ids = (events: readonly NewEvent[]) => events.map(({ eventId }) => eventId).sort();
  expect(ids(log)).to.eql(ids(kept));
}

/** Who follows the log from a position on. */
class Follower {
  readonly #seen: RecordedEvent[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #target: bigint | undefined;

  constructor(store: EventStore, after: bigint) {
    this.#done = this.#follow(store, after);
  }

  /** All that it saw up to a position. */
  async until(position: bigint): Promise<readonly RecordedEvent[]> {
    this.#target = position;
    this.#leaveWhenThere();
    await this.#done;
    return this.#seen;
  }

  async #follow(store: EventStore, after: bigint): Promise<void> {
    for await (const batch of store.subscribe(after, this.#stop.signal)) {
      this.#seen.push(...batch);
      this.#leaveWhenThere();
    }
  }

  #leaveWhenThere(): void {
    const last = this.#seen.at(-1)?.position ?? 0n;
    if (this.#target !== undefined && last >= this.#target) this.#stop.abort();
  }
}

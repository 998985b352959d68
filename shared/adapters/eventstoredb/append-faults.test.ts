import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { StoreUnavailable } from '../../ports/event-store.js';
import {
  all,
  appended,
  conflict,
  event,
  given,
  newStream,
  rejection,
} from '../../testing/event-samples.js';
import type { Misbehaviour } from '../../testing/eventstoredb/misbehaviour.js';
import { startProtocolServer } from '../../testing/eventstoredb/protocol-server.js';
import { withParts } from '../../testing/eventstoredb/with-parts.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';
import { Appends } from './appends.js';
import { Silence } from './faults.js';
import { Feed } from './feed.js';
import type { AppendAnswer } from './wire.js';

/** Short, because the tests wait for it. */
const TIMEOUT_MS = 300;

describe('answers to appends to EventStoreDB', () => {
  const { server, store } = withStore();

  /** Appends where each sending is answered like this, and the ones after them cannot be sent. */
  async function appendOnce(
    answers: readonly AppendAnswer[],
    stream = newStream(),
    events = [event()],
  ): Promise<unknown> {
    const left = [...answers];
    const append = () => {
      const next = left.shift();
      return next === undefined ? Promise.reject(new Silence('anybody', 1)) : Promise.resolve(next);
    };
    const onNotice = () => undefined;
    return withParts(server().url, (parts) => {
      const feed = new Feed({ ...parts, onNotice, probeMs: 1000 });
      const appends = new Appends({ ...parts, calls: { append }, feed, server: 'there', onNotice });
      return appends.append(stream, 'no-stream', events).catch((failure: unknown) => failure);
    });
  }

  it('do not say of an append that it was not sent when it was sent before', async () => {
    const notSent = await appendOnce([]);
    expect(notSent).to.be.instanceOf(StoreUnavailable);
    expect(String(notSent)).to.contain('cannot be reached');
    const sentOnce = await appendOnce([{ kind: 'unknown', reason: 'the call ended' }]);
    expect(sentOnce).to.be.instanceOf(StoreUnavailable);
    expect(String(sentOnce)).to.contain('is not known');
  });

  it('do not say that it is stored because the server says so', async () => {
    const lie = await appendOnce([{ kind: 'appended', revision: 0n, position: 999n }]);
    expect(lie).to.be.instanceOf(StoreUnavailable);
    expect(String(lie)).to.contain('not there');
  });

  it('tell where it is stored, also where the server does not', async () => {
    const [stream, events] = [newStream(), [event(), event()]];
    const stored = await store().append(stream, 'no-stream', events);
    // A position that is none.
    const nowhere = { kind: 'appended', revision: 1n, position: 2n ** 64n - 1n } as const;
    expect(await appendOnce([nowhere], stream, events)).to.eql(stored);
  });
});

describe('appends to EventStoreDB that go wrong', () => {
  const { server, store, notices, open } = withStore({ appendTimeoutMs: TIMEOUT_MS });

  /** Appends once while the server does this, and says how often it was sent. */
  async function appendDespite(fault: Misbehaviour) {
    const stream = newStream();
    const events = [event(), event()];
    const before = server().calls('append');
    server().misbehave(fault);
    const result = await store().append(stream, 'no-stream', events);
    return { stream, events, result, sent: server().calls('append') - before };
  }

  const stored: readonly Misbehaviour[] = [
    { on: 'append', kind: 'lost-answer' },
    { on: 'append', kind: 'late-answer', ms: 2 * TIMEOUT_MS },
    { on: 'append', kind: 'half-close', stored: true },
    { on: 'append', kind: 'reset', stored: true },
    { on: 'append', kind: 'timed-out', stored: true },
    { on: 'append', kind: 'unavailable', stored: true },
  ];
  for (const fault of stored) {
    it(`finds an append that was stored, and does not send it again: ${fault.kind}`, async () => {
      const { stream, events, result, sent } = await appendDespite(fault);
      const there = await all(store(), stream);
      expect(there.map(given)).to.eql(events);
      const { revision, position, recordedAt } = appended(result);
      expect(there.at(-1)).to.include({ revision, position, recordedAt });
      expect(sent).to.equal(1);
      expect(notices().all.map(({ kind }) => kind)).to.include('outcome-unknown');
    });
  }

  it('stores an append once that arrives when it was sent again already', async () => {
    const fault = { on: 'append', kind: 'stored-late', ms: 2 * TIMEOUT_MS } as const;
    const { stream, events, result } = await appendDespite(fault);
    expect(appended(result).revision).to.equal(1n);
    // Until the late one has arrived as well.
    server().misbehave(fault);
    await store().append(newStream(), 'no-stream', [event()]);
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });

  const notStored: readonly Misbehaviour[] = [
    { on: 'append', kind: 'no-answer' },
    { on: 'append', kind: 'half-close', stored: false },
    { on: 'append', kind: 'reset', stored: false },
    { on: 'append', kind: 'timed-out', stored: false },
    { on: 'append', kind: 'unavailable', stored: false },
    { on: 'append', kind: 'not-ready' },
    { on: 'append', kind: 'no-leader' },
  ];
  for (const fault of notStored) {
    it(`sends an append again that was not stored: ${fault.kind}`, async () => {
      const { stream, events, result, sent } = await appendDespite(fault);
      expect(appended(result).revision).to.equal(1n);
      expect((await all(store(), stream)).map(given)).to.eql(events);
      expect(sent).to.equal(2);
    });
  }

  it('follows the server to the leader', async () => {
    const { port } = server();
    const fault = { on: 'append', kind: 'not-leader', host: '127.0.0.1', port } as const;
    const { stream, events } = await appendDespite(fault);
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });

  it('leaves a node that knows no leader', async () => {
    const lost = await startProtocolServer();
    try {
      const faults = [
        lost.misbehave({ on: 'append', kind: 'no-leader', times: Infinity }),
        lost.misbehave({ on: 'read', kind: 'no-leader', times: Infinity }),
      ];
      const { port } = lost;
      const fault = { on: 'append', kind: 'not-leader', host: '127.0.0.1', port } as const;
      const { stream, events } = await appendDespite(fault);
      expect((await all(store(), stream)).map(given)).to.eql(events);
      for (const plan of faults) plan.end();
    } finally {
      await lost.stop();
    }
  });

  it('answers with a conflict where only a part was stored', async () => {
    const { stream, events, result } = await appendDespite({
      on: 'append',
      kind: 'partly-stored',
      events: 1,
    });
    expect(result).to.eql(conflict(0n));
    expect((await all(store(), stream)).map(given)).to.eql(events.slice(0, 1));
  });

  it('sees that somebody else was first while the outcome was unknown', async () => {
    const stream = newStream();
    const other = await open();
    const { met } = server().misbehave({ on: 'append', kind: 'no-answer' });
    const mine = store().append(stream, 'no-stream', [event()]);
    await met;
    await other.append(stream, 'no-stream', [event(), event(), event()]);
    expect(await mine).to.eql(conflict(2n));
  });

  it('gives up in the end, and knows the append when it is sent once more', async () => {
    const stream = newStream();
    const events = [event()];
    const plan = server().misbehave({ on: 'append', kind: 'no-answer', times: 3 });
    const given_up = await rejection(store().append(stream, 'no-stream', events));
    expect(given_up).to.be.instanceOf(StoreUnavailable);
    expect(String(given_up)).to.contain('is not known');
    plan.end();
    server().misbehave({ on: 'append', kind: 'lost-answer' });
    const first = await store().append(stream, 'no-stream', events);
    expect(await store().append(stream, 'no-stream', events)).to.eql(first);
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });

  for (const kind of ['lost-answer', 'no-answer'] as const) {
    it(`is looked up, but not sent again when the store is being closed: ${kind}`, async () => {
      const stream = newStream();
      const before = server().calls('append');
      const { met } = server().misbehave({ on: 'append', kind });
      const ended = store()
        .append(stream, 'no-stream', [event()])
        .catch((failure: unknown) => failure);
      await met;
      await store().close();
      if (kind === 'no-answer') expect(await ended).to.be.instanceOf(StoreUnavailable);
      else expect(await ended).to.include({ kind: 'appended', revision: 0n });
      expect(server().calls('append') - before).to.equal(1);
    });
  }

  it('says that a server is too old', async () => {
    server().misbehave({ on: 'append', kind: 'unimplemented', times: 3 });
    const refusal = await rejection(store().append(newStream(), 'no-stream', [event()]));
    expect(refusal).to.be.instanceOf(StoreUnavailable);
    expect(String(refusal)).to.contain('BatchAppend');
  });

  it('says nothing of a late answer to later appends', async () => {
    server().misbehave({ on: 'append', kind: 'late-answer', ms: 2 * TIMEOUT_MS });
    const stream = newStream();
    const late = store().append(stream, 'no-stream', [event()]);
    const others = Array.from({ length: 50 }, () => newStream());
    await Promise.all(others.map((one) => store().append(one, 'no-stream', [event()])));
    expect(appended(await late).revision).to.equal(0n);
    for (let revision = 0n; revision < 50n; revision += 1n) {
      const next = await store().append(stream, revision, [event()]);
      expect(appended(next).revision).to.equal(revision + 1n);
    }
  });

  it('never loses or doubles an append, whatever goes wrong', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...stored, ...notStored, undefined)),
        async (faults) => {
          const stream = newStream();
          const kept = [];
          for (const fault of faults.slice(0, 6)) {
            const plan = fault === undefined ? undefined : server().misbehave(fault);
            const one = event();
            const expected = kept.length === 0 ? 'no-stream' : BigInt(kept.length - 1);
            const result = await store().append(stream, expected, [one]);
            plan?.end();
            expect(appended(result).revision).to.equal(BigInt(kept.length));
            kept.push(one);
          }
          expect((await all(store(), stream)).map(given)).to.eql(kept);
        },
      ),
      { numRuns: 15 },
    );
  });
});

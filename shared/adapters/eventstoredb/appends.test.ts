import { expect } from 'chai';
import { describe, it } from 'mocha';
import { AppendTooLarge } from '../../ports/event-store.js';
import { all, appended, event, given, newStream, rejection } from '../../testing/event-samples.js';
import { startProtocolServer } from '../../testing/eventstoredb/protocol-server.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';

describe('appends to EventStoreDB', () => {
  const { server, client, store, notices, open } = withStore();

  it('keeps appends to one stream in the order they were made', async () => {
    const fresh = await open();
    const stream = newStream();
    const events = Array.from({ length: 20 }, () => event());
    const results = await Promise.all(
      events.map((one, index) =>
        fresh.append(stream, index === 0 ? 'no-stream' : BigInt(index - 1), [one]),
      ),
    );
    for (const [index, result] of results.entries()) {
      expect(appended(result).revision).to.equal(BigInt(index));
    }
    expect((await all(store(), stream)).map(given)).to.eql(events);
  });

  it('does not let the fault of one server reach appends to another', async () => {
    const neighbour = await startProtocolServer();
    try {
      const beside = await open({ url: neighbour.url });
      const { met } = server().misbehave({ on: 'append', kind: 'late-answer', ms: 100 });
      const stream = newStream();
      const mine = store().append(stream, 'no-stream', [event()]);
      await met;
      neighbour.misbehave({ on: 'append', kind: 'reset', stored: false });
      await beside.append(newStream(), 'no-stream', [event()]);
      expect(appended(await mine).revision).to.equal(0n);
      expect(notices().all.some((one) => 'stream' in one && one.stream === stream)).to.equal(false);
      await beside.close();
    } finally {
      await neighbour.stop();
    }
  });

  it('stores each of many appends once, of which the connection breaks in the middle', async () => {
    const appends = Array.from({ length: 200 }, () => ({ stream: newStream(), one: event() }));
    const { met } = server().misbehave({ on: 'append', kind: 'late-answer', ms: 1 });
    const all_ = appends.map(({ stream, one }) => store().append(stream, 'no-stream', [one]));
    await met;
    server().killConnections();
    await Promise.all(all_);
    for (const { stream, one } of appends) {
      expect((await all(store(), stream)).map(given)).to.eql([one]);
    }
  });

  it('tells when the ids of an append are those of another one', async () => {
    const stream = newStream();
    const first = event({ data: '{"decided":"yes"}' });
    await store().append(stream, 'no-stream', [first]);
    expect(notices().all).to.eql([]);
    await store().append(stream, 'no-stream', [{ ...first, data: '{"decided":"no"}' }]);
    const notice = { kind: 'other-content-under-known-id', stream, revision: 0n };
    expect(notices().all).to.eql([notice]);

    // The same, found by looking up what became of it.
    server().misbehave({ on: 'append', kind: 'half-close', stored: true });
    await store().append(stream, 'no-stream', [{ ...first, metadata: '{"by":"other"}' }]);
    expect(notices().all.filter(({ kind }) => kind === notice.kind)).to.eql([notice, notice]);
  });

  it('takes events of others for no part of an append that was stored in pieces', async () => {
    const stream = newStream();
    const [one, two] = [event(), event()];
    await store().append(stream, 'no-stream', [one]);
    await store().append(newStream(), 'no-stream', [event()]);
    const last = await store().append(stream, 0n, [two]);
    // The server knows them by their revisions; beside each other in the log they are not.
    expect(await store().append(stream, 'no-stream', [one, two])).to.eql(last);
    expect(notices().all).to.eql([]);
  });

  it('tells what the server finds too large as the port has it', async () => {
    // The server counts two bytes for each character of a type.
    const refusal = await rejection(
      store().append(newStream(), 'no-stream', [event({ type: 'T'.repeat(600_000) })]),
    );
    expect(refusal).to.be.instanceOf(AppendTooLarge);
  });

  it('refuses names that are the server’s own, and what is no event', async () => {
    const bad = [
      store().append('$settings', 'no-stream', [event()]),
      store().append('', 'no-stream', [event()]),
      store().append('x', 'no-stream', []),
      store().append('x', -1n, [event()]),
      store().append('x', 'no-stream', [event({ type: '$>' })]),
      store().append('x', 'no-stream', [event({ eventId: 'no uuid' })]),
      store().append('x', 'no-stream', [event({ data: '"\ud800"' })]),
    ];
    for (const append of bad) expect(await rejection(append)).to.be.instanceOf(Error);
    expect(await store().head()).to.equal(0n);
  });

  it('notices that a stream was deleted before', async () => {
    const [soft, hard] = [newStream(), newStream()];
    for (const stream of [soft, hard]) await store().append(stream, 'no-stream', [event()]);
    await client().deleteStream(soft);
    await client().tombstoneStream(hard);
    for (const stream of [soft, hard]) {
      const refusal = await rejection(store().append(stream, 'no-stream', [event()]));
      expect(String(refusal)).to.contain('deleted');
    }
    await notices().has(({ kind }) => kind === 'stream-truncated');
  });
});

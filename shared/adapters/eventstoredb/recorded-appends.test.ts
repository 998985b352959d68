import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { EventStore, NewEvent, RecordedEvent } from '../../ports/event-store.js';
import {
  all,
  appended,
  conflict,
  event,
  expectInOrder,
  given,
  newStream,
  readAfter,
  rejection,
} from '../../testing/event-samples.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';
import { readKeptTime, withKeptTime } from './kept-time.js';

const NOW = 1_000_000;

describe('events of another log in EventStoreDB', () => {
  const { server, client, store, notices, open } = withStore({}, { now: () => NOW });

  const at = (recordedAt: number, one: NewEvent = event()) => ({ ...one, recordedAt });

  async function firstLive(from: EventStore, after: bigint): Promise<RecordedEvent | undefined> {
    for await (const batch of from.subscribe(after, new AbortController().signal)) return batch[0];
    return undefined;
  }

  it('keep the times they have there, however they are read', async () => {
    const [one, two] = [newStream(), newStream()];
    const [a, b, c, d, e, f] = [at(1), at(1), at(70), at(5000), at(5000), at(400_000)];
    const events = [a, b, c, d, e, f];
    const results = [
      await store().appendRecorded(one, 'no-stream', [a, b]),
      await store().appendRecorded(two, 'no-stream', [c]),
      await store().appendRecorded(one, 1n, [d, e]),
      await store().appendRecorded(two, 0n, [f]),
    ].map(appended);
    expect(results.map(({ recordedAt }) => recordedAt)).to.eql([1, 70, 5000, 400_000]);

    const fresh = await open({ readonly: true });
    for (const reader of [store(), fresh]) {
      const log = await readAfter(reader, 0n, 2);
      expectInOrder(log);
      expect(log.map((stored) => at(stored.recordedAt, given(stored)))).to.eql(events);
      const positions = log.map(({ position }) => position);
      expect(await reader.readAt(positions)).to.eql(log);
      const streams = [...(await all(reader, one)), ...(await all(reader, two))];
      expect(streams).to.have.deep.members(log);
      for (const [index, position] of positions.slice(0, -1).entries()) {
        expect(await readAfter(reader, position, 10)).to.eql(log.slice(index + 1));
        expect(await firstLive(reader, position)).to.eql(log[index + 1]);
      }
    }
    // From then on the server's clock counts again.
    const next = appended(await store().append(newStream(), 'no-stream', [event()]));
    expect(next.recordedAt).to.equal(NOW);
  });

  it('are stored once, however often they are sent', async () => {
    const stream = newStream();
    const events = [at(10), at(20)];
    const first = await store().appendRecorded(stream, 'no-stream', events);
    await store().appendRecorded(newStream(), 'no-stream', [at(900)]);
    for (const reader of [store(), await open()]) {
      expect(await reader.appendRecorded(stream, 'no-stream', events)).to.eql(first);
      const rival = await reader.appendRecorded(stream, 'no-stream', [at(10)]);
      expect(rival).to.eql(conflict(1n));
    }
    for (const [index, fault] of (['half-close', 'reset', 'unavailable'] as const).entries()) {
      server().misbehave({ on: 'append', kind: fault, stored: true });
      const next = at(1000 + index);
      const result = await store().appendRecorded(stream, BigInt(index + 1), [next]);
      expect(appended(result)).to.include({ recordedAt: next.recordedAt });
    }
    expect(await all(store(), stream)).to.have.length(5);
    expect(notices().all.filter(({ kind }) => kind === 'other-content-under-known-id')).to.eql([]);
  });

  it('are refused where they would not be in order of time', async () => {
    await store().appendRecorded(newStream(), 'no-stream', [at(500)]);
    const later = await open();
    for (const writer of [store(), later]) {
      for (const times of [[499], [499, 501], [600, 599], [1.5], [-1], [2 ** 53], [NaN]]) {
        const stream = newStream();
        const events = times.map((time) => at(time));
        const refusal = await rejection(writer.appendRecorded(stream, 'no-stream', events));
        expect(refusal).to.be.instanceOf(RangeError);
        expect(await all(store(), stream)).to.eql([]);
      }
    }
    await store().append(newStream(), 'no-stream', [event()]);
    const old = await rejection(store().appendRecorded(newStream(), 'no-stream', [at(NOW - 1)]));
    expect(old).to.be.instanceOf(RangeError);
  });

  it('leave the metadata as it was given, whatever it looks like', async () => {
    const odd = [
      '{"$recordedAt":5,"metadata":{}}',
      '{"$recordedAt":null,"metadata":1}',
      '{"$recordedAt": 1}',
    ];
    const stream = newStream();
    const events = odd.map((metadata) => event({ metadata }));
    const result = appended(await store().append(stream, 'no-stream', events));
    expect(result.recordedAt).to.equal(NOW);
    const copies = events.map((one) => at(NOW, one));
    await store().appendRecorded(stream, 2n, copies);
    const stored = await all(store(), stream);
    expect(stored.map(given)).to.eql([...events, ...events]);
    for (const { recordedAt } of stored) expect(recordedAt).to.equal(NOW);
    // The server still has JSON, for whoever else reads it.
    for await (const { event: raw } of client().readStream(stream)) {
      if (raw?.metadata !== undefined) expect(raw.metadata).to.be.an('object');
    }
  });

  it('carry any time around any text', () => {
    const kept = fc.option(fc.maxSafeNat(), { nil: undefined });
    const text = fc.oneof(fc.json(), fc.string(), fc.constant('{"$recordedAt":'));
    fc.assert(
      fc.property(text, kept, kept, (metadata, one, other) => {
        const once = withKeptTime(metadata, one);
        expect(readKeptTime(once)).to.eql({ metadata, keptTime: one });
        expect(readKeptTime(withKeptTime(once, other))).to.eql({ metadata: once, keptTime: other });
      }),
    );
  });
});

import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { event, failureOf, asRecord, idsOf, positionOf, withServer } from './with-server.js';

/** The same rules hold on both ways to append; which one is taken the server's features decide. */
for (const way of ['BatchAppend', 'Append'] as const) {
  describe(`protocol server: appending by ${way}`, () => {
    const { server, client } = withServer({}, (one) => {
      if (way === 'Append') one.misbehave({ on: 'features', kind: 'without-batch' });
    });
    const append = (
      stream: string,
      expectedRevision: bigint | 'no_stream' | 'any' | 'stream_exists',
      events: readonly ReturnType<typeof event>[],
    ) => client().appendToStream(stream, [...events], { expectedRevision });
    const idsIn = (stream: string) => idsOf(client().readStream(stream));

    /** It was refused, and the stream was said to end there. */
    async function expectConflict(
      appended: Promise<unknown>,
      actual: bigint | 'no_stream',
      expected: unknown,
    ): Promise<void> {
      const { type, error } = await failureOf(appended);
      expect(type).to.equal('wrong-expected-version');
      expect(asRecord(error)).to.include({ actualVersion: actual, expectedVersion: expected });
    }

    it('answers with the revision and the position of the last event', async () => {
      const answered = await append('s', 'no_stream', [event(), event(), event()]);
      expect(answered.success).to.equal(true);
      expect(answered.nextExpectedRevision).to.equal(2n);
      const positions: bigint[] = [];
      for await (const { event: read, commitPosition } of client().readStream('s')) {
        expect(read?.position).to.eql({ commit: commitPosition, prepare: commitPosition });
        positions.push(commitPosition ?? -1n);
      }
      expect(answered.position).to.eql({ commit: positions[2], prepare: positions[2] });
      expect(new Set(positions).size).to.equal(3);
      expect(server().calls('append')).to.equal(1);
    });

    it('1: knows the same event at the same expected revision again, also later', async () => {
      const [one, two] = [event(), event()];
      const first = await append('s', 'no_stream', [one]);
      await append('s', 0n, [two, event()]);
      expect(await append('s', 'no_stream', [one])).to.eql(first);
      expect((await append('s', 0n, [two])).nextExpectedRevision).to.equal(1n);
      expect(await idsIn('s')).to.have.length(3);
    });

    it('2: stores the same event a second time at a fresh expected revision', async () => {
      const one = event();
      await append('s', 'no_stream', [one]);
      expect((await append('s', 0n, [one])).nextExpectedRevision).to.equal(1n);
      expect(await idsIn('s')).to.eql([one.id, one.id]);
    });

    it('3: drops other data under a known id, and says that all went well', async () => {
      const id = randomUUID();
      const first = await append('s', 'no_stream', [event('the first', id)]);
      expect(await append('s', 'no_stream', [event('another', id)])).to.eql(first);
      const contents: unknown[] = [];
      for await (const { event: read } of client().readStream('s')) contents.push(read?.data);
      expect(contents).to.eql([{ content: '"the first"' }]);
    });

    it('4 and 5: knows several events again, and their beginning, but nothing else', async () => {
      const [x, y, z] = [event(), event(), event()];
      await append('s', 'no_stream', [x, y]);
      expect((await append('s', 'no_stream', [x, y])).nextExpectedRevision).to.equal(1n);
      expect((await append('s', 'no_stream', [x])).nextExpectedRevision).to.equal(0n);
      await expectConflict(append('s', 'no_stream', [x, y, z]), 1n, 'no_stream');
      await expectConflict(append('s', 'no_stream', [y, x]), 1n, 'no_stream');
      expect(await idsIn('s')).to.eql([x.id, y.id]);
    });

    it('6 and 7: stores one id twice in one append, and in two streams', async () => {
      const one = event();
      await append('s', 'no_stream', [one, one]);
      await append('t', 'no_stream', [one]);
      expect(await idsIn('s')).to.eql([one.id, one.id]);
      expect(await idsIn('t')).to.eql([one.id]);
    });

    it('8: takes at most 1 MiB in one append, and then nothing of it', async () => {
      const large = event('x'.repeat(1024 * 1024));
      const { type, error } = await failureOf(append('s', 'any', [large]));
      expect(type).to.equal('maximum-append-size-exceeded');
      expect(asRecord(error)['maxAppendSize']).to.equal(1024 * 1024);
      const many = Array.from({ length: 5_000 }, () => event('x'.repeat(300)));
      expect((await failureOf(append('s', 'any', many))).type).to.equal(
        'maximum-append-size-exceeded',
      );
      expect((await failureOf(idsIn('s'))).type).to.equal('stream-not-found');
      const fitting = Array.from({ length: 1_000 }, () => event('x'.repeat(250)));
      expect((await append('s', 'any', fitting)).nextExpectedRevision).to.equal(999n);
    });

    it('refuses what does not meet the expected revision', async () => {
      await expectConflict(append('s', 3n, [event()]), 'no_stream', 3n);
      await expectConflict(append('s', 'stream_exists', [event()]), 'no_stream', 'stream_exists');
      await append('s', 'any', [event(), event()]);
      await expectConflict(append('s', 'no_stream', [event()]), 1n, 'no_stream');
      await expectConflict(append('s', 0n, [event()]), 1n, 0n);
      await expectConflict(append('s', 2n, [event()]), 1n, 2n);
    });

    it('with any revision knows an event again by its id alone', async () => {
      const [one, two] = [event(), event()];
      await append('s', 'any', [one]);
      await append('s', 'any', [event()]);
      expect((await append('s', 'any', [one])).nextExpectedRevision).to.equal(0n);
      await expectConflict(append('s', 'stream_exists', [one, two]), 1n, 'stream_exists');
      expect((await append('s', 'stream_exists', [two])).nextExpectedRevision).to.equal(2n);
    });

    it('9: lets a soft deleted stream go on after its deleted events', async () => {
      const [old, fresh] = [event(), event()];
      await append('s', 'no_stream', [old, event()]);
      await client().deleteStream('s', { expectedRevision: 1n });
      expect((await failureOf(idsIn('s'))).type).to.equal('stream-not-found');
      expect((await append('s', 'no_stream', [fresh])).nextExpectedRevision).to.equal(2n);
      expect(await idsIn('s')).to.eql([fresh.id]);
      expect(await idsOf(client().readAll())).to.include(old.id);
      await client().deleteStream('s');
      expect((await append('s', 2n, [event()])).nextExpectedRevision).to.equal(3n);
    });

    it('refuses everything in a tombstoned stream', async () => {
      const appended = await append('s', 'no_stream', [event()]);
      const { position } = await client().tombstoneStream('s', { expectedRevision: 0n });
      expect(position?.commit).to.satisfy((at: bigint) => at > positionOf(appended));
      expect((await failureOf(append('s', 0n, [event()]))).type).to.equal('stream-deleted');
      expect((await failureOf(idsIn('s'))).type).to.equal('stream-deleted');
      expect((await failureOf(client().deleteStream('s'))).type).to.equal('stream-deleted');
    });
  });
}

describe('protocol server: removing a stream', () => {
  const { client } = withServer();

  it('refuses at another revision than the expected one', async () => {
    await client().appendToStream('s', [event(), event()]);
    for (const removed of [
      client().deleteStream('s', { expectedRevision: 0n }),
      client().tombstoneStream('s', { expectedRevision: 0n }),
    ]) {
      const { type, error } = await failureOf(removed);
      expect(type).to.equal('wrong-expected-version');
      expect(asRecord(error)).to.include({ actualVersion: 1n, expectedVersion: 0n });
    }
  });

  it('keeps metadata, and hides what it says', async () => {
    const events = Array.from({ length: 5 }, () => event());
    const ids = events.map(({ id }) => id);
    await client().appendToStream('s', events);
    expect((await client().getStreamMetadata('s')).metadata).to.equal(undefined);
    await client().setStreamMetadata('s', { maxCount: 2 });
    expect(await idsOf(client().readStream('s'))).to.eql(ids.slice(3));
    await client().setStreamMetadata('s', { truncateBefore: 1 });
    expect(await idsOf(client().readStream('s'))).to.eql(ids.slice(1));
    expect((await client().getStreamMetadata('s')).metadata).to.eql({ truncateBefore: 1 });
    expect(await idsOf(client().readAll())).to.eql(ids);
    await client().deleteStream('s');
    await client().setStreamMetadata('s', { note: 'opens it again, empty' });
    expect(await idsOf(client().readStream('s'))).to.eql([]);
  });
});

import { once } from 'node:events';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { errorOf, event, failureOf, idsOf, positionOf, there, withServer } from './with-server.js';

type Received = { event?: { id: string; type: string; position?: { commit: bigint } } };

const at = (position: bigint) => ({ commit: position, prepare: position });

describe('protocol server: reading', () => {
  let time = 1_700_000_000_123;
  const { client } = withServer({ now: () => time });
  const append = async (stream: string, count = 1) => {
    const events = Array.from({ length: count }, () => event());
    const appended = await client().appendToStream(stream, events);
    return { ids: events.map(({ id }) => id), position: positionOf(appended) };
  };

  it('gives an event as it was sent, with the time of the server', async () => {
    time = 1_700_000_000_456;
    const sent = { ...event('äöü 안녕'), metadata: { by: 'a test' } };
    const appended = await client().appendToStream('s-ü', sent);
    for await (const read of client().readStream('s-ü')) {
      expect(read).to.eql({
        event: {
          streamId: 's-ü',
          id: sent.id,
          revision: 0n,
          type: 'tested',
          data: sent.data,
          metadata: sent.metadata,
          isJson: true,
          created: new Date(1_700_000_000_456),
          position: appended.position,
        },
        commitPosition: appended.position?.commit,
      });
    }
  });

  it('11: has a system event first, and positions that grow and leave gaps', async () => {
    await append('s', 3);
    await append('t');
    const positions: bigint[] = [];
    const types: string[] = [];
    for await (const { event: read } of client().readAll()) {
      positions.push(there(read?.position).commit);
      types.push(read?.type ?? '');
    }
    expect(types[0]).to.match(/^\$/);
    const gaps = positions.slice(1).map((position, index) => position - (positions[index] ?? 0n));
    expect(gaps).to.have.length(4);
    expect(gaps.every((gap) => gap > 1n)).to.equal(true);
  });

  it('reads a stream from any revision in both directions', async () => {
    const { ids } = await append('s', 5);
    const read = async (options: Parameters<ReturnType<typeof client>['readStream']>[1]) =>
      (await idsOf(client().readStream('s', options))).map((id) => ids.indexOf(id));
    expect(await read({})).to.eql([0, 1, 2, 3, 4]);
    expect(await read({ fromRevision: 2n, maxCount: 2 })).to.eql([2, 3]);
    expect(await read({ direction: 'backwards', fromRevision: 'end' })).to.eql([4, 3, 2, 1, 0]);
    expect(await read({ direction: 'backwards', fromRevision: 3n, maxCount: 2 })).to.eql([3, 2]);
    expect(await read({ direction: 'backwards', fromRevision: 9n, maxCount: 1 })).to.eql([4]);
    expect(await read({ fromRevision: 5n })).to.eql([]);
    expect((await failureOf(idsOf(client().readStream('none')))).type).to.equal('stream-not-found');
  });

  it('12: reads everything from a position on, that event included', async () => {
    const { position } = await append('s', 3);
    const later = await append('t', 2);
    const from = await idsOf(client().readAll({ fromPosition: at(position) }));
    expect(from).to.have.length(3);
    expect(from.slice(1)).to.eql(later.ids);
    const back = { direction: 'backwards', fromPosition: 'end', maxCount: 2 } as const;
    expect(await idsOf(client().readAll(back))).to.eql([...later.ids].reverse());
    const before = { direction: 'backwards', fromPosition: at(position) } as const;
    expect(await idsOf(client().readAll(before))).to.have.length(2);
  });

  it('13: refuses to read from a number that is no position of an event', async () => {
    const { position } = await append('s');
    await append('s');
    const read = idsOf(client().readAll({ fromPosition: at(position + 1n) }));
    expect((await failureOf(read)).type).to.equal('unknown');
    expect(await idsOf(client().readAll({ fromPosition: at(position + 1_000_000n) }))).to.eql([]);
    const subscription = client().subscribeToAll({ fromPosition: at(position + 1n) });
    expect((await errorOf(subscription))['type']).to.equal('unknown');
  });

  it('reads thousands of events in order', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(...(await append(`s${i}`, 1_000)).ids);
    expect(await idsOf(client().readAll())).to.eql(ids);
  });
});

describe('protocol server: subscriptions', () => {
  const { client, server } = withServer({ liveBuffer: 64 });
  const append = async (stream: string, content = 'x') => {
    const one = event(content);
    const appended = await client().appendToStream(stream, one);
    return { id: one.id, position: positionOf(appended) };
  };

  /** Follows events until there are so many; the first say that it was confirmed. */
  async function take(
    subscription: AsyncIterable<{ event?: { id: string; type: string } }>,
    count: number,
  ): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { event: one } of subscription) {
      if (one === undefined || one.type.startsWith('$')) continue;
      ids.push(one.id);
      if (ids.length === count) break;
    }
    return ids;
  }

  it('12: begins after the position it is given, and goes on live', async () => {
    const [first, second] = [await append('s'), await append('t')];
    const subscription = client().subscribeToAll({ fromPosition: at(first.position) });
    const taken = take(subscription, 3);
    await once(subscription, 'caughtUp');
    const [third, fourth] = [await append('s'), await append('u')];
    expect(await taken).to.eql([second.id, third.id, fourth.id]);
  });

  it('begins after a revision of a stream, from its start, or at its end', async () => {
    await append('s');
    const [second] = [await append('s'), await append('t')];
    const after = client().subscribeToStream('s', { fromRevision: 0n });
    const fromEnd = client().subscribeToStream('s', { fromRevision: 'end' });
    const ofNone = client().subscribeToStream('none');
    const all = [take(after, 2), take(fromEnd, 1), take(ofNone, 1)];
    await Promise.all([after, fromEnd, ofNone].map((one) => once(one, 'caughtUp')));
    const [third, other] = [await append('s'), await append('none')];
    expect(await Promise.all(all)).to.eql([[second.id, third.id], [third.id], [other.id]]);
  });

  it('ends the subscription to a stream that is tombstoned', async () => {
    await append('s');
    const subscription = client().subscribeToStream('s');
    const failed = errorOf(subscription);
    subscription.resume();
    await once(subscription, 'caughtUp');
    await client().tombstoneStream('s');
    expect((await failed)['type']).to.equal('stream-deleted');
  });

  it('filters, and says how far it has come', async () => {
    const wanted: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const { id } = await append(i % 5 === 0 ? 'wanted-1' : 'other-1');
      if (i % 5 === 0) wanted.push(id);
    }
    const checkpoints: bigint[] = [];
    const subscription = client().subscribeToAll({
      filter: {
        filterOn: 'streamName',
        prefixes: ['wanted-'],
        maxSearchWindow: 3,
        checkpointInterval: 2,
        checkpointReached: async (_subscription, { commit }) => {
          checkpoints.push(commit);
        },
      },
    });
    expect(await take(subscription, 4)).to.eql(wanted);
    expect(checkpoints).to.have.length.greaterThan(1);
    expect(checkpoints.every((one, index) => one > (checkpoints[index - 1] ?? 0n))).to.equal(true);
    const byType = client().subscribeToAll({
      filter: {
        filterOn: 'eventType',
        regex: '^[^\\$].*',
        maxSearchWindow: 32,
        checkpointInterval: 1,
      },
    });
    const [first] = (await once(byType, 'data')) as [{ event?: { type: string } }];
    expect(first.event?.type).to.equal('tested');
  });

  it('14: drops a slow live subscriber, which loses nothing by resuming', async () => {
    const subscription = client().subscribeToAll();
    const failed = errorOf(subscription);
    const seen: Awaited<ReturnType<typeof append>>[] = [];
    const ids: string[] = [];
    subscription.on('data', ({ event: one }: Received) => {
      if (one?.type === 'tested') seen.push({ id: one.id, position: there(one.position).commit });
    });
    await once(subscription, 'caughtUp');
    subscription.pause();
    // Far more than the connection, both sides' queues and the limit hold together.
    for (let i = 0; i < 800; i += 1) ids.push((await append('s', 'x'.repeat(4096))).id);
    subscription.resume();
    const error = await failed;
    expect(error['code']).to.equal(10);
    expect(error['type']).to.equal('timeout');
    expect(error['message']).to.contain(
      'Consumer too slow to handle event while live. Client resubscription required.',
    );
    expect(seen).to.have.length.lessThan(800);
    const last = there(seen.at(-1));
    const again = client().subscribeToAll({ fromPosition: at(last.position) });
    const rest = await take(again, 800 - seen.length);
    expect([...seen.map(({ id }) => id), ...rest]).to.eql(ids);
    expect(server().calls('subscription')).to.equal(2);
  });
});

import { once } from 'node:events';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { startProtocolServer } from './protocol-server.js';
import {
  asRecord,
  errorOf,
  event,
  failureOf,
  idsOf,
  there,
  watch,
  withServer,
} from './with-server.js';

for (const way of ['BatchAppend', 'Append'] as const) {
  describe(`protocol server: ${way} goes wrong`, () => {
    const { server, client } = withServer({}, (one) => {
      // Also of every further connection of the client.
      if (way === 'Append') one.misbehave({ on: 'features', kind: 'without-batch', times: 9 });
    });
    const append = (stream: string, events = [event()]) =>
      client().appendToStream(stream, events, { expectedRevision: 'no_stream' });
    const stored = async () => (await idsOf(client().readAll())).length;

    it('stores, and never answers', async () => {
      const { met } = server().misbehave({ on: 'append', kind: 'lost-answer' });
      const state = watch(append('s'));
      await met;
      await append('t');
      expect(state()).to.equal('pending');
      expect(await stored()).to.equal(2);
    });

    it('stores, and answers late', async () => {
      const { met } = server().misbehave({ on: 'append', kind: 'late-answer', ms: 50 });
      const order: string[] = [];
      const one = event();
      const late = append('s', [one]).then((answered) => {
        order.push('late');
        return answered;
      });
      await met;
      await Promise.all([late, append('t').then(() => order.push('in time'))]);
      expect(order).to.eql(['in time', 'late']);
      expect(await append('s', [one])).to.eql(await late);
    });

    it('stores late, and what was sent meanwhile goes before it', async () => {
      const { met } = server().misbehave({ on: 'append', kind: 'stored-late', ms: 50 });
      const [one, two] = [event(), event()];
      const late = append('s', [one]);
      await met;
      await append('t', [two]);
      await late;
      expect(await idsOf(client().readAll())).to.eql([two.id, one.id]);
    });

    it('never answers, and stores nothing', async () => {
      const { met } = server().misbehave({ on: 'append', kind: 'no-answer' });
      const state = watch(append('s'));
      await met;
      await append('t');
      expect(state()).to.equal('pending');
      expect(await stored()).to.equal(1);
    });

    for (const isStored of [true, false]) {
      const what = isStored ? 'after' : 'before';

      it(`resets the connection ${what} it stored`, async () => {
        server().misbehave({ on: 'append', kind: 'reset', stored: isStored });
        const one = event();
        const { code } = await failureOf(append('s', [one]));
        expect(code).to.equal(14);
        expect(await stored()).to.equal(isStored ? 1 : 0);
        expect((await append('s', [one])).nextExpectedRevision).to.equal(0n);
        expect(await stored()).to.equal(1);
      });

      it(`fails as unavailable ${what} it stored`, async () => {
        server().misbehave({ on: 'append', kind: 'unavailable', stored: isStored });
        expect((await failureOf(append('s'))).type).to.equal('unavailable');
        expect(await stored()).to.equal(isStored ? 1 : 0);
      });

      it(`gives up waiting for itself ${what} it stored`, async () => {
        server().misbehave({ on: 'append', kind: 'timed-out', stored: isStored });
        const { type } = await failureOf(append('s'));
        expect(type).to.equal(way === 'Append' ? 'timeout' : 'deadline-exceeded');
        expect(await stored()).to.equal(isStored ? 1 : 0);
      });
    }

    it('stores a part, and calls it a wrong version', async () => {
      server().misbehave({ on: 'append', kind: 'partly-stored', events: 2 });
      const { type, error } = await failureOf(append('s', [event(), event(), event()]));
      expect(type).to.equal('wrong-expected-version');
      expect(asRecord(error)['actualVersion']).to.equal(1n);
      expect(await stored()).to.equal(2);
    });

    it('sends the client to the leader', async () => {
      const leader = await startProtocolServer();
      const { port } = leader;
      server().misbehave({ on: 'append', kind: 'not-leader', host: '127.0.0.1', port });
      if (way === 'Append') leader.misbehave({ on: 'features', kind: 'without-batch' });
      const { type, error } = await failureOf(append('s'));
      expect(type).to.equal('not-leader');
      expect(asRecord(error)['leader']).to.eql({ address: '127.0.0.1', port });
      await append('s');
      expect(server().calls('append')).to.equal(1);
      expect(leader.calls('append')).to.equal(1);
      await client().dispose();
      await leader.stop();
    });

    it('says that it is not ready', async () => {
      server().misbehave({ on: 'append', kind: 'not-ready' });
      const { type } = await failureOf(append('s'));
      // In a batch the client finds no words for it.
      expect(type).to.equal(way === 'Append' ? 'unavailable' : 'unknown');
      expect(await stored()).to.equal(0);
    });

    it('is not the leader and knows none', async () => {
      server().misbehave({ on: 'append', kind: 'no-leader' });
      const { type, error } = await failureOf(append('s'));
      expect(type).to.equal('unknown');
      expect(String(error)).to.contain('No leader');
      expect(await stored()).to.equal(0);
    });

    it('does not know the call', async () => {
      server().misbehave({ on: 'append', kind: 'unimplemented' });
      expect((await failureOf(append('s'))).code).to.equal(12);
    });

    it('goes wrong as often as it is told, or until it is told to stop', async () => {
      server().misbehave({ on: 'append', kind: 'timed-out', stored: false, times: 2 });
      await failureOf(append('s'));
      await failureOf(append('s'));
      const plan = server().misbehave({
        on: 'append',
        kind: 'timed-out',
        stored: false,
        times: Infinity,
      });
      for (let i = 0; i < 5; i += 1) await failureOf(append('s'));
      plan.end();
      expect((await append('s')).success).to.equal(true);
      expect(server().calls('append')).to.equal(8);
    });
  });
}

describe('protocol server: a call that is half closed', () => {
  const { server, client } = withServer();

  for (const stored of [true, false]) {
    it(`leaves an append ${stored ? 'that was stored' : 'and the next one'} waiting for ever`, async () => {
      const { met } = server().misbehave({ on: 'append', kind: 'half-close', stored });
      const first = watch(client().appendToStream('s', event()));
      await met;
      const second = watch(client().appendToStream('t', event()));
      expect(await idsOf(client().readAll())).to.have.length(stored ? 1 : 0);
      expect([first(), second()]).to.eql(['pending', 'pending']);
    });
  }

  it('fails an append that has a call of its own', async () => {
    server().misbehave({ on: 'features', kind: 'without-batch' });
    server().misbehave({ on: 'append', kind: 'half-close', stored: true });
    expect((await failureOf(client().appendToStream('s', event()))).type).to.equal('unknown');
  });
});

describe('protocol server: what it offers', () => {
  const { server, client } = withServer();
  const append = () => client().appendToStream('s', event());

  it('is asked once for each connection', async () => {
    await append();
    await append();
    expect(server().calls('features')).to.equal(1);
    server().killConnections();
    await failureOf(append());
    await append();
    expect(server().calls('features')).to.be.greaterThan(1);
  });

  it('may be nothing that it says, and then appends go one by one', async () => {
    server().misbehave({ on: 'features', kind: 'unimplemented' });
    expect((await append()).success).to.equal(true);
  });

  it('fails the append with an error as it came when it cannot be asked', async () => {
    server().misbehave({ on: 'features', kind: 'unavailable' });
    const { type, code } = await failureOf(append());
    expect([type, code]).to.eql([undefined, 14]);
  });

  it('may be asked in vain', async () => {
    const { met } = server().misbehave({ on: 'features', kind: 'no-answer' });
    const state = watch(append());
    await met;
    expect((await failureOf(idsOf(client().readStream('s')))).type).to.equal('stream-not-found');
    expect(state()).to.equal('pending');
  });
});

describe('protocol server: reads and deletes go wrong', () => {
  const { server, client } = withServer();
  const fill = () => client().appendToStream('s', [event(), event(), event(), event()]);
  const read = () => idsOf(client().readStream('s'));

  it('comes slowly', async () => {
    await fill();
    server().misbehave({ on: 'read', kind: 'slow', ms: 1 });
    expect(await read()).to.have.length(4);
  });

  it('ends before its time, as if that was all', async () => {
    await fill();
    server().misbehave({ on: 'read', kind: 'cut', after: 3, how: 'end' });
    expect(await read()).to.have.length(3);
    expect(await read()).to.have.length(4);
  });

  it('breaks off', async () => {
    await fill();
    for (const [how, type] of [
      ['reset', 'unavailable'],
      ['unavailable', 'unavailable'],
      ['timed-out', 'timeout'],
    ] as const) {
      server().misbehave({ on: 'read', kind: 'cut', after: 2, how });
      expect((await failureOf(read())).type, how).to.equal(type);
    }
  });

  it('never begins, or begins elsewhere', async () => {
    await fill();
    const { met } = server().misbehave({ on: 'read', kind: 'no-answer' });
    const state = watch(read());
    await met;
    expect(await read()).to.have.length(4);
    expect(state()).to.equal('pending');
    server().misbehave({ on: 'read', kind: 'not-leader', host: 'localhost', port: 1 });
    expect((await failureOf(read())).type).to.equal('not-leader');
  });

  it('is not for a server that knows no leader', async () => {
    await fill();
    server().misbehave({ on: 'read', kind: 'no-leader' });
    expect((await failureOf(read())).type).to.equal('unknown');
    server().misbehave({ on: 'subscription', kind: 'no-leader' });
    expect(await errorOf(client().subscribeToAll())).to.include({ type: 'unknown' });
  });

  it('deletes, and says nothing or something else', async () => {
    await fill();
    server().misbehave({ on: 'delete', kind: 'timed-out', stored: true });
    expect((await failureOf(client().deleteStream('s'))).type).to.equal('timeout');
    expect((await failureOf(read())).type).to.equal('stream-not-found');
    server().misbehave({ on: 'delete', kind: 'reset', stored: true });
    expect((await failureOf(client().tombstoneStream('s'))).type).to.equal('unavailable');
    expect((await failureOf(read())).type).to.equal('stream-deleted');
  });
});

describe('protocol server: subscriptions go wrong', () => {
  const { server, client } = withServer();

  it('are dropped', async () => {
    for (const [how, code] of [
      ['too-slow', 10],
      ['timed-out', 10],
      ['unavailable', 14],
      ['reset', 14],
    ] as const) {
      const subscription = client().subscribeToAll();
      const failed = errorOf(subscription);
      subscription.resume();
      await once(subscription, 'caughtUp');
      expect(server().dropSubscriptions(how)).to.equal(1);
      expect((await failed)['code'], how).to.equal(code);
    }
  });

  it('end in peace, and still they end', async () => {
    const subscription = client().subscribeToAll();
    subscription.resume();
    await once(subscription, 'caughtUp');
    const ended = once(subscription, 'end');
    server().dropSubscriptions('end');
    await ended;
  });

  it('are cut after so many events, and get some of them again the next time', async () => {
    const events = Array.from({ length: 6 }, () => event());
    const ids = events.map(({ id }) => id);
    await client().appendToStream('s', events);
    server().misbehave({ on: 'subscription', kind: 'cut', after: 5, how: 'too-slow' });
    const seen: { id: string; position: bigint }[] = [];
    const follow = async (from: bigint | undefined) => {
      const subscription = client().subscribeToAll({
        fromPosition: from === undefined ? 'start' : { commit: from, prepare: from },
      });
      for await (const { event: one } of subscription) {
        if (one?.type !== 'tested') continue;
        seen.push({ id: one.id, position: there(one.position).commit });
        if (one.id === ids[5]) return;
      }
    };
    expect((await failureOf(follow(undefined))).type).to.equal('timeout');
    // The first event of all is one of the system's own.
    expect(seen.map(({ id }) => id)).to.eql(ids.slice(0, 4));
    server().misbehave({ on: 'subscription', kind: 'repeated', events: 2 });
    await follow(seen.at(-1)?.position);
    expect(seen.map(({ id }) => ids.indexOf(id))).to.eql([0, 1, 2, 3, 2, 3, 4, 5]);
  });

  it('may never be confirmed', async () => {
    const { met } = server().misbehave({ on: 'subscription', kind: 'no-answer' });
    const subscription = client().subscribeToAll();
    let isConfirmed = false;
    subscription.on('confirmation', () => (isConfirmed = true));
    subscription.resume();
    await met;
    await client().appendToStream('s', event());
    expect(isConfirmed).to.equal(false);
  });
});

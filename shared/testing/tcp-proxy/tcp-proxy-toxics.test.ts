import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Direction } from './connection.js';
import { withLink, type End, type Link, type Pair } from './with-link.js';

const DIRECTIONS: readonly Direction[] = ['upstream', 'downstream'];

/** Who sends in a direction, and who receives. */
function ends(direction: Direction, { client, server }: Pair): Readonly<{ from: End; to: End }> {
  return direction === 'upstream' ? { from: client, to: server } : { from: server, to: client };
}

/** Resolves when a text has gone from one end to the other. */
async function carried(from: End, to: End, text: string): Promise<void> {
  const before = to.received.length;
  from.socket.write(text);
  await to.has(before + text.length);
  expect(to.text.slice(before)).to.equal(text);
}

async function newConnectionIsWhole(link: Link): Promise<void> {
  const { client, server } = await link.pair();
  await carried(client, server, 'is it whole?');
  await carried(server, client, 'it is');
}

describe('the toxics of a TCP proxy', () => {
  const link = withLink();

  for (const direction of DIRECTIONS) {
    it(`latency, ${direction}: late, in order, and the other direction at once`, async () => {
      const { proxy, time } = link();
      const pair = await link().pair();
      const { from, to } = ends(direction, pair);
      await proxy.set({ [direction]: { latency: { ms: 100 } } });
      from.socket.write('late');
      await time.asleep();
      await carried(to, from, 'at once');
      await time.advance(99);
      expect(to.text).to.equal('');
      await time.advance(1);
      await to.has(4);
      expect(to.text).to.equal('late');
    });

    it(`latency, ${direction}: what waits goes on when the link heals`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { latency: { ms: 1_000_000 } } });
      from.socket.end('late');
      await time.asleep();
      await proxy.heal();
      await to.ended();
      expect(to.text).to.equal('late');
    });

    it(`bandwidth, ${direction}: a tenth of a second's worth at a time`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { bandwidth: { bytesPerSecond: 50 } } });
      from.socket.write('0123456789abc');
      await to.has(5);
      await time.advance(100);
      await to.has(10);
      expect(to.text).to.equal('0123456789');
      await time.advance(100);
      await to.has(13);
    });

    it(`slow close, ${direction}: bytes at once, the end later`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { slowClose: { ms: 100 } } });
      from.socket.end('bytes');
      await to.has(5);
      await time.advance(99);
      expect(to.isEnded).to.be.false;
      await time.advance(1);
      await to.ended();
    });

    it(`timeout, ${direction}: nothing comes, then the connection closes`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { timeout: { closeAfterMs: 100 } } });
      from.socket.write('lost');
      await proxy.until(({ swallowed }) => swallowed[direction] === 4);
      await carried(to, from, 'the other way');
      await time.advance(100);
      await Promise.all([to.ended(), from.ended()]);
      expect(to.text).to.equal('');
      await proxy.heal();
      await newConnectionIsWhole(link());
    });

    it(`timeout without a time, ${direction}: what lost bytes is reset when it heals`, async () => {
      const { proxy } = link();
      const holed = ends(direction, await link().pair());
      const whole = ends(direction, await link().pair());
      await proxy.set({ [direction]: { timeout: {} } });
      holed.from.socket.write('lost');
      await proxy.until(({ swallowed }) => swallowed[direction] === 4);
      await proxy.heal();
      await Promise.all([holed.from.closed(), holed.to.closed()]);
      expect(holed.to.failure).to.equal('ECONNRESET');
      expect(holed.to.text).to.equal('');
      await carried(whole.from, whole.to, 'nothing was lost here');
    });

    it(`reset, ${direction}: both ends see it, and the first bytes do not arrive`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { resetPeer: { afterMs: 50 } } });
      await carried(to, from, 'the other way');
      from.socket.write('kept back');
      await time.advance(50);
      await Promise.all([from.closed(), to.closed()]);
      expect(from.failure).to.equal('ECONNRESET');
      expect(to.failure).to.equal('ECONNRESET');
      expect(to.text).to.equal('');
      expect(proxy.counters().cut).to.equal(1);
      await proxy.heal();
      await newConnectionIsWhole(link());
    });

    it(`slicer, ${direction}: in pieces, with a pause after each`, async () => {
      const { proxy, time } = link();
      const { from, to } = ends(direction, await link().pair());
      await proxy.set({ [direction]: { slicer: { averageBytes: 4, pauseMs: 10 } } });
      from.socket.end('0123456789');
      await to.has(4);
      await time.advance(10);
      await to.has(8);
      expect(to.text).to.equal('01234567');
      await time.advance(10);
      await to.ended();
      expect(to.text).to.equal('0123456789');
      expect(to.pieces).to.equal(3);
    });

    it(`limit, ${direction}: so many bytes of each connection, then it closes`, async () => {
      const { proxy } = link();
      await proxy.set({ [direction]: { limitData: { bytes: 6 } } });
      for (const text of ['one', 'two']) {
        const { from, to } = ends(direction, await link().pair());
        from.socket.write(`${text} and more`);
        await Promise.all([to.ended(), from.ended()]);
        expect(to.text).to.equal(`${text} an`);
      }
      await proxy.heal();
      await newConnectionIsWhole(link());
    });
  }

  it('down: cuts what is there, refuses what comes, and listens again at the same port', async () => {
    const { proxy } = link();
    const { client, server } = await link().pair();
    const { port } = proxy;
    await proxy.set({ down: true });
    await Promise.all([client.ended(), server.ended()]);
    const refused = link().client();
    await refused.closed();
    expect(refused.failure).to.equal('ECONNREFUSED');
    expect(proxy.counters()).to.include({ open: 0, cut: 1 });
    await proxy.heal();
    expect(proxy.port).to.equal(port);
    await newConnectionIsWhole(link());
  });

  it('a toxic replaces the one before it', async () => {
    const { proxy, time } = link();
    const { client, server } = await link().pair();
    await proxy.set({ upstream: { latency: { ms: 1_000_000 } } });
    client.socket.write('0123456789');
    await time.asleep();
    await proxy.set({ upstream: { slicer: { averageBytes: 4 } } });
    await server.has(10);
    expect(server.text).to.equal('0123456789');
  });

  it('switches that overlap happen one after the other', async () => {
    const { proxy } = link();
    await Promise.all([proxy.set({ down: true }), proxy.heal(), proxy.stop(), proxy.heal()]);
    await newConnectionIsWhole(link());
  });

  it('refuses toxics that make no sense, and keeps those it has', async () => {
    const { proxy } = link();
    let failure: unknown;
    await proxy.set({ upstream: { latency: { ms: -1 } } }).catch((error: unknown) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(RangeError);
    await newConnectionIsWhole(link());
  });
});

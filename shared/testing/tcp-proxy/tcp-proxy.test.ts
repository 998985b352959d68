import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { startTcpProxy } from './tcp-proxy.js';
import { withLink } from './with-link.js';

describe('a TCP proxy', () => {
  const link = withLink();

  it('carries bytes both ways', async () => {
    const { client, server } = await link().pair();
    client.socket.write('question');
    await server.has(8);
    server.socket.write('answer');
    await client.has(6);
    expect(server.text).to.equal('question');
    expect(client.text).to.equal('answer');
    expect(link().proxy.counters()).to.deep.equal({
      accepted: 1,
      open: 1,
      cut: 0,
      passed: { upstream: 8, downstream: 6 },
      swallowed: { upstream: 0, downstream: 0 },
    });
  });

  it('hands on the end of one direction and leaves the other open', async () => {
    const { client, server } = await link().pair();
    client.socket.end('question');
    await server.ended();
    server.socket.end('answer');
    await client.ended();
    expect(server.text).to.equal('question');
    expect(client.text).to.equal('answer');
    await link().proxy.until(({ open }) => open === 0);
  });

  it('hands on a reset, after everything that came before it', async () => {
    const { client, server } = await link().pair();
    client.socket.write('last words');
    await server.has(10);
    client.socket.resetAndDestroy();
    await server.closed();
    expect(server.failure).to.equal('ECONNRESET');
  });

  it('resets who comes while the server is away', async () => {
    await link().stopServer();
    const client = link().client();
    await client.closed();
    expect(client.failure).to.equal('ECONNRESET');
  });

  it('makes a sender wait for a receiver that takes nothing, and loses nothing', async () => {
    const { client, server } = await link().pair();
    server.socket.pause();
    const all = Buffer.alloc(32 << 20, 'abcdefg');
    client.socket.end(all);
    await link().proxy.until(({ passed }) => passed.upstream > 0);
    server.socket.resume();
    await server.ended();
    expect(server.received.equals(all)).to.be.true;
  });

  it('keeps connections apart', async () => {
    const one = await link().pair();
    const other = await link().pair();
    one.client.socket.end('one');
    await one.server.ended();
    other.client.socket.write('other');
    await other.server.has(5);
    expect(one.server.text).to.equal('one');
    expect(other.server.text).to.equal('other');
  });

  it('any bytes, sliced, slowed down and late, arrive unchanged and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 700 }),
        fc.nat(700),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
        async (chunks, averageBytes, variationBytes, luck) => {
          const sent = Buffer.concat(chunks);
          let drawn = 0;
          let now = 0;
          const proxy = await startTcpProxy({
            upstream: { host: '127.0.0.1', port: link().proxy.port },
            clock: () => now,
            // Time passes in no time.
            pause: async (ms) => {
              now += ms;
            },
            random: () => luck[drawn++ % luck.length] ?? 0,
          });
          const toxics = {
            slicer: { averageBytes, variationBytes, pauseMs: 3 },
            latency: { ms: 20, jitterMs: 20 },
            bandwidth: { bytesPerSecond: 5_000 },
          };
          await proxy.set({ upstream: toxics, downstream: toxics });
          const { client, server } = await link().pair(proxy.port);
          server.socket.pipe(server.socket);
          for (const chunk of chunks) client.socket.write(chunk);
          client.socket.end();
          await client.ended();
          expect(server.received.equals(sent)).to.be.true;
          expect(client.received.equals(sent)).to.be.true;
          await proxy.stop();
        },
      ),
      { numRuns: 30 },
    );
  });
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable } from '../../ports/event-store.js';
import {
  all,
  appended,
  event,
  given,
  newStream,
  readAfter,
  rejection,
} from '../../testing/event-samples.js';
import { startProtocolServerProcess } from '../../testing/eventstoredb/protocol-server-process.js';
import { openEventStoreDb, type EventStoreDbOptions } from './event-store.js';

/** Not so short that a busy machine is taken for a server that says nothing. */
const IMPATIENT = { connectTimeoutMs: 500, readTimeoutMs: 500, appendTimeoutMs: 500, probeMs: 50 };

/** Opens a store at a server that takes connections and says nothing. */
async function openAtMute(url: (port: number) => string, options: Partial<EventStoreDbOptions>) {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const address = mute.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  try {
    return await rejection(openEventStoreDb({ url: url(address.port), ...options }));
  } finally {
    mute.close();
    for (const socket of sockets) socket.destroy();
  }
}

describe('connections to EventStoreDB', () => {
  it('are not waited for where nobody answers', async () => {
    const urls = [
      (port: number) => `esdb://127.0.0.1:${port}?tls=false`,
      (port: number) => `esdb://127.0.0.1:${port},localhost:${port}?tls=false`,
      (port: number) => `esdb+discover://127.0.0.1:${port}?tls=false`,
    ];
    for (const url of urls) {
      expect(await openAtMute(url, IMPATIENT)).to.be.instanceOf(StoreUnavailable);
    }
  });

  it('fail where there is no node of a cluster', async () => {
    const url = 'esdb://127.0.0.1:1,localhost:1?tls=false&maxDiscoverAttempts=2&gossipTimeout=1';
    const failure = await rejection(openEventStoreDb({ url }));
    expect(failure).to.be.instanceOf(StoreUnavailable);
    expect(String(failure)).to.contain('127.0.0.1:1,localhost:1');
  });

  it('name no password when they fail', async () => {
    const secret = 's3cret';
    const failure = await openAtMute((port) => `esdb://admin:${secret}@localhost:${port}`, {
      ...IMPATIENT,
    });
    expect(failure).to.be.instanceOf(StoreUnavailable);
    const shown = inspect(failure, { depth: 20, showHidden: true });
    expect(shown).not.to.contain(secret);
    expect(shown).not.to.contain(Buffer.from(`admin:${secret}`).toString('base64'));
  });

  it('to a server that stops answering are given up, and all goes on when it answers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'esdb-'));
    const server = await startProtocolServerProcess(folder);
    const store = await openEventStoreDb({ url: server.url, ...IMPATIENT });
    try {
      const [stream, one] = [newStream(), event()];
      const next = store.subscribe(0n, new AbortController().signal)[Symbol.asyncIterator]().next();
      server.pause();
      const failed = [
        store.append(stream, 'no-stream', [one]),
        store.head(),
        store.readAll(0n, 1),
        store.readStream(stream, { direction: 'forwards', limit: 1 }),
      ];
      for (const failure of await Promise.all(failed.map(rejection))) {
        expect(failure).to.be.instanceOf(StoreUnavailable);
      }
      server.resume();
      // Whether the server has it by now: it is the same append.
      expect(appended(await store.append(stream, 'no-stream', [one])).revision).to.equal(0n);
      expect((await all(store, stream)).map(given)).to.eql([one]);
      const log = await readAfter(store, 0n, 10);
      expect((await next).value).to.eql(log);
    } finally {
      await store.close();
      await server.kill();
      await rm(folder, { recursive: true });
    }
  });
});

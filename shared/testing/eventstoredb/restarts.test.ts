import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { startProtocolServerProcess } from './protocol-server-process.js';
import { startProtocolServer } from './protocol-server.js';
import { errorOf, event, failureOf, idsOf, withServer } from './with-server.js';

describe('protocol server: out of reach', () => {
  const { server, client } = withServer();

  /** Appends until it succeeds: how often a client must ask is its own affair. */
  async function appendAtLast(): Promise<bigint> {
    for (;;) {
      try {
        return (await client().appendToStream('s', event())).nextExpectedRevision;
      } catch {
        // Not yet connected again.
      }
    }
  }

  it('fails calls while it is down, and has the same events when it is up', async () => {
    await client().appendToStream('s', event());
    await server().down();
    const { code } = await failureOf(client().appendToStream('s', event()));
    expect(code).to.equal(14);
    expect((await failureOf(idsOf(client().readStream('s')))).type).to.equal('unavailable');
    await server().up();
    expect(await appendAtLast()).to.equal(1n);
    await server().restart();
    expect(await appendAtLast()).to.equal(2n);
  });

  it('17: ends a subscription with one error, and it never resumes by itself', async () => {
    const subscription = client().subscribeToAll();
    const seen: unknown[] = [];
    subscription.on('data', (one) => seen.push(one));
    await once(subscription, 'caughtUp');
    const before = seen.length;
    const failed = errorOf(subscription);
    server().killConnections();
    expect((await failed)['type']).to.equal('unavailable');
    await appendAtLast();
    expect(seen).to.have.length(before);
    expect(server().calls('subscription')).to.equal(1);
  });
});

describe('protocol server: with a folder', () => {
  let folder: string;
  const clients: EventStoreDBClient[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-esdb-'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose();
    await rm(folder, { recursive: true });
  });

  function connect(url: string): EventStoreDBClient {
    const client = EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  }

  async function everything(client: EventStoreDBClient): Promise<readonly unknown[]> {
    const events: unknown[] = [];
    for await (const { event: one } of client.readAll()) events.push(one);
    return events;
  }

  it('15: comes back with the same events at the same positions', async () => {
    const first = await startProtocolServer({ folder });
    const client = connect(first.url);
    const sent = [event('äöü'), event()];
    await client.appendToStream('s', sent);
    await client.appendToStream('t', event());
    await client.deleteStream('s');
    await client.tombstoneStream('t');
    const before = await everything(client);
    await first.stop();
    // What a kill in the middle of an append leaves.
    await appendFile(join(folder, 'events.esdb'), Buffer.from([0, 0, 1, 0, 0, 0, 0, 9, 1, 2]));
    const second = await startProtocolServer({ folder });
    const again = connect(second.url);
    expect(await everything(again)).to.eql(before);
    expect((await failureOf(again.appendToStream('t', event()))).type).to.equal('stream-deleted');
    const repeated = await again.appendToStream('s', sent, { expectedRevision: 'no_stream' });
    expect(repeated.nextExpectedRevision).to.equal(1n);
    await second.stop();
    const third = await startProtocolServer({ folder });
    expect(await everything(connect(third.url))).to.eql(before);
    await third.stop();
  });

  it('killed at any moment, has every append that it answered', async () => {
    const server = await startProtocolServerProcess(folder);
    const answered: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const client = connect(server.url);
      const enough = answered.length + 50 + Math.floor(Math.random() * 100);
      const streams = Array.from({ length: 8 }, async (_nothing, stream) => {
        for (;;) {
          const one = event();
          await client.appendToStream(`s${round}-${stream}`, one);
          answered.push(one.id);
          if (answered.length === enough) void server.kill();
        }
      });
      for (const failed of await Promise.allSettled(streams)) {
        expect(failed.status).to.equal('rejected');
      }
      await server.start();
      const there = new Set(await idsOf(connect(server.url).readAll()));
      expect(answered.filter((id) => !there.has(id))).to.eql([]);
    }
    await server.misbehave({ on: 'append', kind: 'timed-out', stored: false });
    const { type } = await failureOf(connect(server.url).appendToStream('s', event()));
    expect(type).to.equal('deadline-exceeded');
    await server.kill();
  });
});

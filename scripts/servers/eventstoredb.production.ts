import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'mocha';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { eventStoreContract } from '../../shared/testing/event-store-contract.js';
import { startProtocolServerProcess } from '../../shared/testing/eventstoredb/protocol-server-process.js';

type ServerUnderTest = Readonly<{ url: string; stop: () => Promise<void> }>;

describe('the log in EventStoreDB', () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await serverUnderTest();
  });
  after(() => server.stop());

  eventStoreContract('eventstoredb', async () => {
    const { url } = server;
    let store = await openEventStoreDb({ url });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openEventStoreDb({ url });
        return store;
      },
      cleanup: () => store.close(),
    };
  });
});

/** The server that ESDB_URL names, or else a protocol server in a process of its own. */
async function serverUnderTest(): Promise<ServerUnderTest> {
  const url = process.env['ESDB_URL'];
  if (url !== undefined) return { url, stop: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'sagae-esdb-'));
  const server = await startProtocolServerProcess(folder);
  return {
    url: server.url,
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true });
    },
  };
}

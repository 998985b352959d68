import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable, type NewEvent, type RecordedEvent } from '../../ports/event-store.js';
import {
  appended,
  event,
  expectInOrder,
  given,
  newStream,
  readAfter,
} from '../../testing/event-samples.js';
import { startProtocolServerProcess } from '../../testing/eventstoredb/protocol-server-process.js';
import { openEventStoreDb, type EventStoreDb } from './event-store.js';

const LANES = 16;
const APPENDS = 40;

describe('EventStoreDB killed under load', () => {
  it('nothing acknowledged is lost, nothing is stored twice, all goes on by itself', async function () {
    this.timeout(60_000);
    const folder = await mkdtemp(join(tmpdir(), 'esdb-'));
    const server = await startProtocolServerProcess(folder);
    const store = await openEventStoreDb({ url: server.url, appendTimeoutMs: 500 });
    try {
      const followed = follow(store, LANES * APPENDS);
      let acknowledged = 0;
      let restarted: Promise<void> | undefined;
      const onAcknowledged = () => {
        acknowledged += 1;
        if (acknowledged === (LANES * APPENDS) / 2) restarted = killAndStart(server);
      };
      const lanes = Array.from({ length: LANES }, () => appendAll(store, onAcknowledged));
      const appends = (await Promise.all(lanes)).flat();
      expect(restarted).to.be.instanceOf(Promise);
      await restarted;
      const log = await readAfter(store, 0n, 500);
      expectInOrder(log);
      const ids = ({ eventId }: NewEvent) => eventId;
      expect(log.map(ids).sort()).to.eql(appends.map(ids).sort());
      expect((await followed).map(given)).to.eql(log.map(given));
    } finally {
      await store.close();
      await server.kill();
      await rm(folder, { recursive: true });
    }
  });
});

async function killAndStart(server: Readonly<{ kill(): Promise<void>; start(): Promise<void> }>) {
  await server.kill();
  await server.start();
}

/** Appends one after the other to a stream, each until it is acknowledged. */
async function appendAll(store: EventStoreDb, acknowledged: () => void) {
  const stream = newStream();
  const events = Array.from({ length: APPENDS }, () => event());
  for (const [index, one] of events.entries()) {
    const expected = index === 0 ? 'no-stream' : BigInt(index - 1);
    for (let isStored = false; !isStored;) {
      try {
        const result = await store.append(stream, expected, [one]);
        expect(appended(result).revision).to.equal(BigInt(index));
        isStored = true;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await nextTurn();
      }
    }
    acknowledged();
  }
  return events;
}

async function follow(store: EventStoreDb, count: number): Promise<readonly RecordedEvent[]> {
  const seen: RecordedEvent[] = [];
  const stop = new AbortController();
  for await (const batch of store.subscribe(0n, stop.signal)) {
    seen.push(...batch);
    if (seen.length >= count) break;
  }
  return seen;
}

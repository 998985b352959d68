import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { RecordedEvent } from '../../ports/event-store.js';
import { event, json, rejection } from '../../testing/event-samples.js';
import { LogFileRefused } from './event-file.js';
import { openEventImport, type EventImport } from './event-import.js';
import { scrubEvents } from './event-scrub.js';
import { openEventStore } from './event-store.js';

function recorded(fields: Partial<RecordedEvent>): RecordedEvent {
  return { ...event(), stream: 's', revision: 0n, position: 1n, recordedAt: 1000, ...fields };
}

describe('bringing a log into a SQLite log', () => {
  let folder: string;
  const opened: EventImport[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-import-'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()));
    await rm(folder, { recursive: true });
  });

  async function open(): Promise<EventImport> {
    const log = await openEventImport(folder);
    opened.push(log);
    return log;
  }

  /** Three events of two streams, at sparse positions as EventStoreDB has them. */
  const THREE = [
    recorded({ stream: 'a', position: 711n, data: '{"이름" :  "한"}', metadata: '{ }' }),
    recorded({ stream: 'b', position: 950n, recordedAt: 1000 }),
    recorded({ stream: 'a', revision: 1n, position: 1204n, recordedAt: 5_000 }),
  ];

  it('keeps ids, texts, revisions, times and order, and numbers the positions itself', async () => {
    const log = await open();
    expect(await log.extend(0n, THREE)).to.eql({ kind: 'extended', head: 3n });
    const stored = THREE.map((one, index) => ({ ...one, position: BigInt(index + 1) }));
    expect(await log.readAll(0n, 10)).to.eql(stored);
    expect(await log.head()).to.equal(3n);
    await log.close();
    expect(await scrubEvents(folder)).to.eql([]);
    const store = await openEventStore({ folder });
    expect(await store.readAll(0n, 10)).to.eql(stored);
    expect(await store.positionAt(1000)).to.equal(2n);
    const next = await store.append('a', 1n, [event()]);
    expect(next).to.include({ kind: 'appended', revision: 2n, position: 4n });
    await store.close();
  });

  it('refuses to go on where the log does not end', async () => {
    const log = await open();
    await log.extend(0n, THREE.slice(0, 1));
    const store = await openEventStore({ folder });
    await store.append('foreign', 'no-stream', [event()]);
    await store.close();
    const refused = await log.extend(1n, THREE.slice(1));
    expect(refused).to.eql({
      kind: 'conflict',
      reason: 'it ends at position 2 and not at 1',
    });
    expect(await log.head()).to.equal(2n);
  });

  for (const [what, bad, reason] of [
    ['a gap in a stream', { stream: 'a', revision: 3n }, 'stream a ends at revision 1, so 3'],
    [
      'a revision that is there',
      { stream: 'a', revision: 1n },
      'stream a ends at revision 1, so 1',
    ],
    ['a time before the last one', { stream: 'c', recordedAt: 4_999 }, 'recorded at 4999'],
    ['a time that is none', { stream: 'c', recordedAt: 5_000.5 }, 'recorded at 5000.5'],
    ['an id that is none', { stream: 'c', recordedAt: 5_000, eventId: 'X' }, 'not a UUID'],
    ['half a character', { stream: 'c', recordedAt: 5_000, data: '"\ud800"' }, 'no UTF-8'],
    ['too large an event', { stream: 'c', recordedAt: 5_000, data: json(1 << 20) }, 'bytes'],
  ] as const) {
    it(`refuses ${what}, and stores nothing of the page it is in`, async () => {
      const log = await open();
      await log.extend(0n, THREE);
      const good = recorded({ stream: 'd', recordedAt: 5_000 });
      const refused = await log.extend(3n, [good, recorded(bad)]);
      expect(refused.kind).to.equal('conflict');
      if (refused.kind === 'conflict') expect(refused.reason).to.contain(reason);
      expect(await log.head()).to.equal(3n);
    });
  }

  it('says when the log is none', async () => {
    const file = join(folder, 'events.db');
    await writeFile(file, 'not a database, and long enough');
    expect(await rejection(openEventImport(folder))).to.be.instanceOf(LogFileRefused);
  });
});

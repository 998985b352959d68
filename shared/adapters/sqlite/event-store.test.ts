import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { EventDamaged, StorageFull, StoreUnavailable } from '../../ports/event-store.js';
import { all, appended, event, given, newStream, rejection } from '../../testing/event-samples.js';
import { eventStoreContract } from '../../testing/event-store-contract.js';
import { asStoreFault, LogFileRefused } from './event-file.js';
import { scrubEvents } from './event-scrub.js';
import { openEventStore, type EventStoreOptions, type SqliteEventStore } from './event-store.js';

eventStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sagae-log-'));
  let store = await openEventStore({ folder });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openEventStore({ folder });
      return store;
    },
    cleanup: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('a fault of the store', () => {
  it('is a full disk when a write failed on one, but never when a sync did', () => {
    const fault = (code: string): unknown =>
      asStoreFault(new Database.SqliteError('disk I/O error', code), '', () => true);
    expect(fault('SQLITE_IOERR_WRITE')).to.be.instanceOf(StorageFull);
    expect(fault('SQLITE_IOERR_FSYNC')).to.be.instanceOf(StoreUnavailable);
    expect(fault('SQLITE_IOERR_DIR_FSYNC')).to.be.instanceOf(StoreUnavailable);
  });
});

describe('embedded event store', () => {
  let folder: string;
  const opened: SqliteEventStore[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-log-'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await rm(folder, { recursive: true });
  });

  async function open(options: Partial<EventStoreOptions> = {}): Promise<SqliteEventStore> {
    const store = await openEventStore({ folder, ...options });
    opened.push(store);
    return store;
  }

  function file(): string {
    return join(folder, 'events.db');
  }

  /** Does something to the closed file that this program never would. */
  function tamper(sql: string): void {
    const db = new Database(file());
    try {
      db.exec(sql);
    } finally {
      db.close();
    }
  }

  it('commits many appends at once with few commits', async () => {
    const store = await open();
    const appends = Array.from({ length: 2000 }, () =>
      store.append(newStream(), 'no-stream', [event()]),
    );
    await Promise.all(appends);
    expect(store.commits).to.be.within(1, 20);
  });

  it('lets each append of a group stand alone', async () => {
    const store = await open();
    const [one, two] = [newStream(), newStream()];
    const outcomes = await Promise.all([
      store.append(one, 'no-stream', [event()]),
      store.append(two, 5n, [event()]),
      store.append(one, 0n, [event()]),
      store.append(one, 0n, [event()]),
      store.append(two, 'no-stream', [event()]),
    ]);
    expect(outcomes.map(({ kind }) => kind)).to.eql([
      'appended',
      'conflict',
      'appended',
      'conflict',
      'appended',
    ]);
    expect(store.commits).to.equal(1);
  });

  it('refuses texts and ids it could not give back', async () => {
    const store = await open();
    const stream = newStream();
    const bad = [
      [event({ eventId: 'no-uuid' })],
      [event({ eventId: event().eventId.toUpperCase() })],
      [event({ data: '"\ud800"' })],
      [],
    ];
    for (const events of bad) {
      expect(await rejection(store.append(stream, 'no-stream', events))).to.be.instanceOf(Error);
    }
    expect(await rejection(store.append(stream, -1n, [event()]))).to.be.instanceOf(RangeError);
    expect(await rejection(store.append('', 'no-stream', [event()]))).to.be.instanceOf(RangeError);
    expect(await all(store, stream)).to.eql([]);
  });

  it('never changes or deletes an event', async () => {
    const store = await open();
    await store.append(newStream(), 'no-stream', [event()]);
    expect(() => tamper(`UPDATE events SET data = '{}'`)).to.throw('never changed');
    expect(() => tamper('DELETE FROM events')).to.throw('never deleted');
    expect(await scrubEvents(folder)).to.eql([]);
  });

  it('never lets recorded time run backwards, and finds positions by it', async () => {
    let now = 1000;
    const store = await open({ clock: () => now });
    for (const time of [1000, 500, 2000]) {
      now = time;
      await store.append(newStream(), 'no-stream', [event()]);
    }
    const recorded = (await store.readAll(0n, 10)).map(({ recordedAt }) => recordedAt);
    expect(recorded).to.eql([1000, 1000, 2000]);
    const found = [999, 1000, 1999, 2000, 9000].map((instant) => store.positionAt(instant));
    expect(await Promise.all(found)).to.eql([0n, 2n, 2n, 3n, 3n]);
  });

  it('answers a full disk with StorageFull, reads on, and heals', async () => {
    const store = await open();
    const first = event();
    await store.append('before', 'no-stream', [first]);
    store.limitPages(20);
    const large = event({ data: JSON.stringify('x'.repeat(500_000)) });
    const failure = await rejection(store.append('large', 'no-stream', [large]));
    expect(failure).to.be.instanceOf(StorageFull);
    expect((await all(store, 'before')).map(given)).to.eql([first]);
    expect(await all(store, 'large')).to.eql([]);
    store.limitPages(10_000);
    expect(appended(await store.append('large', 'no-stream', [large])).position).to.equal(2n);
    expect(await scrubEvents(folder)).to.eql([]);
  });

  it('survives the death of its writer thread: what was in hand is rejected or stored', async () => {
    const store = await open();
    const tried = Array.from({ length: 3000 }, () => ({ stream: newStream(), event: event() }));
    const answers = Promise.allSettled(
      tried.map(({ stream, event }) => store.append(stream, 'no-stream', [event])),
    );
    await store.killWriter();
    for (const answer of await answers) {
      if (answer.status === 'rejected') expect(answer.reason).to.be.instanceOf(StoreUnavailable);
    }
    while (!(await succeeds(store.append('again', 'no-stream', [event()])))) await nextTurn();
    await Promise.all(tried.map(({ stream, event }) => store.append(stream, 'no-stream', [event])));
    for (const { stream, event } of tried) {
      expect((await all(store, stream)).map(given)).to.eql([event]);
    }
    expect(await store.head()).to.equal(BigInt(tried.length + 1));
  });

  it('finishes the appends in hand when it is closed, and then refuses', async () => {
    const store = await open();
    const appends = Array.from({ length: 100 }, () =>
      store.append(newStream(), 'no-stream', [event()]),
    );
    await store.close();
    expect((await Promise.all(appends)).every(({ kind }) => kind === 'appended')).to.equal(true);
    const late = await rejection(store.append(newStream(), 'no-stream', [event()]));
    expect(late).to.be.instanceOf(StoreUnavailable);
    expect(await rejection(store.head())).to.be.instanceOf(StoreUnavailable);
    expect(await (await open()).head()).to.equal(100n);
  });

  it('ends its subscriptions when it is closed', async () => {
    const store = await open();
    const subscription = store.subscribe(0n, new AbortController().signal);
    const next = subscription[Symbol.asyncIterator]().next();
    await store.close();
    expect((await next).done).to.equal(true);
  });

  it('opens many times at once, each seeing what the others append', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => open()));
    const streams = stores.map(() => newStream());
    await Promise.all(
      stores.map((store, i) => store.append(streams[i] ?? '', 'no-stream', [event()])),
    );
    for (const store of stores) {
      expect(await store.head()).to.equal(5n);
      for (const stream of streams) expect(await all(store, stream)).to.have.length(1);
    }
    const ids = await Promise.all(stores.map((store) => store.logId()));
    expect(new Set(ids).size).to.equal(1);
  });

  it('opened for reading only, reads and refuses to append', async () => {
    expect(await rejection(open({ readonly: true }))).to.be.instanceOf(LogFileRefused);
    const store = await open();
    await store.append('one', 'no-stream', [event()]);
    const reading = await open({ readonly: true });
    expect(await reading.head()).to.equal(1n);
    const refused = await rejection(reading.append('one', 0n, [event()]));
    expect(refused).to.be.instanceOf(StoreUnavailable);
  });

  it('refuses a file of another version, another program, or no database at all', async () => {
    await (await open()).close();
    tamper(`UPDATE meta SET value = '2' WHERE name = 'schema'`);
    expect(String(await rejection(open()))).to.contain('schema version 2');
    tamper(`UPDATE meta SET value = '1' WHERE name = 'schema'; DROP TRIGGER events_never_go`);
    expect(await rejection(open())).to.be.instanceOf(LogFileRefused);

    await rm(file());
    tamper('CREATE TABLE other (x)');
    const before = await readFile(file());
    expect(await rejection(open())).to.be.instanceOf(LogFileRefused);
    expect((await readFile(file())).equals(before)).to.equal(true);

    await writeFile(file(), 'just a text that is long enough to be looked at'.repeat(200));
    expect(await rejection(open())).to.be.instanceOf(LogFileRefused);
  });

  it('refuses to open when one of the last events is damaged, and names it', async () => {
    const store = await open();
    for (let i = 0; i < 5; i += 1) await store.append(newStream(), 'no-stream', [event()]);
    await store.close();
    const marked = event({ data: '{"marked":1}' });
    const again = await open();
    await again.append(newStream(), 'no-stream', [marked]);
    await again.close();
    const bytes = await readFile(file());
    const at = bytes.lastIndexOf('{"marked":1}');
    bytes.write('2', at + '{"marked":'.length);
    await writeFile(file(), bytes);
    const refusal = await rejection(open());
    expect(refusal).to.be.instanceOf(EventDamaged);
    expect(refusal).to.have.property('position', 6n);
    // What is not looked at when opening is found when reading.
    const unchecked = await open({ checkTail: 0 });
    expect(await unchecked.readAll(0n, 5)).to.have.length(5);
    expect(await rejection(unchecked.readAll(5n, 5))).to.be.instanceOf(EventDamaged);
    expect(await rejection(unchecked.readAt([6n]))).to.be.instanceOf(EventDamaged);
  });
});

async function succeeds(promise: Promise<unknown>): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch {
    return false;
  }
}

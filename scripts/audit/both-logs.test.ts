import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { catchUp } from '../../projection-service/catch-up.js';
import { projectionTables } from '../../projection-service/service.js';
import { ViewTask } from '../../projection-service/view-task.js';
import { allViews } from '../../projection-service/views/all.js';
import { openEventImport } from '../../shared/adapters/sqlite/event-import.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { MemoryLog } from '../../shared/testing/memory-log.js';
import { withStore } from '../../shared/testing/eventstoredb/with-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import { copyLog } from '../copy-log/copy.js';
import { RecordedTarget } from '../copy-log/recorded-target.js';
import { sampleLog } from '../copy-log/sample-logs.js';
import { writeBeancount } from '../export/beancount.js';
import { openBook, type BookRange } from '../export/book.js';
import { writeJournal } from '../export/journal.js';
import type { AuditedLog } from './audited-log.js';
import { FileLog } from './file-log.js';
import { replay, ReplayFailed, type ReplayQuestion } from './replay.js';
import { ServerLog } from './server-log.js';
import { verifyLedger } from './verify.js';

const ZONE = 'Asia/Seoul';
const PAYMENTS_FROM = Date.parse('2026-04-02T00:00:00Z');

/** Entries, and payments that came later. */
function sampleBook(): MemoryLog {
  const log = sampleLog(40);
  const histories = [1, 2, 3].map((number) =>
    new PaymentHistory({ number, at: PAYMENTS_FROM + number })
      .start('attempt')
      .done()
      .start('capture', 30_000n)
      .done(),
  );
  recordPayments(log, histories);
  return log;
}

/** The same with one entry that is something else. */
function spoiltBook(spoil: (data: string) => string) {
  const book = sampleBook();
  const at = book.recorded.findIndex(({ data }) => data.includes('row 3"'));
  const event = book.recorded[at];
  if (event === undefined) throw new Error('the sample has no such entry');
  const data = spoil(event.data);
  expect(data).not.to.equal(event.data);
  book.recorded[at] = { ...event, data };
  return { book, at };
}

const oneTooMany = (data: string) => data.replace('"103"', '"104"');

type Place = Readonly<{ audited: AuditedLog; log: EventStore; folder: string }>;

async function answersOf({ audited }: Place, question: ReplayQuestion) {
  const { rows, totals, events, entries } = await replay(audited, question);
  return { rows, totals, events, entries };
}

async function positionOf({ log }: Place, at: number): Promise<bigint> {
  return (await log.readAll(0n, 1000))[at]?.position ?? 0n;
}

async function exported({ log }: Place, range: BookRange) {
  const book = await openBook(log, range);
  const texts: string[] = [];
  for (const parts of [
    writeJournal(book, 'hledger'),
    writeJournal(book, 'ledger'),
    writeBeancount(book),
  ]) {
    for await (const part of parts) texts.push(part);
  }
  return texts.join('').replace(/position: .*/g, 'position');
}

describe('the audit of one book on SQLite and on EventStoreDB', () => {
  const { store, server, client } = withStore();
  const opened: EventStore[] = [];
  const folders: string[] = [];

  beforeEach(() => {
    folders.push(mkdtempSync(join(tmpdir(), 'sagae-audit-')));
  });
  afterEach(async () => {
    for (const log of opened.splice(0)) await log.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** The same book in both. */
  async function bothOf(book: MemoryLog): Promise<Readonly<{ file: Place; server: Place }>> {
    const [folder = ''] = folders;
    const target = await openEventImport(folder);
    await copyLog(book, target);
    await target.close();
    await copyLog(book, new RecordedTarget(store()));
    const log = await openEventStore({ folder, readonly: true, checkTail: 0 });
    opened.push(log);
    return {
      file: { audited: new FileLog(folder, await log.head()), log, folder },
      server: { audited: new ServerLog(store(), await store().head()), log: store(), folder: '' },
    };
  }

  async function viewsOf({ log }: Place) {
    const views = allViews(ZONE);
    const tables = projectionTables(views);
    const folder = mkdtempSync(join(tmpdir(), 'sagae-audit-'));
    folders.push(folder);
    const built = openViewStore({ folder, tables });
    await catchUp(
      log,
      views.map((view) => new ViewTask(view, built)),
      await log.head(),
    ).catch(() => undefined);
    await built.close();
    const open = () => Promise.resolve(openViewStore({ folder, tables, readonly: true }));
    return { log, open, zone: ZONE };
  }

  async function verified(place: Place) {
    const listener = { onCheck: () => undefined, onProgress: () => undefined };
    const { checks } = await verifyLedger(place.audited, await viewsOf(place), listener);
    return checks;
  }

  async function failuresOf(place: Place) {
    return (await verified(place)).map(({ name, failures }) => ({ name, failures }));
  }

  it('replays to the same trial balance, on both axes', async () => {
    const book = sampleBook();
    const both = await bothOf(book);
    const [first, ...rest] = book.recorded;
    const times = new Set(rest.map(({ recordedAt }) => recordedAt));
    const instants = [...times, (first?.recordedAt ?? 0) - 1].map((instant) => {
      return { known: { instant } };
    });
    const days = ['2026-01-31', '2026-02-24', '2026-04-02'].map((effective) => ({ effective }));
    const questions = [{}, ...days, ...instants, { ...days[1], ...instants[7] }];
    for (const question of questions) {
      const expected = await answersOf(both.file, question);
      expect(await answersOf(both.server, question)).to.deep.equal(expected);
    }
    const { rows, events, entries } = await answersOf(both.server, {});
    expect({ events, isAll: events === book.recorded.length }).to.include({ isAll: true });
    expect(entries).to.be.greaterThan(40);
    expect(rows.map(({ account }) => account)).to.include.members(['1010', '1110:simulator']);
  });

  it('replays to a position, or what was there before one that is no event’s', async () => {
    const both = await bothOf(sampleBook());
    const onServer = await both.server.log.readAll(0n, 1000);
    for (const index of [0, 2, 30]) {
      const position = onServer[index]?.position ?? 0n;
      const expected = await answersOf(both.file, { known: { position: BigInt(index + 1) } });
      for (const known of [{ position }, { position: position + 1n }]) {
        expect(await answersOf(both.server, { known })).to.deep.equal(expected);
      }
      const replayed = await replay(both.server.audited, { known: { position: position + 1n } });
      expect(replayed.position).to.equal(position);
    }
  });

  it('tells how far it is, in positions', async () => {
    const { file, server: onServer } = await bothOf(sampleBook());
    for (const { audited } of [file, onServer]) {
      const dones: number[] = [0];
      const onProgress = (positions: number) => dones.push((dones.at(-1) ?? 0) + positions);
      await replay(audited, {}, onProgress);
      expect(dones.at(-1)).to.equal(Number(audited.head));
    }
  });

  it('exports the same books', async () => {
    const both = await bothOf(sampleBook());
    const instant = Date.parse('2026-04-01T00:00:00Z') + 5;
    for (const range of [{}, { known: { instant } }]) {
      const expected = await exported(both.file, range);
      expect(await exported(both.server, range)).to.equal(expected);
      expect(expected).to.contain('row 3');
    }
  });

  it('finds nothing wrong where nothing is, and says what it did not look at', async () => {
    const both = await bothOf(sampleBook());
    const [file, onServer] = [await verified(both.file), await verified(both.server)];
    for (const checks of [file, onServer]) {
      expect(checks.flatMap(({ failures }) => failures)).to.deep.equal([]);
    }
    expect(onServer[1]).to.deep.equal(file[1]);
    const events = Number(both.file.audited.head);
    expect(file[0]?.checked).to.contain(`${events} events: bytes`);
    expect(onServer[0]?.checked).to.equal(
      `${events} events: revisions of every stream; not bytes, file and index: only a SQLite log has checksums`,
    );
    expect(onServer[2]?.checked).to.contain(`journal to position ${both.server.audited.head}`);
  });

  for (const [what, spoil, reason] of [
    ['does not balance', oneTooMany, 'differ by 1 minor'],
    ['cannot be decoded', (data: string) => data.replace('"id"', '"ident"'), 'EntryPosted in'],
    ['is no JSON', (data: string) => `${data}}`, 'its text is not JSON'],
  ] as const) {
    it(`finds an event that ${what}`, async () => {
      const { book, at } = spoiltBook(spoil);
      const both = await bothOf(book);
      const [file, onServer] = [await failuresOf(both.file), await failuresOf(both.server)];
      const [stored, entries, views] = onServer;
      const [failure] = file[1]?.failures ?? [];
      const position = await positionOf(both.server, at);
      expect(failure).to.include({ where: `position ${at + 1}` });
      expect(failure).to.have.property('what').that.contains(reason);
      expect(stored?.failures).to.deep.equal([]);
      expect(entries?.failures).to.deep.equal([{ ...failure, where: `position ${position}` }]);
      expect(file[1]?.failures).to.have.length(1);
      const viewsOfFile = file[2]?.failures.map(({ where }) => where);
      expect(views?.failures.map(({ where }) => where)).to.deep.equal(viewsOfFile);
    });
  }

  it('fails to replay what does not balance, naming the position', async () => {
    const { book, at } = spoiltBook(oneTooMany);
    const both = await bothOf(book);
    for (const place of [both.file, both.server]) {
      const failed: unknown = await replay(place.audited).catch((error: unknown) => error);
      const position = await positionOf(place, at);
      expect(failed).to.be.instanceOf(ReplayFailed);
      expect(String(failed)).to.contain(`position ${position}: debits and credits differ by 1`);
    }
  });

  it('finds a stream in which a revision is not to be seen', async () => {
    const { server: place } = await bothOf(sampleBook());
    const before = await store().readStream('entry-1', { direction: 'backwards', limit: 1 });
    expect(before[0]?.revision).to.equal(0n);
    const hidden = { id: randomUUID(), type: '$hidden', data: {}, metadata: {} };
    await client().appendToStream('entry-1', { ...hidden, contentType: 'application/json' });
    const [last] = before;
    if (last === undefined) throw new Error('the stream is empty');
    await store().append('entry-1', 1n, [{ ...last, eventId: randomUUID() }]);
    const head = await store().head();
    const checks = await failuresOf({ ...place, audited: new ServerLog(store(), head) });
    expect(checks[0]?.failures).to.deep.equal([
      { where: `position ${head}`, what: 'entry-1 goes on with revision 2, not 1' },
    ]);
  });

  it('looks only at what was there when it began', async () => {
    const { server: place } = await bothOf(sampleBook());
    const expected = await answersOf(place, {});
    const last = (await store().readAll(0n, 1000)).at(-1);
    if (last === undefined) throw new Error('the log is empty');
    await store().append('entry-new', 'no-stream', [
      { ...last, eventId: randomUUID(), data: 'no JSON' },
    ]);
    expect(await answersOf(place, {})).to.deep.equal(expected);
    expect((await failuresOf(place))[1]?.failures).to.deep.equal([]);
  });

  it('does not take a log that ends early, or a server that is away, for a whole one', async () => {
    const { server: place } = await bothOf(sampleBook());
    const short = new ServerLog(store(), place.audited.head + 1n);
    const failed: unknown = await replay(short).catch((error: unknown) => error);
    expect(String(failed)).to.contain(`but the log ends at ${short.head}`);
    await server().down();
    const listener = { onCheck: () => undefined, onProgress: () => undefined };
    const views = { log: place.log, open: () => Promise.resolve(undefined), zone: ZONE };
    const { ok, checks } = await verifyLedger(place.audited, views, listener);
    expect(ok).to.equal(false);
    expect(checks.slice(0, 2).map(({ failures }) => failures[0]?.where)).to.deep.equal([
      'EventStoreDB',
      'EventStoreDB',
    ]);
  });
});

describe('the audit of a log on EventStoreDB whose clock was set back', () => {
  const START = Date.parse('2026-04-01T00:00:00Z');
  let now = START;
  const { store, open } = withStore({}, { now: () => now });
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-audit-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('says the same as that of its copy: recorded time never runs backwards', async () => {
    const steps = [0, 5_000, -7_000, 1_000, -1_000, 20_000];
    for (const [index, { stream, revision, ...event }] of sampleLog(30).recorded.entries()) {
      now += steps[index % steps.length] ?? 0;
      const expected = revision === 0n ? 'no-stream' : revision - 1n;
      await store().append(stream, expected, [event]);
    }
    const target = await openEventImport(folder);
    await copyLog(store(), target);
    await target.close();
    const copy = await openEventStore({ folder, readonly: true, checkTail: 0 });
    const log = await open({ readonly: true });
    const file = { audited: new FileLog(folder, await copy.head()), log: copy, folder };
    const onServer = { audited: new ServerLog(log, await log.head()), log, folder: '' };
    const text = await exported(file, {});
    expect(await exported(onServer, {})).to.equal(text);
    for (let instant = START; instant < now; instant += 2_500) {
      const known = { instant };
      const expected = await answersOf(file, { known });
      expect(await answersOf(onServer, { known })).to.deep.equal(expected);
    }
    await copy.close();
  });
});

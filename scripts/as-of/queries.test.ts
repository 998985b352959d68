import { describe, it } from 'mocha';
import { expect } from 'chai';
import { sealCursor } from '../../query-service/queries/cursor.js';
import type { Queries } from '../../query-service/queries/open.js';
import { isCurrency } from '../../shared/ledger/currency.js';
import { day, MemoryLog, moved } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { JOURNAL_VIEW } from '../../shared/views/journal.js';
import { lastEventTable } from '../../shared/views/last-event.js';
import { account, declareChart, NOW, post, project, queriesOn } from './book.js';

const AT = '2024-03-01T00:00:00Z';

function newLog(): MemoryLog {
  const log = new MemoryLog();
  declareChart(log, AT);
  return log;
}

async function open(log: MemoryLog): Promise<Queries> {
  const store = new MemoryViewStore();
  await project(log, store, () => 7);
  return queriesOn(log, store);
}

function postMany(log: MemoryLog, count: number): void {
  for (let number = 0; number < count; number++) {
    const entry = moved('1010', `2110:m${number}`, 1n);
    post(log, { id: `e${number}`, entry, effective: '2024-03-01', recordedAt: AT });
  }
}

function placeHold(log: MemoryLog): void {
  const currency = 'KRW';
  if (!isCurrency(currency)) throw new Error('no currency');
  const event = {
    type: 'HoldPlaced',
    data: {
      id: 'h1',
      account: account('2110:kim'),
      amount: 5n,
      currency,
      expiresAt: NOW,
      description: 'for an order',
      entry: moved('2110:kim', '2110:kim:held', 5n),
    },
  } as const;
  const stream = 'account-2110:kim';
  log.record({ event, effective: '2024-03-01', recordedAt: AT, stream });
}

describe('a question about what is known', () => {
  it('is refused when it is about the future', async () => {
    const queries = await open(newLog());
    const refused = { name: 'QueryRefused', code: 'VALIDATION_FAILED', field: 'known' };
    const soon = await failure(queries.trialBalance({ known: { instant: NOW + 1 } }));
    expect(soon).to.include(refused);
    const beyond = await failure(queries.trialBalance({ known: { position: 1_000n } }));
    expect(beyond).to.include({ ...refused, value: 'position:1000' });
    expect((await queries.trialBalance({ known: { instant: NOW } })).asOf.position).to.equal(35n);
  });

  it('about a position that is in the log but not in the views is to be asked again', async () => {
    const log = newLog();
    const queries = await open(log);
    postMany(log, 1);
    const error = await failure(queries.trialBalance({ known: { position: 36n } }));
    expect(error).to.include({ code: 'READ_MODEL_BEHIND', field: 'known' });
  });
});

describe('a question about an instant', () => {
  it('is to be asked again while the views lack what was recorded by then', async () => {
    const log = newLog();
    const queries = await open(log);
    postMany(log, 1);
    const instant = Date.parse(AT);
    const error = await failure(queries.trialBalance({ known: { instant } }));
    expect(error).to.include({ code: 'READ_MODEL_BEHIND', field: 'known' });
    const before = await queries.trialBalance({ known: { instant: instant - 1 } });
    expect(before.asOf.position).to.equal(0n);
  });
});

describe('a question the views cannot answer yet', () => {
  it('waits for them', async () => {
    const log = newLog();
    const store = new MemoryViewStore();
    await project(log, store, () => 100);
    postMany(log, 1);
    const waiting = queriesOn(log, store, 60_000).trialBalance({ known: { position: 36n } });
    await project(log, store, () => 100);
    expect((await waiting).asOf.position).to.equal(36n);
  });
});

describe('views that were made from another log', () => {
  it('answer nothing', async () => {
    const log = newLog();
    const store = new MemoryViewStore();
    await project(log, store, () => 100);
    const after = await store.checkpoint(JOURNAL_VIEW);
    const row = [JOURNAL_VIEW, after, 'the id of another event'];
    const puts = [{ table: lastEventTable, rows: [row] }];
    await store.commit(JOURNAL_VIEW, { after, upTo: after, puts });
    const queries = queriesOn(log, store);
    const fault = { name: 'StoreUnavailable' };
    expect(await failure(queries.trialBalance({}))).to.include(fault);
    expect(await failure(queries.balances(account('1010'), {}))).to.include(fault);
    expect(await failure(queries.journal({ limit: 1 }))).to.include(fault);
  });
});

describe('cursors', () => {
  it('of another question, changed ones and none at all are refused', async () => {
    const log = newLog();
    postMany(log, 5);
    const queries = await open(log);
    const bank = account('1010');
    const { nextCursor } = await queries.statement(bank, { limit: 2 });
    const cursor = nextCursor ?? '';
    const answered = await queries.statement(bank, { limit: 3, cursor });
    expect(answered.items.map((item) => item.entryId)).to.deep.equal(['e2', 'e3', 'e4']);
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const changed = Buffer.from(JSON.stringify(parts).replace('"KRW","2"', '"KRW","9"'));
    expect(changed.toString()).to.include('"9"');
    for (const query of [
      { limit: 2, cursor, currency: 'KRW' },
      { limit: 2, cursor, to: day('2024-03-05') },
      { limit: 2, cursor: changed.toString('base64url') },
      { limit: 2, cursor: '' },
      { limit: 2, cursor: '한글' },
    ]) {
      const error = await failure(queries.statement(bank, query));
      expect(error).to.include({ code: 'VALIDATION_FAILED', field: 'cursor' });
    }
    const other = await failure(queries.journal({ limit: 2, cursor }));
    expect(other).to.include({ code: 'VALIDATION_FAILED', field: 'cursor' });
  });

  it('that somebody made up are refused, though the digest is right', async () => {
    const log = newLog();
    postMany(log, 5);
    const queries = await open(log);
    const bank = account('1010');
    const large = '9223372036854775808';
    const statements = ['statement', '1010', '', '', '', ''];
    const journals = ['journal', '0', ''];
    const asked = [
      ...[
        [],
        ['x', '1', '1', '1'],
        ['', '1', '1', '1'],
        ['-1', '1', '1', '1'],
        ['1000', '1', '1', '1'],
        ['36', large, '1', '1'],
        ['36', '1', '1.5', '1'],
        ['36', '1', '1', '9223372036854775807'],
        ['36', '1', '1', '1', 'KRW'],
        ['36', '1', '1', '1', 'KRW', 'x'],
      ].map((place) =>
        queries.statement(bank, { limit: 2, cursor: sealCursor(statements, place) }),
      ),
      ...[[], ['x'], [''], [large]].map((place) =>
        queries.journal({ limit: 2, cursor: sealCursor(journals, place) }),
      ),
      ...[[], ['1010'], ['1010', 'x y'], ['1010', '2110:m1']].map((place) =>
        queries.accounts({ limit: 2, cursor: sealCursor(['accounts', '', ''], place) }),
      ),
    ];
    for (const error of await Promise.all(asked.map(failure))) {
      expect(error).to.include({ code: 'VALIDATION_FAILED', field: 'cursor' });
    }
  });

  it('limits are 1 to 500', async () => {
    const queries = await open(newLog());
    for (const limit of [0, -1, 501, 1.5, NaN]) {
      for (const asked of [
        queries.events(0n, limit),
        queries.journal({ limit }),
        queries.accounts({ limit }),
        queries.statement(account('1010'), { limit }),
      ]) {
        const error = await failure(asked);
        expect(error).to.include({ code: 'VALIDATION_FAILED', field: 'limit' });
      }
    }
  });
});

describe('the journal', () => {
  it('lists entries in log order, those of holds too', async () => {
    const log = newLog();
    postMany(log, 2);
    placeHold(log);
    const queries = await open(log);
    const first = await queries.journal({ limit: 2 });
    expect(first.items.map((item) => item.id)).to.deep.equal(['e0', 'e1']);
    const second = await queries.journal({ limit: 2, cursor: first.nextCursor ?? '' });
    expect(second.items.map((item) => item.id)).to.deep.equal(['account-2110:kim/0']);
    expect(second.nextCursor).to.equal(null);
    expect(await queries.journal({ limit: 2, account: account('2110:nobody') })).to.deep.equal({
      items: [],
      nextCursor: null,
    });
  });

  it('finds an entry by its id, and a hold by its place in the log', async () => {
    const log = newLog();
    postMany(log, 3);
    placeHold(log);
    const queries = await open(log);
    const entry = await queries.entry('e1');
    expect(entry).to.deep.include({ id: 'e1', stream: 'entry-e1', position: 37n, revision: 0n });
    expect(entry.legs.map((leg) => leg.account)).to.deep.equal(['1010', '2110:m1']);
    expect(await queries.entry('account-2110:kim/0')).to.include({ description: 'for an order' });
    for (const id of ['e9', 'entry-e1/0', 'account-2110:kim/7', 'account-1010/0', '/']) {
      expect(await failure(queries.entry(id))).to.include({ code: 'NOT_FOUND', field: 'id' });
    }
  });
});

describe('the accounts', () => {
  it('are listed by code and id, narrowed by type and prefix, page by page', async () => {
    const log = newLog();
    postMany(log, 12);
    const queries = await open(log);
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queries.accounts({
        limit: 5,
        ...(cursor === undefined ? {} : { cursor }),
      });
      all.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(all).to.have.lengthOf(35 + 12);
    expect(all).to.deep.equal([...new Set(all)].sort());
    const ids = async (query: Omit<Parameters<Queries['accounts']>[0], 'limit'>) =>
      (await queries.accounts({ ...query, limit: 500 })).items.map((item) => item.id);
    expect(await ids({ type: 'revenue' })).to.deep.equal(['4010', '4020', '4090']);
    expect(await ids({ prefix: '2110:m1' })).to.deep.equal(['2110:m1', '2110:m10', '2110:m11']);
    expect(await ids({ prefix: '101' })).to.deep.equal(['1010']);
    expect(await ids({ prefix: '1010:' })).to.deep.equal([]);
    const [item] = (await queries.accounts({ prefix: '2110:m3', limit: 1 })).items;
    expect(item).to.deep.equal({
      id: '2110:m3',
      code: '2110',
      name: 'Points, paid',
      type: 'liability',
      guarded: false,
    });
  });
});

describe('events', () => {
  it('are shown as stored, and an undecodable one with the reason', async () => {
    const log = newLog();
    postMany(log, 1);
    log.append('entry-odd', {
      eventId: '00000000-0000-4000-8000-999999999999',
      type: 'EntryPosted',
      data: '{"from":"the future"}',
      metadata: '{"schemaVersion":99,"commandId":"c9","actor":"kim"}',
      recordedAt: NOW,
    });
    const queries = queriesOn(log, new MemoryViewStore());
    const { items, nextCursor } = await queries.events(35n, 2);
    expect(nextCursor).to.equal(null);
    const [entry, odd] = items;
    expect(entry).to.deep.include({ type: 'EntryPosted', position: 36n, schemaVersion: 1 });
    expect(entry?.data).to.have.nested.property('entry.legs[0].amount', '1');
    expect(odd).to.deep.include({
      data: { from: 'the future' },
      schemaVersion: 99,
      actor: 'kim',
      causationId: 'c9',
      effectiveDate: null,
    });
    expect(odd).to.have.property('undecodable').that.is.a('string');
    expect((await queries.events(0n, 2)).nextCursor).to.equal('2');
  });

  it('of one stream come in order of revision, between two of them', async () => {
    const log = newLog();
    for (let times = 0; times < 5; times++) placeHold(log);
    const queries = queriesOn(log, new MemoryViewStore());
    const stream = 'account-2110:kim';
    const page = await queries.streamEvents(stream, { from: 1n, to: 3n, limit: 2 });
    expect(page.items.map((item) => item.revision)).to.deep.equal([1n, 2n]);
    expect(page.nextCursor).to.equal('3');
    const rest = await queries.streamEvents(stream, { from: 3n, to: 3n, limit: 2 });
    expect(rest.items.map((item) => item.revision)).to.deep.equal([3n]);
    expect(rest.nextCursor).to.equal(null);
    expect((await queries.streamEvents(stream, { from: 9n, limit: 2 })).items).to.deep.equal([]);
    const error = await failure(queries.streamEvents('account-none', { limit: 2 }));
    expect(error).to.include({ code: 'NOT_FOUND', field: 'stream' });
  });

  it('of one request are a tree by causation', async () => {
    const log = newLog();
    const entry = moved('1010', '4010', 1n);
    const add = (id: string, commandId: string, causationId: string): string => {
      const metadata = { commandId, causationId, correlationId: 'r1' };
      const event = { type: 'EntryPosted', data: { id, description: '', entry } } as const;
      log.record({ event, effective: '2024-03-01', recordedAt: AT, metadata });
      return log.recorded.at(-1)?.eventId ?? '';
    };
    const first = add('a', 'c1', 'c1');
    const second = add('b', 'c2', first);
    add('c', 'c3', second);
    add('d', 'c4', first);
    add('e', 'c5', 'c5');
    postMany(log, 1);
    const queries = await open(log);
    const trace = await queries.trace('r1');
    type Node = (typeof trace.roots)[number];
    const shape = (node: Node): unknown => [node.event.commandId, node.children.map(shape)];
    expect(trace.roots.map(shape)).to.deep.equal([
      [
        'c1',
        [
          ['c2', [['c3', []]]],
          ['c4', []],
        ],
      ],
      ['c5', []],
    ]);
    expect(trace).to.include({ events: 5, truncated: false });
    const error = await failure(queries.trace('r2'));
    expect(error).to.include({ code: 'NOT_FOUND', field: 'correlationId' });
  });
});

describe('reads that follow a write', () => {
  it('wait until the views have come to the position', async () => {
    const log = newLog();
    const store = new MemoryViewStore();
    await project(log, store, () => 100);
    const queries = queriesOn(log, store);
    expect(await queries.position()).to.equal(35n);
    postMany(log, 1);
    const waiting = queries.waitFor(36n, 60_000);
    await project(log, store, () => 100);
    expect(await waiting).to.equal(36n);
  });

  it('are told when that takes too long', async () => {
    const queries = await open(newLog());
    const error = await failure(queries.waitFor(36n, 0));
    expect(error).to.include({ code: 'READ_MODEL_BEHIND' });
  });
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was answered');
}

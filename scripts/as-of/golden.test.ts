import { describe, it } from 'mocha';
import { expect } from 'chai';
import type { Queries } from '../../query-service/queries/open.js';
import type { AsOf } from '../../query-service/queries/answers.js';
import { reverseEntry } from '../../shared/ledger/entry.js';
import { balanced, day, MemoryLog, moved } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { legsTable, sideLegsTable } from '../../shared/views/journal.js';
import { account, declareChart, post, project, queriesOn } from './book.js';

/*
 * A book small enough to check by hand. Bank 1010 against Kim's points 2110:kim, in won.
 *
 *   e1  recorded 1 March, effective 1 March    100
 *   e2  recorded 3 March, effective 3 March    20
 *   e3  recorded 5 March, effective 2 March    7     back-dated
 *   e4  recorded 5 March, effective 6 March    50    post-dated
 *   e5  recorded 5 March, effective 5 March    3
 *   r2  recorded 6 March, effective 3 March    e2 undone, back-dated
 *   e6  recorded 6 March, effective 6 March    1
 */
const BOOK = [
  ['e1', '2024-03-01T01:00:00Z', '2024-03-01', 100n],
  ['e2', '2024-03-03T01:00:00Z', '2024-03-03', 20n],
  ['e3', '2024-03-05T01:00:00Z', '2024-03-02', 7n],
  ['e4', '2024-03-05T02:00:00Z', '2024-03-06', 50n],
  ['e5', '2024-03-05T03:00:00Z', '2024-03-05', 3n],
  ['r2', '2024-03-06T01:00:00Z', '2024-03-03', -20n],
  ['e6', '2024-03-06T02:00:00Z', '2024-03-06', 1n],
] as const;

type Book = Readonly<{ queries: Queries; positions: Map<string, bigint>; store: MemoryViewStore }>;

async function book(): Promise<Book> {
  const log = new MemoryLog(10n);
  declareChart(log, '2024-02-01T00:00:00Z');
  const positions = new Map<string, bigint>();
  for (const [id, recordedAt, effective, amount] of BOOK) {
    const forth = moved('1010', '2110:kim', amount < 0n ? -amount : amount);
    const entry = amount < 0n ? reverseEntry(forth) : forth;
    positions.set(id, post(log, { id, entry, effective, recordedAt }));
  }
  return { ...(await open(log)), positions };
}

async function open(log: MemoryLog): Promise<Omit<Book, 'positions'>> {
  const store = new MemoryViewStore();
  await project(log, store, () => 4);
  return { queries: queriesOn(log, store), store };
}

async function bank(queries: Queries, asOf: AsOf): Promise<bigint | undefined> {
  return (await queries.balances(account('1010'), asOf)).balances[0]?.balance;
}

describe('a balance on a day, as known at some time', () => {
  it('is what was effective by the day and recorded by the time', async () => {
    const { queries, positions } = await book();
    const known = (id: string): AsOf => ({ known: { position: positions.get(id) ?? -1n } });
    expect(await bank(queries, {})).to.equal(161n);
    expect(await bank(queries, { effective: day('2024-02-29') })).to.equal(undefined);
    expect(await bank(queries, { effective: day('2024-03-01') })).to.equal(100n);
    expect(await bank(queries, { effective: day('2024-03-02') })).to.equal(107n);
    expect(await bank(queries, { effective: day('2024-03-03') })).to.equal(107n);
    expect(await bank(queries, { effective: day('2024-03-05') })).to.equal(110n);
    expect(await bank(queries, { effective: day('2024-03-06') })).to.equal(161n);
    expect(await bank(queries, known('e2'))).to.equal(120n);
    expect(await bank(queries, known('e4'))).to.equal(177n);
    // On 3 March the bank was thought to hold 120, then 127, and 107 since e2 was undone.
    const third = { effective: day('2024-03-03') };
    expect(await bank(queries, { ...third, ...known('e2') })).to.equal(120n);
    expect(await bank(queries, { ...third, ...known('e3') })).to.equal(127n);
    expect(await bank(queries, { ...third, ...known('r2') })).to.equal(107n);
  });

  it('takes an instant to the millisecond', async () => {
    const { queries } = await book();
    const at = (text: string): AsOf => ({ known: { instant: Date.parse(text) } });
    expect(await bank(queries, at('2024-03-03T00:59:59.999Z'))).to.equal(100n);
    expect(await bank(queries, at('2024-03-03T01:00:00.000Z'))).to.equal(120n);
    const before = await queries.balances(account('1010'), at('2023-01-01T00:00:00Z'));
    expect(before.balances).to.deep.equal([]);
    expect(before.asOf).to.deep.equal({
      effective: null,
      known: '2023-01-01T00:00:00.000Z',
      position: 0n,
    });
  });

  it('shows debits and credits, and the balance on the normal side', async () => {
    const { queries } = await book();
    const { balances, asOf } = await queries.balances(account('2110:kim'), {});
    expect(balances).to.deep.equal([
      { currency: 'KRW', debits: 20n, credits: 181n, balance: 161n },
    ]);
    expect(asOf.position).to.equal(420n);
  });

  it('of an account that never moved is an empty list, if its code was declared', async () => {
    const { queries } = await book();
    expect((await queries.balances(account('2110:nobody'), {})).balances).to.deep.equal([]);
    const error = await failure(queries.balances(account('7777:kim'), {}));
    expect(error).to.include({ name: 'QueryRefused', code: 'NOT_FOUND', field: 'account' });
  });
});

describe('main and side legs', () => {
  it('are told apart by day: not before the last main leg, not after the day of recording', async () => {
    const { store } = await book();
    // Chain 0 is the bank. Positions: the chart of 35 codes takes those up to 350.
    const positionsOf = (rows: readonly (readonly unknown[])[], at: number): unknown[] =>
      rows.filter((row) => row[0] === 0n).map((row) => row[at]);
    expect(positionsOf(store.rows(legsTable), 1)).to.deep.equal([360n, 370n, 400n, 420n]);
    expect(positionsOf(store.rows(sideLegsTable), 2)).to.deep.equal([380n, 410n, 390n]);
  });

  it('a history imported in date order is all main, however many entries a day has', async () => {
    const log = new MemoryLog();
    for (let number = 0; number < 40; number++) {
      const effective = `2020-01-${String(1 + Math.floor(number / 2)).padStart(2, '0')}`;
      const entry = moved('1010', '4010', 5n);
      post(log, { id: `e${number}`, entry, effective, recordedAt: '2024-03-01T00:00:00Z' });
    }
    const { store } = await open(log);
    expect(store.rows(sideLegsTable)).to.deep.equal([]);
    expect(store.rows(legsTable)).to.have.lengthOf(80);
  });

  it('a leg of today is a main leg from local midnight on', async () => {
    const log = new MemoryLog();
    const entry = moved('1010', '4010', 5n);
    // 15:00 UTC is midnight in Seoul.
    const effective = '2024-03-02';
    post(log, { id: 'early', entry, effective, recordedAt: '2024-03-01T14:59:59.999Z' });
    post(log, { id: 'late', entry, effective, recordedAt: '2024-03-01T15:00:00.000Z' });
    const { store } = await open(log);
    expect(store.rows(sideLegsTable).map((row) => row[2])).to.deep.equal([1n, 1n]);
    expect(store.rows(legsTable).map((row) => row[1])).to.deep.equal([2n, 2n]);
  });
});

describe('sums', () => {
  it('above an int64, on main and side legs', async () => {
    const log = new MemoryLog();
    declareChart(log, '2024-03-01T00:00:00Z');
    const most = 2n ** 63n - 1n;
    const days = ['2024-01-01', '2024-01-02', '2024-01-03'];
    for (let number = 0; number < 300; number++) {
      const effective = number < 3 ? (days[number] ?? '') : '2023-12-31';
      const entry = moved('1010', '4010', most);
      post(log, { id: `e${number}`, entry, effective, recordedAt: '2024-03-01T00:00:00Z' });
    }
    const { queries } = await open(log);
    expect(await bank(queries, {})).to.equal(300n * most);
    expect(await bank(queries, { effective: day('2024-01-02') })).to.equal(299n * most);
    expect(await bank(queries, { effective: day('2023-12-31') })).to.equal(297n * most);
    const { totals } = await queries.trialBalance({ effective: day('2024-01-01') });
    expect(totals).to.deep.equal([{ currency: 'KRW', debits: 298n * most, credits: 298n * most }]);
  });
});

describe('a trial balance', () => {
  it('has a row per account and currency that moved, and totals per currency', async () => {
    const log = new MemoryLog();
    declareChart(log, '2024-03-01T00:00:00Z');
    const common = { effective: '2024-03-01', recordedAt: '2024-03-01T00:00:00Z' };
    const entry = balanced([
      { account: '1010', side: 'debit', amount: 10n, currency: 'USD' },
      { account: '1010', side: 'credit', amount: 4n, currency: 'USD' },
      { account: '4010', side: 'credit', amount: 6n, currency: 'USD' },
      { account: '1010', side: 'debit', amount: 9n, currency: 'KRW' },
      { account: '2110:kim', side: 'credit', amount: 9n, currency: 'KRW' },
    ]);
    post(log, { id: 'both', entry, ...common });
    const { queries } = await open(log);
    const bank1010 = { account: '1010', name: 'Bank, operating', type: 'asset' };
    const { rows, totals } = await queries.trialBalance({});
    expect(rows).to.deep.equal([
      { ...bank1010, currency: 'KRW', debits: 9n, credits: 0n, balance: 9n },
      { ...bank1010, currency: 'USD', debits: 10n, credits: 4n, balance: 6n },
      {
        account: '2110:kim',
        name: 'Points, paid',
        type: 'liability',
        currency: 'KRW',
        debits: 0n,
        credits: 9n,
        balance: 9n,
      },
      {
        account: '4010',
        name: 'Platform fee',
        type: 'revenue',
        currency: 'USD',
        debits: 0n,
        credits: 6n,
        balance: 6n,
      },
    ]);
    expect(totals).to.deep.equal([
      { currency: 'KRW', debits: 9n, credits: 9n },
      { currency: 'USD', debits: 10n, credits: 10n },
    ]);
    expect((await queries.trialBalance({}, '10')).rows.map((row) => row.account)).to.deep.equal([
      '1010',
      '1010',
    ]);
  });

  it('is no answer at all when the stored sums do not balance', async () => {
    const { queries, store } = await book();
    const [first] = store.rows(legsTable);
    if (first === undefined) throw new Error('there are no legs');
    const damaged = [...first.slice(0, 5), 99n, 0n];
    const after = await store.checkpoint('journal');
    const puts = [{ table: legsTable, rows: [damaged] }];
    await store.commit('journal', { after, upTo: after, puts });
    const error = await failure(queries.trialBalance({ known: { position: 360n } }));
    expect(error).to.have.property('message').that.includes('do not balance');
  });
});

describe('a statement', () => {
  it('lists legs by effective day, then position, with the balance after each', async () => {
    const { queries } = await book();
    const { opening, items, closing, nextCursor } = await queries.statement(account('1010'), {
      from: day('2024-03-02'),
      to: day('2024-03-05'),
      limit: 50,
    });
    expect(items.map((item) => [item.entryId, item.side, item.amount, item.balance])).to.deep.equal(
      [
        ['e3', 'debit', 7n, 107n],
        ['e2', 'debit', 20n, 127n],
        ['r2', 'credit', 20n, 107n],
        ['e5', 'debit', 3n, 110n],
      ],
    );
    expect(items[0]).to.include({
      effectiveDate: '2024-03-02',
      description: 'about e3',
      stream: 'entry-e3',
      recordedAt: Date.parse('2024-03-05T01:00:00Z'),
    });
    expect(opening).to.deep.equal([{ currency: 'KRW', debits: 100n, credits: 0n, balance: 100n }]);
    expect(closing).to.deep.equal([{ currency: 'KRW', debits: 130n, credits: 20n, balance: 110n }]);
    expect(nextCursor).to.equal(null);
  });

  it('shows what was known then, not what came later', async () => {
    const { queries, positions } = await book();
    const { items } = await queries.statement(account('1010'), {
      known: { position: positions.get('e2') ?? 0n },
      limit: 50,
    });
    expect(items.map((item) => item.entryId)).to.deep.equal(['e1', 'e2']);
  });

  it('shows both legs of an entry that names the account twice', async () => {
    const log = new MemoryLog();
    declareChart(log, '2024-03-01T00:00:00Z');
    const entry = balanced([
      { account: '1010', side: 'debit', amount: 10n, currency: 'KRW' },
      { account: '1010', side: 'credit', amount: 4n, currency: 'KRW' },
      { account: '4010', side: 'credit', amount: 6n, currency: 'KRW' },
    ]);
    const recordedAt = '2024-03-01T00:00:00Z';
    post(log, { id: 'twice', entry, effective: '2024-03-01', recordedAt });
    const { queries } = await open(log);
    const first = await queries.statement(account('1010'), { limit: 1 });
    expect(first.items.map(({ side, balance }) => [side, balance])).to.deep.equal([['debit', 10n]]);
    const cursor = first.nextCursor ?? '';
    const second = await queries.statement(account('1010'), { limit: 1, cursor });
    expect(second.items.map(({ side, balance }) => [side, balance])).to.deep.equal([
      ['credit', 6n],
    ]);
  });

  it('keeps its pages while entries are added, before and after the page', async () => {
    const log = new MemoryLog();
    const store = new MemoryViewStore();
    const recordedAt = '2024-03-09T00:00:00Z';
    declareChart(log, recordedAt);
    const add = async (id: string, effective: string): Promise<void> => {
      post(log, { id, entry: moved('1010', '4010', 1n), effective, recordedAt });
      await project(log, store, () => 100);
    };
    for (let number = 1; number <= 6; number++) await add(`e${number}`, `2024-03-0${number}`);
    const queries = queriesOn(log, store);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const resume = cursor === undefined ? {} : { cursor };
      const page = await queries.statement(account('1010'), { limit: 2, ...resume });
      seen.push(...page.items.map((item) => `${item.entryId}:${item.balance}`));
      expect(page.closing[0]?.balance).to.equal(6n);
      cursor = page.nextCursor ?? undefined;
      await add(`before-${seen.length}`, '2024-03-01');
      await add(`after-${seen.length}`, '2024-03-09');
    } while (cursor !== undefined);
    expect(seen).to.deep.equal(['e1:1', 'e2:2', 'e3:3', 'e4:4', 'e5:5', 'e6:6']);
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

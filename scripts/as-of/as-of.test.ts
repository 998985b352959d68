import { describe, it } from 'mocha';
import { expect } from 'chai';
import fc from 'fast-check';
import { allViews } from '../../projection-service/views/all.js';
import type { StatementItem } from '../../query-service/queries/answers.js';
import type { Queries } from '../../query-service/queries/open.js';
import type { AccountType } from '../../shared/ledger/account.js';
import { formatDay, knownDayNumber } from '../../shared/ledger/day.js';
import type { LegInput } from '../../shared/ledger/entry.js';
import { balanced, day, MemoryLog } from '../../shared/testing/memory-log.js';
import { MemoryViewStore } from '../../shared/testing/memory-view-store.js';
import { sideBlocksTable } from '../../shared/views/journal.js';
import {
  account,
  declareChart,
  inMemory,
  onSqlite,
  post,
  project,
  queriesOn,
  ZONE,
} from './book.js';
import { plainBalances, plainStatement, within, type PlainLeg } from './brute-force.js';

/*
 * Random histories, and every answer about them compared with a fold that looks at every leg.
 */

const ACCOUNTS: readonly (readonly [id: string, type: AccountType])[] = [
  ['1010', 'asset'],
  ['2110:kim', 'liability'],
  ['2110:lee', 'liability'],
  ['4010', 'revenue'],
  ['5010:pg', 'expense'],
];
const CURRENCIES = ['KRW', 'USD'];
const START = Date.parse('2024-03-01T00:00:00Z');
const START_DAY = knownDayNumber(day('2024-03-01'));

type Move = Readonly<{
  /** Milliseconds since the entry before was recorded. */
  wait: number;
  /** Effective day, counted from the first day of the history. */
  effective: number;
  debit: number;
  credit: number;
  currency: number;
  amount: bigint;
  /** The debit is posted in two legs, of which this is the first one's share in percent. */
  split: number;
}>;

/** How the effective days of a stretch of history run. */
const PATTERNS = ['onTime', 'forwards', 'backwards', 'shuffled', 'oneDay'] as const;

const stretch = fc
  .record({
    pattern: fc.constantFrom(...PATTERNS),
    moves: fc.array(
      fc.record({
        wait: fc.constantFrom(0, 0, 1, 3_600_000, 40_000_000),
        effective: fc.integer({ min: -40, max: 40 }),
        debit: fc.nat({ max: ACCOUNTS.length - 1 }),
        credit: fc.nat({ max: ACCOUNTS.length - 1 }),
        currency: fc.nat({ max: CURRENCIES.length - 1 }),
        amount: fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(2n ** 62n, 2n ** 63n - 2n)),
        split: fc.constantFrom(0, 0, 0, 30, 50),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  })
  .map(({ pattern, moves }) =>
    moves.map((move, index): Move => ({ ...move, effective: pace(pattern, move, index) })),
  );

function pace(pattern: (typeof PATTERNS)[number], { effective }: Move, index: number): number {
  switch (pattern) {
    case 'onTime':
      return NaN;
    case 'forwards':
      return -40 + index;
    case 'backwards':
      return -index;
    case 'shuffled':
      return effective;
    case 'oneDay':
      return -7;
  }
}

/** One chain gets many side legs, so that blocks of several levels come about. */
function longTail(seed: readonly number[]): readonly Move[] {
  return seed.map((effective, index) => ({
    wait: index % 50 === 0 ? 3_600_000 : 0,
    effective: index === 0 ? NaN : effective,
    debit: 0,
    credit: index % 3 === 0 ? 0 : 1,
    currency: 0,
    amount: BigInt(index + 1),
    split: index % 7 === 0 ? 40 : 0,
  }));
}

const history = fc
  .tuple(
    fc.array(stretch, { maxLength: 3 }),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(fc.integer({ min: -300, max: 20 }), { minLength: 400, maxLength: 500 }),
      },
    ),
    fc.array(stretch, { minLength: 1, maxLength: 2 }),
  )
  .map(([before, tail, after]) => [...before.flat(), ...longTail(tail), ...after.flat()]);

const seeds = fc.infiniteStream(fc.nat({ max: 2 ** 30 }));

type Recorded = Readonly<{ log: MemoryLog; legs: readonly PlainLeg[]; instants: number[] }>;

function record(moves: readonly Move[]): Recorded {
  const log = new MemoryLog(3n);
  const legs: PlainLeg[] = [];
  const instants: number[] = [];
  declareChart(log, START);
  let now = START;
  moves.forEach((move, number) => {
    now += move.wait;
    instants.push(now);
    const today = Math.floor((now + 9 * 3_600_000) / 86_400_000);
    const effective = formatDay(Number.isNaN(move.effective) ? today : START_DAY + move.effective);
    const id = `e${number}`;
    const wire = legsOf(move);
    const position = post(log, { id, entry: balanced(wire), effective, recordedAt: now });
    wire.forEach((leg, index) => {
      const amount = leg.side === 'debit' ? leg.amount : -leg.amount;
      const { account: name, currency } = leg;
      legs.push({ account: name, currency, amount, day: effective, position, index, entryId: id });
    });
  });
  return { log, legs, instants };
}

function legsOf({ debit, credit, currency, amount, split }: Move): readonly LegInput[] {
  const leg = (index: number, side: 'debit' | 'credit', share: bigint): LegInput => ({
    account: ACCOUNTS[index]?.[0] ?? '',
    side,
    amount: share,
    currency: CURRENCIES[currency] ?? '',
  });
  const first = (amount * BigInt(split)) / 100n;
  const debits =
    first > 0n && first < amount
      ? [leg(debit, 'debit', first), leg(debit, 'debit', amount - first)]
      : [leg(debit, 'debit', amount)];
  return [...debits, leg(credit, 'credit', amount)];
}

/** A random way to ask: what is asked of the queries, and the same in plain words. */
function anyCut(pick: (below: number) => number, { log, instants }: Recorded) {
  const effective = pick(4) === 0 ? undefined : formatDay(START_DAY - 60 + pick(130));
  const head = log.recorded.at(-1)?.position ?? 0n;
  const asked = effective === undefined ? {} : { effective };
  switch (pick(3)) {
    case 0:
      return { asked, plain: { ...asked, position: head } };
    case 1: {
      const position = BigInt(pick(Number(head) + 1));
      return { asked: { ...asked, known: { position } }, plain: { ...asked, position } };
    }
    default: {
      const instant = (instants[pick(instants.length)] ?? START) - pick(2);
      const known = log.recorded.filter((event) => event.recordedAt <= instant);
      const position = known.at(-1)?.position ?? 0n;
      return { asked: { ...asked, known: { instant } }, plain: { ...asked, position } };
    }
  }
}

async function allItems(
  queries: Queries,
  name: string,
  query: Omit<Parameters<Queries['statement']>[1], 'limit'>,
  limit: number,
): Promise<readonly StatementItem[]> {
  const items: StatementItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await queries.statement(account(name), {
      ...query,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

/** Asks everything about a random cut, and compares. */
async function compare(
  queries: Queries,
  recorded: Recorded,
  pick: (below: number) => number,
): Promise<void> {
  const { legs } = recorded;
  const { asked, plain } = anyCut(pick, recorded);
  const trial = await queries.trialBalance(asked);
  expect(trial.asOf.position).to.equal(plain.position);
  const expected = ACCOUNTS.flatMap(([id, type]) =>
    plainBalances(legs, id, type, plain).map((row) => ({ account: id, type, ...row })),
  );
  expect(trial.rows.map(({ name: _, ...row }) => row)).to.deep.equal(expected);
  const below = await queries.trialBalance(asked, '2110:');
  expect(below.rows).to.deep.equal(trial.rows.filter((row) => row.account.startsWith('2110:')));
  const [id, type] = ACCOUNTS[pick(ACCOUNTS.length)] ?? ['1010', 'asset'];
  const { balances } = await queries.balances(account(id), asked);
  expect(balances).to.deep.equal(plainBalances(legs, id, type, plain));

  const from = pick(2) === 0 ? undefined : formatDay(START_DAY - 70 + pick(80));
  const to = asked.effective;
  if (from !== undefined && to !== undefined && from > to) return;
  const currency = pick(2) === 0 ? undefined : CURRENCIES[pick(2)];
  const query = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(currency === undefined ? {} : { currency }),
    ...('known' in asked ? { known: asked.known } : {}),
  };
  const items = await allItems(queries, id, query, 1 + pick(120));
  const plainItems = plainStatement(
    legs,
    {
      account: id,
      type,
      ...(currency === undefined ? {} : { currency }),
      ...(from === undefined ? {} : { from }),
    },
    plain,
  );
  const seen = items.map(({ effectiveDate, position, entryId, side, amount, ...item }) => ({
    effectiveDate,
    position,
    entryId,
    signed: side === 'debit' ? amount : -amount,
    currency: item.currency,
    balance: item.balance,
  }));
  expect(seen).to.deep.equal(plainItems);
}

function picker(values: Iterator<number>): (below: number) => number {
  return (below) => Number(values.next().value) % below;
}

for (const [name, withStore, runs] of [
  ['in memory', inMemory, 60],
  ['on SQLite', onSqlite, 10],
] as const) {
  describe(`balances and statements as of both axes, ${name}`, () => {
    it('agree with a fold of every leg', async () => {
      const property = fc.asyncProperty(history, seeds, async (moves, stream) => {
        const pick = picker(stream[Symbol.iterator]());
        const recorded = record(moves);
        await withStore(async (store) => {
          const forgets = (): boolean => pick(3) === 0;
          await project(recorded.log, store, () => 1 + pick(90), forgets);
          const queries = queriesOn(recorded.log, store);
          for (let round = 0; round < 12; round++) await compare(queries, recorded, pick);
        });
      });
      await fc.assert(property, { numRuns: runs });
    });

    it('agree where one account has blocks of every level', async () => {
      // 1,100 back-dated legs on one chain: more than 4 × 4 blocks of 48.
      const moves = longTail(Array.from({ length: 1100 }, (_, index) => -((index * 7919) % 400)));
      const recorded = record(moves);
      let state = 1;
      const pick = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
      await withStore(async (store) => {
        await project(recorded.log, store, () => 97);
        const range = { index: 'key', prefix: [2n], limit: 9 };
        expect(await store.scan(sideBlocksTable, range)).to.have.lengthOf.above(0);
        const queries = queriesOn(recorded.log, store);
        for (let round = 0; round < 60; round++) await compare(queries, recorded, pick);
      });
    });

    it('list the journal of an account in log order, page by page', async () => {
      const moves = longTail(Array.from({ length: 300 }, (_, index) => -((index * 31) % 90)));
      const { log, legs } = record(moves);
      await withStore(async (store) => {
        await project(log, store, () => 64);
        const queries = queriesOn(log, store);
        for (const [id] of ACCOUNTS.slice(0, 2)) {
          const mine = legs.filter((leg) => leg.account === id && leg.position > 200n);
          expect(await journalIds(queries, id, 200n)).to.deep.equal([
            ...new Set(mine.map((leg) => leg.entryId)),
          ]);
        }
        const all = legs.filter((leg) => within(leg, { position: 10_000n }));
        expect(await journalIds(queries, undefined, 0n)).to.deep.equal([
          ...new Set(all.map((leg) => leg.entryId)),
        ]);
      });
    });
  });
}

describe('the rows of the views', () => {
  it('do not depend on where batches end or when a fold is opened', async () => {
    const property = fc.asyncProperty(history, seeds, async (moves, stream) => {
      const pick = picker(stream[Symbol.iterator]());
      const { log } = record(moves);
      const [whole, cut] = [new MemoryViewStore(), new MemoryViewStore()];
      await project(log, whole, () => log.recorded.length);
      await project(
        log,
        cut,
        () => 1 + pick(40),
        () => pick(4) === 0,
      );
      for (const table of allViews(ZONE).flatMap((view) => view.tables)) {
        expect(cut.rows(table), table.name).to.deep.equal(whole.rows(table));
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

async function journalIds(
  queries: Queries,
  id: string | undefined,
  after: bigint,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await queries.journal({
      after,
      limit: 37,
      ...(id === undefined ? {} : { account: account(id) }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

import { describe, it } from 'mocha';
import { expect } from 'chai';
import { formatDay, knownDayNumber } from '../../shared/ledger/day.js';
import { day, MemoryLog, moved } from '../../shared/testing/memory-log.js';
import { declareChart, inMemory, onSqlite, post, project, queriesOn } from './book.js';
import { plainBalances, within, type PlainCut, type PlainLeg } from './brute-force.js';

/*
 * Trial balances of many accounts look at a sample first, to begin with the axis that ends first.
 * These histories take every way through that.
 */

const OWNERS = 120;
const START = Date.parse('2024-03-01T00:00:00Z');
const START_DAY = knownDayNumber(day('2024-03-01'));
const DAY_MS = 86_400_000;

type Move = Readonly<{ recordedAt: number; day: number; owner: number; amount: bigint }>;

/** Recorded as it happens: 40 entries a day, now and then one for a day before. */
const DAY_BY_DAY: readonly Move[] = Array.from({ length: 1200 }, (_, index) => {
  const today = Math.floor(index / 40);
  return {
    recordedAt: START + today * DAY_MS + (index % 40),
    day: START_DAY + (index % 50 === 7 ? -9 : today),
    owner: (index * 7) % OWNERS,
    amount: BigInt(index + 1),
  };
});

/** Imported on one day: the whole history of one owner, then that of the next. */
const ACCOUNT_BY_ACCOUNT: readonly Move[] = Array.from({ length: 1200 }, (_, index) => ({
  recordedAt: START + index,
  day: START_DAY - 40 + (index % 10) * 4,
  owner: Math.floor(index / 10),
  amount: BigInt(index + 1),
}));

for (const [history, moves] of [
  ['recorded day by day', DAY_BY_DAY],
  ['imported account by account', ACCOUNT_BY_ACCOUNT],
] as const) {
  for (const [where, withStore] of [
    ['in memory', inMemory],
    ['on SQLite', onSqlite],
  ] as const) {
    describe(`trial balances of many accounts, ${history}, ${where}`, () => {
      it('agree with a fold of every leg', async () => {
        const { log, legs, positions } = record(moves);
        await withStore(async (store) => {
          await project(log, store, () => 211);
          const queries = queriesOn(log, store);
          for (let offset = -42; offset <= 32; offset += 6) {
            for (const index of [0, 99, 250, 700, moves.length - 1]) {
              const effective = day(formatDay(START_DAY + offset));
              const position = positions[index] ?? 0n;
              const { rows } = await queries.trialBalance({ effective, known: { position } });
              expect(rows.map((row) => [row.account, row.balance])).to.deep.equal(
                plainTrial(legs, { effective, position }),
              );
            }
          }
        });
      });
    });
  }
}

function record(moves: readonly Move[]) {
  const log = new MemoryLog();
  const legs: PlainLeg[] = [];
  const positions: bigint[] = [];
  declareChart(log, START);
  moves.forEach(({ recordedAt, day: number, owner, amount }, index) => {
    const account = `2110:m${owner}`;
    const effective = formatDay(number);
    const id = `e${index}`;
    const position = post(log, {
      id,
      entry: moved('1010', account, amount),
      effective,
      recordedAt,
    });
    positions.push(position);
    const common = { currency: 'KRW', day: effective, position, entryId: id };
    legs.push({ ...common, account: '1010', amount, index: 0 });
    legs.push({ ...common, account, amount: -amount, index: 1 });
  });
  return { log, legs, positions };
}

function plainTrial(legs: readonly PlainLeg[], cut: PlainCut): (readonly [string, bigint])[] {
  const names = [...new Set(legs.filter((leg) => within(leg, cut)).map((leg) => leg.account))];
  return names.sort().flatMap((name) => {
    const type = name === '1010' ? 'asset' : 'liability';
    return plainBalances(legs, name, type, cut).map(({ balance }) => [name, balance] as const);
  });
}

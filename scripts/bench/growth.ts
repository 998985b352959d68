import { isAccountId, type AccountId } from '../../shared/ledger/account.js';
import { formatDay, type Day } from '../../shared/ledger/day.js';
import { FileLog } from '../audit/file-log.js';
import { replay } from '../audit/replay.js';
import { sized, withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { Book } from './book.js';
import { HISTORY_DAYS, historyOf, lastHistoryDay } from './commands.js';
import { Random } from './random.js';
import {
  DURABLE,
  NO_WRITES,
  percentiles,
  same,
  type BenchResult,
  type Check,
  type Figure,
} from './report.js';
import { latency, now, type Latency } from './statistics.js';
import { totalOf, type Workload } from './workload.js';

const ACCOUNTS = 10_000;
const SIZES: Readonly<Record<BenchContext['scale'], readonly number[]>> = {
  small: [10_000, 40_000],
  full: [10_000, 100_000, 1_000_000, 10_000_000],
};

/** The id of an account, known to be one. */
export function account(text: string): AccountId {
  if (!isAccountId(text)) throw new Error(`${text} is no account id`);
  return text;
}

/** Times the same kind of question, asked `times` times with other arguments. */
export async function timed(times: number, ask: (n: number) => Promise<unknown>): Promise<Latency> {
  const samples: number[] = [];
  for (let n = 0; n < times; n++) {
    const start = now();
    await ask(n);
    samples.push(now() - start);
  }
  return latency(samples);
}

/** A random moment on both axes. */
export function anyAsOf(
  random: Random,
  head: bigint,
): Readonly<{ effective: Day; known: Readonly<{ position: bigint }> }> {
  return {
    effective: formatDay(lastHistoryDay() - random.below(HISTORY_DAYS)),
    known: { position: BigInt(1 + random.below(Number(head))) },
  };
}

/** Reads of a book as it is now: the trial balance and one account, as of random moments. */
async function reads(
  context: BenchContext,
  book: Book,
): Promise<Readonly<{ trial: Latency; one: Latency }>> {
  const random = new Random(7);
  const head = await book.queries.position();
  const times = sized(context, 10, 60);
  await timed(5, () => book.queries.trialBalance(anyAsOf(random, head)));
  return {
    trial: await timed(times, () => book.queries.trialBalance(anyAsOf(random, head))),
    one: await timed(times * 5, () =>
      book.queries.balances(account(`2010:s${random.below(ACCOUNTS / 2)}`), anyAsOf(random, head)),
    ),
  };
}

type Grown = Required<Pick<BenchResult, 'series' | 'figures' | 'checks'>>;

/** Grows one book through all sizes, measuring at each. */
async function grow(
  context: BenchContext,
  folder: string,
  book: Book,
  backDated: boolean,
): Promise<Grown> {
  const workload: Workload = { tag: backDated ? 'late' : 'grow', accounts: ACCOUNTS };
  const sizes = SIZES[context.scale].slice(backDated ? -1 : 0);
  const entries = Math.max(...sizes) / 2;
  const make = historyOf(workload, entries, backDated);
  const series: Grown['series'][number][] = [];
  let from = 0;
  for (const legs of sizes) {
    const label = legs.toLocaleString('en-US');
    const last = legs === Math.max(...sizes);
    context.say(`${label} legs: posting`);
    const posted = await book.post(make, from, legs / 2);
    context.say(`${label} legs: projecting`);
    const projected = await book.project();
    const added = legs / 2 - from;
    context.say(`${label} legs: asking`);
    const { trial, one } = await reads(context, book);
    const figures: Figure[] = [
      { name: 'posting', value: added / posted, unit: '/s' },
      {
        name: 'projecting all views',
        value: added / projected,
        unit: '/s',
        ...(last ? { aim: { atLeast: 40_000 } } : {}),
      },
      ...percentiles('trial balance', trial, backDated ? 80 : 50),
      ...percentiles('one account', one).slice(0, 2),
    ];
    series.push({ size: `${label} legs`, figures });
    from = legs / 2;
  }
  const [shown] = (await book.queries.trialBalance({})).totals;
  const total = totalOf(workload, entries);
  return {
    figures: [],
    series,
    checks: [
      same('debits in the views', shown?.debits ?? 0n, total),
      same('credits in the views', shown?.credits ?? 0n, total),
      await agreement(folder, book),
    ],
  };
}

/** Whether the views and a fold of the raw log agree on every account, as of a random moment. */
async function agreement(folder: string, book: Book): Promise<Check> {
  const head = await book.log.head();
  const asOf = anyAsOf(new Random(11), head);
  const folded = new Map(
    (await replay(new FileLog(folder, head), asOf)).rows.map((row) => [rowKey(row), row]),
  );
  const { rows } = await book.queries.trialBalance(asOf);
  const equal = rows.filter((row) => {
    const other = folded.get(rowKey(row));
    return other?.debits === row.debits && other.credits === row.credits;
  });
  return {
    what: `views and raw log agree as of ${asOf.effective}, known at ${asOf.known.position}`,
    held: equal.length === rows.length && rows.length === folded.size && rows.length > 0,
    seen: `${equal.length} of ${folded.size} accounts`,
  };
}

function rowKey(row: Readonly<{ account: string; currency: string }>): string {
  return `${row.account} ${row.currency}`;
}

async function auditorsFold(folder: string, book: Book): Promise<BenchResult> {
  const head = await book.log.head();
  const start = now();
  const { events, totals } = await replay(new FileLog(folder, head));
  const seconds = (now() - start) / 1000;
  return {
    name: 'The auditor’s fold of the raw log',
    workload: `${events} events, checksums verified, folded to a trial balance without any view.`,
    durability: NO_WRITES,
    figures: [{ name: 'events', value: events / seconds, unit: '/s', aim: { atLeast: 250_000 } }],
    checks: [same('debits and credits', totals[0]?.debits ?? 0n, totals[0]?.credits ?? 1n)],
  };
}

function disk(book: Book, entries: number): BenchResult {
  const { log, views } = book.bytes();
  return {
    name: 'Disk for an entry of two legs',
    workload: `${entries} entries over ${ACCOUNTS} accounts; size of all files of the folder, closed.`,
    durability: DURABLE,
    figures: [
      { name: 'log and views', value: (log + views) / entries, unit: 'B', aim: { atMost: 1_000 } },
      { name: 'log', value: log / entries, unit: 'B' },
      { name: 'views', value: views / entries, unit: 'B' },
    ],
    checks: [],
  };
}

const growth: Benchmark = {
  name: 'growth',
  run: (context) =>
    withFolder(async (folder) => {
      const book = await Book.open(folder);
      const grown = await grow(context, folder, book, false);
      const fold = await auditorsFold(folder, book);
      await book.close();
      return [
        {
          name: 'Growth with size',
          workload: `One book over ${ACCOUNTS} accounts and two years in order of date grows; at each size: rates of what was added, and answers as of random days × random positions.`,
          durability: DURABLE,
          ...grown,
        },
        fold,
        disk(book, Math.max(...SIZES[context.scale]) / 2),
      ];
    }),
};

const backDated: Benchmark = {
  name: 'back-dated',
  run: (context) =>
    withFolder(async (folder) => {
      const book = await Book.open(folder);
      const grown = await grow(context, folder, book, true);
      await book.close();
      return [
        {
          name: 'A book with 1 % back-dated',
          workload: `The largest book of the growth series, every hundredth entry on a random earlier day.`,
          durability: DURABLE,
          ...grown,
        },
      ];
    }),
};

export const GROWTH: readonly Benchmark[] = [growth, backDated];

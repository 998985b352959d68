import { formatDay } from '../../shared/ledger/day.js';
import { sized, withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { Book } from './book.js';
import { commandAt, HISTORY_DAYS, historyOf, lastHistoryDay } from './commands.js';
import { account, anyAsOf, timed } from './growth.js';
import { Random } from './random.js';
import { DURABLE, percentiles, same, type Figure } from './report.js';
import { median } from './statistics.js';
import { totalOf, type Workload } from './workload.js';

const HOT = '1110:hot';
const ROUNDS = 3;

/** Questions about an account with a long history. */
async function questions(context: BenchContext, book: Book): Promise<readonly Figure[]> {
  const head = await book.queries.position();
  const random = new Random(3);
  const times = sized(context, 50, 500);
  const hot = account(HOT);
  const from = formatDay(lastHistoryDay() - HISTORY_DAYS / 2);
  const page = { from, limit: 50 };
  const { nextCursor } = await book.queries.statement(hot, page);
  const cursor = nextCursor === null ? {} : { cursor: nextCursor };
  const ask = (): Promise<unknown> => book.queries.balances(hot, anyAsOf(random, head));
  await timed(20, ask);
  return [
    ...percentiles('balance as of both axes', await timed(times, ask), 1),
    ...percentiles(
      'page of 50 from the middle of the statement',
      await timed(times / 5, () => book.queries.statement(hot, page)),
    ),
    ...percentiles(
      'the page after it, by cursor',
      await timed(times / 5, () => book.queries.statement(hot, { ...page, ...cursor })),
    ),
  ];
}

/** Ordinary and back-dated entries in turns: seconds to post and to project each. */
async function inTurns(book: Book, count: number): Promise<readonly Figure[]> {
  const ordinary: number[][] = [[], []];
  const early: number[][] = [[], []];
  const today = formatDay(lastHistoryDay());
  const first = formatDay(lastHistoryDay() - HISTORY_DAYS - 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, day, into] of [
      ['ordinary', today, ordinary],
      ['early', first, early],
    ] as const) {
      const workload = { tag: `${kind}${round}`, accounts: 2, hot: HOT };
      into[0]?.push(count / (await book.post((n) => commandAt(workload, n, day), 0, count)));
      into[1]?.push(count / (await book.project()));
    }
  }
  const [post = 0, project = 0] = ordinary.map(median);
  const [postEarly = 0, projectEarly = 0] = early.map(median);
  return [
    { name: 'posting, ordinary', value: post, unit: '/s' },
    { name: 'posting, back-dated', value: postEarly, unit: '/s' },
    {
      name: 'posting, back-dated to ordinary',
      value: (100 * postEarly) / post,
      unit: '%',
      aim: { atLeast: 80 },
    },
    { name: 'projecting, ordinary', value: project, unit: '/s' },
    { name: 'projecting, back-dated', value: projectEarly, unit: '/s' },
    {
      name: 'projecting, back-dated to ordinary',
      value: (100 * projectEarly) / project,
      unit: '%',
      aim: { atLeast: 80 },
    },
  ];
}

const longAccount: Benchmark = {
  name: 'one-account',
  run: (context) =>
    withFolder(async (folder) => {
      const legs = sized(context, 10_000, 100_000);
      const added = sized(context, 1_000, 10_000);
      const workload: Workload = { tag: 'long', accounts: 2, hot: HOT };
      const book = await Book.open(folder);
      await book.post(historyOf(workload, legs, false), 0, legs);
      await book.project();
      context.say('asking');
      const asked = await questions(context, book);
      context.say('back-dated and ordinary entries in turns');
      const turns = await inTurns(book, added);
      context.say('asking again');
      const askedAgain = await questions(context, book);
      const [shown] = (await book.queries.balances(account(HOT), {})).balances;
      await book.close();
      const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
      const total = ['ordinary', 'early']
        .flatMap((kind) => rounds.map((round) => `${kind}${round}`))
        .map((tag) => totalOf({ ...workload, tag }, added))
        .reduce((sum, one) => sum + one, totalOf(workload, legs));
      return [
        {
          name: `One account of ${legs.toLocaleString('en-US')} legs`,
          workload: `Questions as of random days × random positions; then rounds of ${added} entries, ordinary and before all that is there, in turns, medians of ${ROUNDS}, posted in batches and projected by themselves.`,
          durability: DURABLE,
          figures: [
            ...asked,
            ...turns,
            ...askedAgain.map((figure) => ({ ...figure, name: `afterwards: ${figure.name}` })),
          ],
          checks: [same('debits of the account', shown?.debits ?? 0n, total)],
        },
      ];
    }),
};

export const ONE_ACCOUNT: readonly Benchmark[] = [longAccount];

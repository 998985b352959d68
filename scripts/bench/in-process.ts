import { sized, withFolder, type Benchmark } from './benchmark.js';
import { Book } from './book.js';
import { commandAt } from './commands.js';
import { DURABLE, same } from './report.js';
import { median } from './statistics.js';
import { totalOf, type Workload } from './workload.js';

const ACCOUNTS = 10_000;
const ROUNDS = 3;
const TOP_UP = 1_000_000_000_000n;

type Kind = 'spread' | 'hot' | 'guarded';

const HOT: Readonly<Record<Kind, string | undefined>> = {
  spread: undefined,
  hot: '1110:hot',
  guarded: 'wallet:hot',
};

function workloadOf(kind: Kind, round: number): Workload {
  return { tag: `${kind}${round}`, accounts: ACCOUNTS, hot: HOT[kind] };
}

/** A guarded account with enough on it for every entry to come. */
async function fillWallet({ ledger }: Book): Promise<void> {
  const context = { actor: 'bench', correlationId: 'bench' };
  await ledger.declareAccount(
    { code: 'wallet', name: 'Wallet', type: 'liability', guarded: true, floor: 0n, currencies: [] },
    context,
  );
  const legs = [
    { account: '1010', side: 'debit' as const, amount: TOP_UP, currency: 'KRW' },
    { account: 'wallet:hot', side: 'credit' as const, amount: TOP_UP, currency: 'KRW' },
  ];
  await ledger.postEntry({ id: 'top-up', description: 'top up', legs }, context);
}

const posting: Benchmark = {
  name: 'in-process',
  run: (context) =>
    withFolder(async (folder) => {
      const count = sized(context, 10_000, 200_000);
      const book = await Book.open(folder);
      await fillWallet(book);
      await book.post((n) => commandAt(workloadOf('spread', -1), n), 0, count / 2);
      let total = TOP_UP + totalOf(workloadOf('spread', -1), count / 2);
      const rates: Record<Kind, number[]> = { spread: [], hot: [], guarded: [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const kind of ['spread', 'hot', 'guarded'] as const) {
          context.say(`in process, ${kind}, round ${round + 1}`);
          const workload = workloadOf(kind, round);
          rates[kind].push(count / (await book.post((n) => commandAt(workload, n), 0, count)));
          total += totalOf(workload, count);
        }
      }
      const { log } = book;
      const commits = log.commits;
      await book.project();
      const [shown] = (await book.queries.trialBalance({})).totals;
      await book.close();
      const [spread, hot, guarded] = [rates.spread, rates.hot, rates.guarded].map(median);
      return [
        {
          name: 'Batches of 1,000 inside the process',
          workload: `Rounds of ${count} two-leg entries in batches of 1,000, four in flight, spread over ${ACCOUNTS} accounts, through one hot account, and spent from one guarded account, in turns, medians of ${ROUNDS}; no HTTP, no views meanwhile. ${commits} commits in all.`,
          durability: DURABLE,
          figures: [
            { name: 'entries, spread', value: spread ?? 0, unit: '/s', aim: { atLeast: 150_000 } },
            { name: 'entries, one hot account', value: hot ?? 0, unit: '/s' },
            {
              name: 'hot to spread',
              value: (100 * (hot ?? 0)) / (spread ?? 1),
              unit: '%',
              aim: { atLeast: 80 },
            },
            { name: 'entries, one guarded account', value: guarded ?? 0, unit: '/s' },
          ],
          checks: [
            same('debits in the books', shown?.debits ?? 0n, total),
            same('credits in the books', shown?.credits ?? 0n, total),
          ],
        },
      ];
    }),
};

export const IN_PROCESS: readonly Benchmark[] = [posting];

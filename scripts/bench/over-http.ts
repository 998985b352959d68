import { FileLog } from '../audit/file-log.js';
import { replay } from '../audit/replay.js';
import { declareGuarded, markPosition, postOne, totalsAt } from './api.js';
import { sized, withServer, type BenchContext, type Benchmark } from './benchmark.js';
import { runLoad, type LoadJob, type LoadResult } from './load.js';
import {
  DURABLE,
  percentiles,
  rateAndLatency,
  same,
  type BenchResult,
  type Check,
} from './report.js';
import type { ServerProcess, Service } from './server-process.js';
import { median } from './statistics.js';
import { totalOf, type Workload } from './workload.js';

const CONNECTIONS = 64;
const ACCOUNTS = 10_000;
const BATCH = 1_000;
const ROUNDS = 3;

/** A server under load, and what its books must show at the end. */
class Trial {
  #entries = 0;
  #accepted = 0;
  #amount = 0n;

  constructor(
    readonly server: ServerProcess,
    private readonly data: string,
    private readonly context: BenchContext,
  ) {}

  async run(job: LoadJob): Promise<LoadResult> {
    this.context.say(`${job.kind} ${job.workload.tag}: ${job.count}`);
    const result = await runLoad(job);
    const entries = job.kind === 'batches' ? job.count * job.size : job.count;
    this.#entries += entries;
    this.#accepted += result.accepted;
    this.#amount += totalOf(job.workload, entries);
    return result;
  }

  singles(workload: Workload, count: number, connections = CONNECTIONS): Promise<LoadResult> {
    return this.run({ kind: 'singles', url: this.server.url, connections, workload, count });
  }

  batches(workload: Workload, count: number, connections: number): Promise<LoadResult> {
    return this.run({
      kind: 'batches',
      url: this.server.url,
      connections,
      workload,
      count,
      size: BATCH,
    });
  }

  /** Money that a benchmark put in beside its loads. */
  also(amount: bigint): void {
    this.#amount += amount;
  }

  /** Every entry acknowledged, and every amount in the books once. */
  async checks(service: Service): Promise<readonly Check[]> {
    const end = await markPosition(this.server.url, 'mark');
    const { debits, credits } =
      service === 'all' ? await totalsAt(this.server.url, end) : await this.#totalsOfLog(end);
    return [
      same('entries acknowledged', this.#accepted, this.#entries),
      same('debits in the books', debits, this.#amount),
      same('credits in the books', credits, debits),
    ];
  }

  /** Where nobody builds views, the raw log is folded. */
  async #totalsOfLog(head: bigint): Promise<Readonly<{ debits: bigint; credits: bigint }>> {
    const { totals } = await replay(new FileLog(this.data, head));
    return totals.find(({ currency }) => currency === 'KRW') ?? { debits: 0n, credits: 0n };
  }
}

/** What runs beside the command service while it is measured. */
const BESIDE = {
  all: 'All in one: the views are built at the same time, on the same cores.',
  command: 'The command service alone; no views are built meanwhile.',
} as const;

/** Measures something on a warm server, and checks the books afterwards. */
function trial(
  context: BenchContext,
  service: keyof typeof BESIDE,
  work: (trial: Trial) => Promise<Omit<BenchResult, 'checks' | 'durability'>>,
): Promise<BenchResult> {
  return withServer(service, async (server, data) => {
    const running = new Trial(server, data, context);
    // The first requests of a process are slow for reasons of their own.
    await running.singles({ tag: 'warm', accounts: ACCOUNTS }, sized(context, 1_000, 10_000));
    const result = await work(running);
    return {
      ...result,
      workload: `${result.workload} ${BESIDE[service]}`,
      durability: DURABLE,
      checks: await running.checks(service),
    };
  });
}

/** A benchmark that is run all in one, and then with the command service alone. */
function bothWays(
  name: string,
  measure: (
    running: Trial,
    context: BenchContext,
  ) => Promise<Omit<BenchResult, 'checks' | 'durability'>>,
): Benchmark {
  return {
    name,
    run: async (context) => [
      await trial(context, 'all', (running) => measure(running, context)),
      await trial(context, 'command', async (running) => {
        const result = await measure(running, context);
        return { ...result, name: `${result.name}, command service alone` };
      }),
    ],
  };
}

const singles = bothWays('singles', async (running, context) => {
  const count = sized(context, 5_000, 120_000);
  const result = await running.singles({ tag: 'spread', accounts: ACCOUNTS }, count);
  return {
    name: 'POST /v1/ledger/entries',
    workload: `${count} entries of two legs over ${ACCOUNTS} accounts, one a request, ${CONNECTIONS} connections.`,
    figures: rateAndLatency('entries', count / result.seconds, result.latency, {
      perSecond: 8_000,
      p95: 20,
    }),
  };
});

const sequential: Benchmark = {
  name: 'sequential',
  run: async (context) => [
    await trial(context, 'all', async (running) => {
      const count = sized(context, 500, 10_000);
      const result = await running.singles({ tag: 'sequential', accounts: ACCOUNTS }, count, 1);
      return {
        name: 'POST /v1/ledger/entries, strictly one after another',
        workload: `${count} entries, each sent when the one before was answered, so each pays for its own fsync.`,
        figures: rateAndLatency('entries', count / result.seconds, result.latency),
      };
    }),
  ],
};

/** Rates of two kinds of load in turns, so that a slow moment of the machine meets both. */
async function inTurns(
  first: (round: number) => Promise<number>,
  second: (round: number) => Promise<number>,
): Promise<Readonly<{ first: number; second: number }>> {
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    rates[0].push(await first(round));
    rates[1].push(await second(round));
  }
  return { first: median(rates[0]), second: median(rates[1]) };
}

const hotSingles: Benchmark = {
  name: 'hot',
  run: async (context) => [
    await trial(context, 'all', async (running) => {
      const count = sized(context, 2_000, 40_000);
      const { url } = running.server;
      const perSecond = async (workload: Workload): Promise<number> =>
        count / (await running.singles(workload, count)).seconds;
      const { first: spread, second: hot } = await inTurns(
        (round) => perSecond({ tag: `spread${round}`, accounts: ACCOUNTS }),
        (round) => perSecond({ tag: `hot${round}`, accounts: ACCOUNTS, hot: '1110:hot' }),
      );
      await declareGuarded(url, 'wallet');
      await postOne(url, 'top-up', {
        debit: '1010',
        credit: 'wallet:hot',
        amount: '1000000000000',
        currency: 'KRW',
      });
      running.also(1_000_000_000_000n);
      const guarded = await running.singles(
        { tag: 'guarded', accounts: ACCOUNTS, hot: 'wallet:hot' },
        count,
      );
      return {
        name: 'One hot account in every entry',
        workload: `Rounds of ${count} entries, spread and hot in turns, ${CONNECTIONS} connections, medians of ${ROUNDS}; then ${count} that each spend from one guarded account.`,
        figures: [
          { name: 'spread over 10,000 accounts', value: spread, unit: '/s' },
          { name: 'one account in every entry', value: hot, unit: '/s' },
          { name: 'hot to spread', value: (100 * hot) / spread, unit: '%', aim: { atLeast: 80 } },
          ...rateAndLatency('one guarded account', count / guarded.seconds, guarded.latency),
        ],
      };
    }),
  ],
};

const batches = bothWays('batches', async (running, context) => {
  const count = sized(context, 10, 100);
  const connections = 4;
  await running.batches({ tag: 'warm-batch', accounts: ACCOUNTS }, connections, connections);
  const latencies: LoadResult['latency'][] = [];
  const perSecond = async (workload: Workload): Promise<number> => {
    const result = await running.batches(workload, count, connections);
    latencies.push(result.latency);
    return (count * BATCH) / result.seconds;
  };
  const { first: spread, second: hot } = await inTurns(
    (round) => perSecond({ tag: `batch${round}`, accounts: ACCOUNTS }),
    (round) => perSecond({ tag: `hotbatch${round}`, accounts: ACCOUNTS, hot: '1110:hot' }),
  );
  const [first] = latencies;
  return {
    name: 'POST /v1/ledger/entries/batch',
    workload: `Rounds of ${count} batches of ${BATCH} two-leg entries, ${connections} connections, spread and hot in turns, medians of ${ROUNDS}.`,
    figures: [
      { name: 'entries, spread', value: spread, unit: '/s', aim: { atLeast: 60_000 } },
      { name: 'entries, one hot account', value: hot, unit: '/s' },
      { name: 'hot to spread', value: (100 * hot) / spread, unit: '%', aim: { atLeast: 80 } },
      ...(first === undefined ? [] : percentiles('a batch', first)),
    ],
  };
});

const visibility: Benchmark = {
  name: 'visibility',
  run: async (context) => [
    await trial(context, 'all', async (running) => {
      const perSecond = 1_000;
      const count = perSecond * sized(context, 3, 30);
      const result = await running.run({
        kind: 'paced',
        url: running.server.url,
        connections: CONNECTIONS,
        workload: { tag: 'paced', accounts: ACCOUNTS },
        count,
        perSecond,
        sampleEvery: 20,
      });
      if (result.visibility === undefined) throw new Error('nothing became visible');
      return {
        name: 'Visible after acknowledgement',
        workload: `${count} entries at ${perSecond} a second; every 20th is read back with X-Min-Position at once, the read included in the time.`,
        figures: [
          { name: 'offered', value: perSecond, unit: '/s' },
          ...rateAndLatency('acknowledged', count / result.seconds, result.latency),
          ...percentiles('visible', result.visibility, 50),
        ],
      };
    }),
  ],
};

export const OVER_HTTP: readonly Benchmark[] = [
  singles,
  sequential,
  hotSingles,
  batches,
  visibility,
];

import { markPosition, totalsAt } from './api.js';
import { sized, withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { Acknowledged, checkBooks } from './payments-books.js';
import { runPayments, type PaymentsJob, type PaymentsResult } from './payments-load.js';
import { DURABLE, percentiles, rateAndLatency, type BenchResult, type Figure } from './report.js';
import { ServerProcess } from './server-process.js';

const CONNECTIONS = 64;
const SELLERS = 5_000;
/** Payments begun a second in the paced part: two commands each. */
const PACE = 1_000;

/** What runs beside the command service while it is measured. */
const BESIDE = {
  all: 'All in one: the views are built at the same time, on the same cores.',
  command: 'The command service alone; no views are built meanwhile.',
} as const;

const NAMES = {
  all: 'Payments over HTTP',
  command: 'Payments over HTTP, command service alone',
} as const;

/** Acknowledged means on disk, and the simulator's own records with it, though not synced. */
const DURABILITY = `${DURABLE}; the simulator’s own file is not synced`;

/** Loads on one server, and what they were told. */
class Loads {
  readonly told = new Acknowledged();

  constructor(
    readonly context: BenchContext,
    readonly url: string,
  ) {}

  async run(
    tag: string,
    count: number,
    more: Pick<PaymentsJob, 'refunds'> & Partial<Pick<PaymentsJob, 'perSecond'>>,
  ): Promise<PaymentsResult> {
    this.context.say(`${tag}: ${count}`);
    const workload = { tag, sellers: SELLERS };
    const result = await runPayments({
      url: this.url,
      connections: CONNECTIONS,
      workload,
      count,
      ...more,
    });
    this.told.add(count, result);
    return result;
  }
}

async function figuresOf(context: BenchContext, loads: Loads): Promise<readonly Figure[]> {
  // The first requests of a process are slow for reasons of their own.
  await loads.run('warm', sized(context, 500, 5_000), { refunds: true });
  const count = sized(context, 1_000, 40_000);
  const busy = await loads.run('busy', count, { refunds: true });
  const pacedCount = PACE * sized(context, 1, 20);
  const paced = await loads.run('paced', pacedCount, { refunds: false, perSecond: PACE });
  const { authorize, capture, refund } = busy;
  if (refund === undefined) throw new Error('nothing was refunded');
  return [
    {
      name: 'payments, authorised and captured',
      value: count / busy.seconds,
      unit: '/s',
      aim: { atLeast: 3_000 },
    },
    ...percentiles('to authorise', authorize.latency),
    ...percentiles('to capture', capture.latency),
    ...rateAndLatency('refunds', count / refund.seconds, refund.latency, { perSecond: 3_000 }),
    { name: 'paced: payments offered', value: PACE, unit: '/s' },
    { name: 'paced: payments done', value: pacedCount / paced.seconds, unit: '/s' },
    ...percentiles('paced: to authorise', paced.authorize.latency, 50),
    ...percentiles('paced: to capture', paced.capture.latency, 50),
  ];
}

/** Measures one way to run, and compares all records when the server has left. */
function trial(context: BenchContext, service: keyof typeof BESIDE): Promise<BenchResult> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start({ data: folder, service });
    try {
      const loads = new Loads(context, server.url);
      const figures = await figuresOf(context, loads);
      // What the views show is compared with the log as well, where they are built.
      const views =
        service === 'all'
          ? await totalsAt(server.url, await markPosition(server.url, 'mark'))
          : undefined;
      await server.stop();
      return {
        name: NAMES[service],
        workload:
          `${loads.told.payments} payments of ${SELLERS} sellers with the simulator in the ` +
          `process answering at once, ${CONNECTIONS} connections: each authorised, then captured, ` +
          `two commands; afterwards half of each refunded. Then ${PACE} payments a second, every ` +
          `command measured from when it was due. ${BESIDE[service]}`,
        durability: DURABILITY,
        figures,
        checks: await checkBooks(folder, loads.told, views),
      };
    } finally {
      await server.kill();
    }
  });
}

const payments: Benchmark = {
  name: 'payments',
  run: async (context) => [await trial(context, 'all'), await trial(context, 'command')],
};

export const PAYMENTS: readonly Benchmark[] = [payments];

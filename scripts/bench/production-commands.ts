import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { sized } from './benchmark.js';
import { compared, comparedLatencies, Contender, inTurns, type Round } from './contender.js';
import { runLoad, type LoadJob, type LoadResult } from './load.js';
import { ProcessorTime } from './processor-time.js';
import type { Part, PartContext } from './production-part.js';
import { embeddedEnvironment } from './production-servers.js';
import { Expected } from './recorded-books.js';
import { same, type Check } from './report.js';
import { ServerProcess } from './server-process.js';

const CONNECTIONS = 64;
const BATCH_CONNECTIONS = 4;
const BATCH = 1_000;
const ACCOUNTS = 10_000;
const ROUNDS = 3;

/** A command service on one kind of log, under the same loads as the other. */
class Side {
  readonly #expected = new Expected();
  #accepted = 0;
  #sent = 0;

  private constructor(
    readonly by: string,
    readonly server: ServerProcess,
    private readonly openLog: () => Promise<EventStore>,
    private readonly begin: bigint,
    private readonly logPid: number | undefined,
  ) {}

  static async start(
    by: string,
    env: Readonly<Record<string, string>>,
    data: string,
    openLog: () => Promise<EventStore>,
    logPid?: number,
  ): Promise<Side> {
    mkdirSync(data);
    const server = await ServerProcess.start({ data, service: 'command', env });
    const log = await openLog();
    const begin = await log.head();
    await log.close();
    return new Side(by, server, openLog, begin, logPid);
  }

  contender(): Contender {
    const processes = new Map([
      ['service', this.server.pid],
      ['log server', this.logPid],
    ]);
    return new Contender(this.by, new ProcessorTime(processes));
  }

  async load(job: LoadJob): Promise<LoadResult> {
    const entries = job.kind === 'batches' ? job.count * job.size : job.count;
    const result = await runLoad(job);
    this.#expected.add(job.workload, entries);
    this.#sent += entries;
    this.#accepted += result.accepted;
    return result;
  }

  async singles(tag: string, count: number): Promise<Round> {
    const { seconds, latency } = await this.load({
      kind: 'singles',
      url: this.server.url,
      connections: CONNECTIONS,
      workload: { tag, accounts: ACCOUNTS },
      count,
    });
    return { perSecond: count / seconds, latency };
  }

  async batches(tag: string, count: number): Promise<Round> {
    const { seconds, latency } = await this.load({
      kind: 'batches',
      url: this.server.url,
      connections: BATCH_CONNECTIONS,
      workload: { tag, accounts: ACCOUNTS },
      count,
      size: BATCH,
    });
    return { perSecond: (count * BATCH) / seconds, latency };
  }

  async checks(): Promise<readonly Check[]> {
    const log = await this.openLog();
    try {
      return [
        same(`${this.by}: entries acknowledged`, this.#accepted, this.#sent),
        ...(await this.#expected.checks(this.by, log, this.begin)),
      ];
    } finally {
      await log.close();
    }
  }
}

/** Commands through the command service alone, the log embedded and on its server. */
export const productionCommands: Part = async (context) => {
  const { folder, servers } = context;
  const embedded = await Side.start('SQLite', embeddedEnvironment(), join(folder, 'sqlite'), () =>
    openEventStore({ folder: join(folder, 'sqlite'), readonly: true, checkTail: 0 }),
  );
  try {
    const production = await Side.start(
      servers.esdbName,
      servers.environment(servers.newDatabase()),
      join(folder, 'esdb'),
      () => openEventStoreDb({ url: servers.esdbUrl, readonly: true }),
      servers.esdbPid,
    );
    try {
      return await measure(context, [embedded, production]);
    } finally {
      await production.server.kill();
    }
  } finally {
    await embedded.server.kill();
  }
};

async function measure(
  context: PartContext,
  sides: readonly [embedded: Side, production: Side],
): ReturnType<Part> {
  const { run, say } = context;
  const count = sized(context, 2_000, 20_000);
  const batches = sized(context, 6, 30);
  // The first requests of a process are slow for reasons of their own.
  for (const side of sides) await side.singles(`${run}-warm`, count);
  const singles = await contest(sides, (side, round) => {
    say(`commands: singles, round ${round + 1}, ${side.by}`);
    return side.singles(`${run}-single${round}`, count);
  });
  const batched = await contest(sides, (side, round) => {
    say(`commands: batches, round ${round + 1}, ${side.by}`);
    return side.batches(`${run}-batch${round}`, batches);
  });
  return {
    workload:
      `Commands: the command service alone, ${ROUNDS} rounds of ${count} two-leg entries, one a ` +
      `request, ${CONNECTIONS} connections; ${ROUNDS} rounds of ${batches} batches of ${BATCH}, ` +
      `${BATCH_CONNECTIONS} connections.`,
    comparisons: [
      compared('POST /v1/ledger/entries', ...singles),
      ...comparedLatencies('POST /v1/ledger/entries', ...singles),
      compared('entries in batches of 1,000', ...batched),
      ...comparedLatencies('a batch of 1,000', ...batched),
    ],
    checks: [...(await sides[0].checks()), ...(await sides[1].checks())],
  };
}

async function contest(
  [first, second]: readonly [Side, Side],
  work: (side: Side, round: number) => Promise<Round>,
): Promise<readonly [Contender, Contender]> {
  const pair = [
    { side: first, contender: first.contender() },
    { side: second, contender: second.contender() },
  ] as const;
  await inTurns(ROUNDS, pair, ({ side, contender }, round) =>
    contender.round(() => work(side, round)),
  );
  return [pair[0].contender, pair[1].contender];
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { sized } from './benchmark.js';
import { allTables, postBook, projectAll } from './book.js';
import { historyOf } from './commands.js';
import { Connection } from './connection.js';
import { compared, comparedLatencies, Contender, inTurns, type Round } from './contender.js';
import { anyAsOf, timed } from './growth.js';
import { ProcessorTime } from './processor-time.js';
import type { Part, PartContext } from './production-part.js';
import { embeddedEnvironment } from './production-servers.js';
import { Random } from './random.js';
import { same } from './report.js';
import { getText } from './requests.js';
import { ServerProcess } from './server-process.js';
import { now } from './statistics.js';

/** Few: where an index is read as a whole, every account costs a reading of all legs. */
const ACCOUNTS = 100;
const ROUNDS = 3;

const answered = z.object({ data: z.object({ rows: z.array(z.unknown()) }) });

/** A query service over a book, and one connection to it. */
type Asked = Readonly<{
  by: string;
  server: ServerProcess;
  connection: Connection;
  head: bigint;
  viewsPid: number | undefined;
}>;

/** Reads as of both axes over HTTP, from embedded views and from those on a server. */
export const productionReads: Part = async (context) => {
  const { folder, servers } = context;
  const database = servers.newDatabase();
  const data = { sqlite: join(folder, 'sqlite'), server: join(folder, 'server') };
  mkdirSync(data.sqlite);
  mkdirSync(data.server);
  const heads = [
    await fill(
      context,
      await openEventStore({ folder: data.sqlite }),
      openViewStore({ folder: data.sqlite, tables: allTables() }),
    ),
    await fill(
      context,
      await openEventStoreDb({ url: servers.esdbUrl }),
      await openMongoViewStore({ url: servers.mongodbUrl, database, tables: allTables() }),
    ),
  ] as const;
  const started: Asked[] = [];
  const ask = async (
    asked: Pick<Asked, 'by' | 'head' | 'viewsPid'>,
    folderOf: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Asked> => {
    const server = await ServerProcess.start({ data: folderOf, service: 'query', env });
    const { hostname, port } = new URL(server.url);
    const connection = await Connection.open(hostname, Number(port));
    const one = { ...asked, server, connection };
    started.push(one);
    return one;
  };
  try {
    const embedded = { by: 'SQLite', head: heads[0], viewsPid: undefined };
    const mongo = { by: servers.mongodbName, head: heads[1], viewsPid: servers.mongodbPid };
    return await measure(context, [
      await ask(embedded, data.sqlite, embeddedEnvironment()),
      await ask(mongo, data.server, servers.environment(database)),
    ]);
  } finally {
    for (const { server, connection } of started) {
      connection.close();
      await server.kill();
    }
    await servers.drop(database);
  }
};

/** A stand-in for MongoDB reads no index by range: there a full size takes an hour and says no more. */
function read(context: PartContext, small: number, full: number): number {
  return context.servers.mongodbPid === undefined ? sized(context, small, full) : small;
}

function entriesOf(context: PartContext): number {
  return read(context, 500, 2_000);
}

/** Posts the book and builds its views. @returns the head of the log */
async function fill(context: PartContext, log: EventStore, views: ViewStore): Promise<bigint> {
  const entries = entriesOf(context);
  const workload = { tag: `${context.run}-reads`, accounts: ACCOUNTS };
  try {
    await postBook(log, historyOf(workload, entries, false), entries);
    await projectAll(log, views);
    return await log.head();
  } finally {
    await views.close();
    await log.close();
  }
}

async function measure(
  context: PartContext,
  sides: readonly [embedded: Asked, production: Asked],
): ReturnType<Part> {
  const times = { trial: read(context, 10, 50), one: read(context, 50, 500) };
  const trial = await contest(context, sides, 'trial balance', times.trial, trialBalancePath);
  const one = await contest(context, sides, 'one account', times.one, balancePath);
  const [embedded, production] = [await rowsOf(sides[0]), await rowsOf(sides[1])];
  const equal = embedded.filter((row, index) => row === production[index]).length;
  return {
    workload:
      `Reads: over HTTP, one after another, as of random days and positions, in a book of ` +
      `${entriesOf(context)} entries and ${ACCOUNTS} accounts; ${ROUNDS} rounds of ${times.trial} ` +
      `trial balances and ${times.one} balances of one account.`,
    comparisons: [
      compared('trial balances', ...trial),
      ...comparedLatencies('a trial balance as of both axes', ...trial),
      compared('balances of one account', ...one),
      ...comparedLatencies('one account as of both axes', ...one),
    ],
    checks: [
      same('rows of the trial balance, the same from both', equal, production.length),
      same('rows of the trial balance', production.length, embedded.length),
    ],
  };
}

async function contest(
  { say }: PartContext,
  [first, second]: readonly [Asked, Asked],
  what: string,
  times: number,
  path: (random: Random, head: bigint) => string,
): Promise<readonly [Contender, Contender]> {
  const contenderOf = ({ by, server, viewsPid }: Asked): Contender => {
    const processes = new Map([
      ['service', server.pid],
      ['view server', viewsPid],
    ]);
    return new Contender(by, new ProcessorTime(processes));
  };
  const contenders = [contenderOf(first), contenderOf(second)] as const;
  const ways = [
    { asked: first, contender: contenders[0] },
    { asked: second, contender: contenders[1] },
  ];
  await inTurns(ROUNDS, ways, async ({ asked, contender }, round) => {
    say(`reads: ${what}, round ${round + 1}, ${asked.by}`);
    await contender.round(() => questions(asked, times, round, path));
  });
  return contenders;
}

async function questions(
  { connection, head }: Asked,
  times: number,
  round: number,
  path: (random: Random, head: bigint) => string,
): Promise<Round> {
  const random = new Random(round);
  const start = now();
  const latency = await timed(times, async () => {
    const { status, body } = await connection.exchange(getText(path(random, head)));
    if (status !== 200) throw new Error(`${status} ${body}`);
  });
  return { perSecond: (times * 1000) / (now() - start), latency };
}

function asOfText(random: Random, head: bigint): string {
  const { effective, known } = anyAsOf(random, head);
  return `effective=${effective}&known=position:${known.position}`;
}

function trialBalancePath(random: Random, head: bigint): string {
  return `/v1/ledger/trial-balance?${asOfText(random, head)}`;
}

function balancePath(random: Random, head: bigint): string {
  const account = `2010:s${random.below(ACCOUNTS / 2)}`;
  return `/v1/ledger/accounts/${account}/balances?${asOfText(random, head)}`;
}

/** Rows of a trial balance in the middle of the history. */
async function rowsOf({ server, head }: Asked): Promise<readonly string[]> {
  const { effective } = anyAsOf(new Random(3), head);
  const path = `/v1/ledger/trial-balance?effective=${effective}&known=position:${head}`;
  const response = await fetch(`${server.url}${path}`);
  return answered.parse(await response.json()).data.rows.map((row) => JSON.stringify(row));
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openQueries } from '../../query-service/queries/open.js';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import type { FoldResult } from '../audit/fold.js';
import { sized } from './benchmark.js';
import { allTables, postBook, projectAll } from './book.js';
import { historyOf } from './commands.js';
import { compared, Contender, inTurns } from './contender.js';
import { ProcessorTime } from './processor-time.js';
import type { Part, PartContext } from './production-part.js';
import type { ProductionServers } from './production-servers.js';
import { foldLog } from './recorded-books.js';
import { same, type Check } from './report.js';

const ACCOUNTS = 10_000;
/** Entries a second that MongoDB's views are to come to. */
const AIM = { atLeast: 10_000 };

type Opened = Readonly<{ store: ViewStore; forget: () => Promise<void> }>;

/** A log, and where its views are built anew in every round. */
type Way = Readonly<{
  log: EventStore;
  fold: FoldResult;
  open: (round: number) => Promise<Opened>;
  contender: Contender;
}>;

/** Catching up all views of a book, embedded and on servers. */
export const productionViews: Part = async (context) => {
  const { folder, servers, run, say } = context;
  const entries = sized(context, 3_000, 30_000);
  const logs = [
    await openEventStore({ folder }),
    await openEventStoreDb({ url: servers.esdbUrl }),
  ] as const;
  try {
    const make = historyOf({ tag: `${run}-views`, accounts: ACCOUNTS }, entries, false);
    const [embedded, server] = await Promise.all(
      logs.map(async (log) => {
        say(`views: posting ${entries} entries`);
        await postBook(log, make, entries);
        return foldLog(log, 0n);
      }),
    );
    if (embedded === undefined || server === undefined) throw new Error('no books');
    return await measure(context, waysOf(context, logs, [embedded.fold, server.fold]));
  } finally {
    for (const log of logs) await log.close();
  }
};

type Ways = readonly [sqlite: Way, mongo: Way, whole: Way];

function waysOf(
  { folder, servers }: PartContext,
  [embedded, server]: readonly [EventStore, EventStore],
  [embeddedFold, serverFold]: readonly [FoldResult, FoldResult],
): Ways {
  const contender = (by: string): Contender =>
    new Contender(
      by,
      new ProcessorTime(
        new Map([
          ['projector', process.pid],
          ['view server', servers.mongodbPid],
          ['log server', servers.esdbPid],
        ]),
      ),
    );
  const mongo = () => openMongo(servers);
  return [
    {
      log: embedded,
      fold: embeddedFold,
      open: (round) => openSqlite(join(folder, `views${round}`)),
      contender: contender('SQLite to SQLite'),
    },
    {
      log: embedded,
      fold: embeddedFold,
      open: mongo,
      contender: contender(`SQLite to ${servers.mongodbName}`),
    },
    {
      log: server,
      fold: serverFold,
      open: mongo,
      contender: contender(`${servers.esdbName} to ${servers.mongodbName}`),
    },
  ];
}

async function openSqlite(folder: string): Promise<Opened> {
  mkdirSync(folder);
  const store = openViewStore({ folder, tables: allTables() });
  return { store, forget: () => store.close() };
}

async function openMongo(servers: ProductionServers): Promise<Opened> {
  const database = servers.newDatabase();
  const store = await openMongoViewStore({
    url: servers.mongodbUrl,
    database,
    tables: allTables(),
  });
  return {
    store,
    forget: async () => {
      await store.close();
      await servers.drop(database);
    },
  };
}

async function measure(context: PartContext, ways: Ways): ReturnType<Part> {
  const rounds = sized(context, 2, 3);
  const checks: Check[] = [];
  await inTurns(rounds, ways, async ({ log, fold, open, contender }, round) => {
    context.say(`views: round ${round + 1}, ${contender.by}`);
    const { store, forget } = await open(round);
    await contender.round(async () => ({
      perSecond: fold.events / (await projectAll(log, store)),
    }));
    checks.push(await agreement(`${contender.by}, round ${round + 1}`, log, store, fold));
    await forget();
  });
  const [sqlite, mongo, whole] = ways.map(({ contender }) => contender);
  if (sqlite === undefined || mongo === undefined || whole === undefined) {
    throw new Error('not all were measured');
  }
  const [{ fold }] = ways;
  return {
    workload:
      `Views: all views there are, over a log of ${fold.events} events of two legs and ` +
      `${ACCOUNTS} accounts, built anew, ${rounds} rounds.`,
    comparisons: [
      compared('catching up all views, events', sqlite, mongo, { aim: AIM }),
      compared('catching up all views, events', sqlite, whole),
    ],
    checks,
  };
}

/** Whether the views and the auditor's fold of the log agree on every account. */
async function agreement(
  what: string,
  log: EventStore,
  views: ViewStore,
  fold: FoldResult,
): Promise<Check> {
  const queries = openQueries({ views, log, clock: Date.now });
  const { rows } = await queries.trialBalance({});
  const equal = rows.filter(({ account, currency, debits, credits }) => {
    const sums = fold.sums.get(account)?.get(currency);
    return sums?.debits === debits && sums.credits === credits;
  });
  let accounts = 0;
  for (const currencies of fold.sums.values()) accounts += currencies.size;
  const counted = equal.length === rows.length ? rows.length : -1;
  return same(`${what}: accounts that the views and the log agree on`, counted, accounts);
}

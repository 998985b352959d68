import { createHash } from 'node:crypto';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { BareClient, type BareEvent } from '../../shared/testing/eventstoredb/bare-client.js';
import { sized } from './benchmark.js';
import type { Comparison } from './comparison.js';
import { compared, comparedLatencies, Contender, inTurns, type Round } from './contender.js';
import { ProcessorTime } from './processor-time.js';
import type { Part, PartContext } from './production-part.js';
import { same, type Check } from './report.js';
import { counter } from './requests.js';
import { latency, now } from './statistics.js';
import { entryAt } from './workload.js';

const ROUNDS = 5;
const IN_FLIGHT = 64;
const PAGE = 5_000;
/** An overhead of 20 % in time is this share of the rate. */
const LEAST_SHARE = { atLeast: 83 };
const OURS = 'this process';

/**
 * The same work for both: objects in, objects out. The vendor's client turns them into JSON and back
 * by itself; who calls our adapter does.
 */
type Caller = Readonly<{
  append: (stream: string, event: BareEvent) => Promise<void>;
  /** Reads so many events from a position on. */
  read: (from: bigint, count: number) => Promise<readonly string[]>;
}>;

/** Appends and reads with the vendor's client by itself, and through our adapter. */
export const productionAdapter: Part = async (context) => {
  const { servers } = context;
  const bare = new BareClient(servers.esdbUrl);
  const store = await openEventStoreDb({ url: servers.esdbUrl });
  try {
    const begin = await store.head();
    const pair = [
      { name: 'bare client', caller: bareCaller(bare) },
      { name: 'adapter', caller: adapterCaller(store) },
    ] as const;
    return await measure(context, pair, begin);
  } finally {
    await store.close();
    await bare.close();
  }
};

type Pair = readonly [Named, Named];
type Named = Readonly<{ name: string; caller: Caller }>;

async function measure(context: PartContext, pair: Pair, begin: bigint): ReturnType<Part> {
  const { run, say } = context;
  const counts = {
    single: sized(context, 300, 2_000),
    many: sized(context, 2_000, 20_000),
    read: sized(context, 10_000, 50_000),
  };
  let appended = 0;
  const append = async ({ name, caller }: Named, round: string, count: number, flights: number) => {
    appended += count;
    return appends(caller, `${run}-${name.slice(0, 4)}${round}`, count, flights);
  };
  for (const one of pair) await append(one, 'w', counts.many, IN_FLIGHT);
  const single = await contest(context, pair, (one, round) => {
    say(`adapter: one at a time, round ${round + 1}, ${one.name}`);
    return append(one, `s${round}`, counts.single, 1);
  });
  const many = await contest(context, pair, (one, round) => {
    say(`adapter: ${IN_FLIGHT} in flight, round ${round + 1}, ${one.name}`);
    return append(one, `m${round}`, counts.many, IN_FLIGHT);
  });
  const readable = Math.min(counts.read, appended);
  const read = await contest(context, pair, async ({ name, caller }, round) => {
    say(`adapter: reading, round ${round + 1}, ${name}`);
    const start = now();
    const ids = await caller.read(begin, readable);
    const seconds = (now() - start) / 1000;
    if (ids.length !== readable) throw new Error(`${name} read ${ids.length} of ${readable}`);
    return { perSecond: readable / seconds };
  });
  return {
    workload:
      `Adapter: events of a two-leg entry, each in a stream of its own, ${counts.single} one after ` +
      `the other, ${counts.many} with ${IN_FLIGHT} in flight, reading ${readable} of them in pages ` +
      `of ${PAGE}; ${ROUNDS} rounds each, objects in and objects out.`,
    comparisons: [
      compared('appends, one at a time', ...single, { shareAim: LEAST_SHARE }),
      ...comparedLatencies('an append', ...single),
      processorTime('processor time of an append, one at a time', single, counts.single),
      compared(`appends, ${IN_FLIGHT} in flight`, ...many, { shareAim: LEAST_SHARE }),
      ...comparedLatencies('an append among 64', ...many),
      processorTime(`processor time of an append, ${IN_FLIGHT} in flight`, many, counts.many),
      compared('events read', ...read, { shareAim: LEAST_SHARE }),
      processorTime('processor time of an event read', read, readable),
    ],
    checks: await checks(pair, begin, appended),
  };
}

async function contest(
  { servers }: PartContext,
  [first, second]: Pair,
  work: (one: Named, round: number) => Promise<Round>,
): Promise<readonly [Contender, Contender]> {
  const processes = new Map([
    [OURS, process.pid],
    ['log server', servers.esdbPid],
  ]);
  const contenders = [
    new Contender(first.name, new ProcessorTime(processes)),
    new Contender(second.name, new ProcessorTime(processes)),
  ] as const;
  const ways = [
    { one: first, contender: contenders[0] },
    { one: second, contender: contenders[1] },
  ];
  await inTurns(ROUNDS, ways, ({ one, contender }, round) =>
    contender.round(() => work(one, round)),
  );
  return contenders;
}

/** What this process computed for one of them, its garbage included. */
function processorTime(
  what: string,
  [beside, measured]: readonly [Contender, Contender],
  count: number,
): Comparison {
  const each = ({ processors }: Contender): number =>
    (processors.seconds(OURS) * 1_000_000) / (ROUNDS * count);
  return {
    what,
    unit: 'µs',
    beside: beside.side(each(beside)),
    measured: measured.side(each(measured)),
  };
}

async function appends(
  caller: Caller,
  tag: string,
  count: number,
  inFlight: number,
): Promise<Round> {
  const events = Array.from({ length: count }, (_, n) => eventOf(tag, n));
  const samples: number[] = [];
  const next = counter(count);
  const appendNext = async (): Promise<void> => {
    for (let n = next(); n !== undefined; n = next()) {
      const event = events[n];
      if (event === undefined) throw new Error('an event is missing');
      const begun = now();
      await caller.append(`entry-${tag}-${n}`, event);
      samples.push(now() - begun);
    }
  };
  const start = now();
  await Promise.all(Array.from({ length: inFlight }, appendNext));
  const seconds = (now() - start) / 1000;
  return { perSecond: count / seconds, latency: latency(samples) };
}

/** Both read all that was appended: every event once. */
async function checks(pair: Pair, begin: bigint, appended: number): Promise<readonly Check[]> {
  const found: Check[] = [];
  for (const { name, caller } of pair) {
    const ids = await caller.read(begin, appended + PAGE);
    found.push(same(`events in the log, read with the ${name}`, ids.length, appended));
    found.push(same(`different ones, read with the ${name}`, new Set(ids).size, appended));
  }
  return found;
}

function bareCaller(bare: BareClient): Caller {
  return {
    append: async (stream, event) => {
      await bare.append(stream, event);
    },
    read: async (from, count) => {
      const ids: string[] = [];
      for (let position = from; ids.length < count;) {
        const wanted = Math.min(PAGE, count - ids.length);
        const last = await bare.readAll(position, wanted, ({ id }) => ids.push(id));
        if (last === position) break;
        position = last;
      }
      return ids;
    },
  };
}

function adapterCaller(store: EventStore): Caller {
  return {
    append: async (stream, { id, type, data, metadata }) => {
      const event = {
        eventId: id,
        type,
        data: JSON.stringify(data),
        metadata: JSON.stringify(metadata),
      };
      const { kind } = await store.append(stream, 'no-stream', [event]);
      if (kind !== 'appended') throw new Error(`${stream}: ${kind}`);
    },
    read: async (from, count) => {
      const ids: string[] = [];
      for (let position = from; ids.length < count;) {
        const wanted = Math.min(PAGE, count - ids.length);
        const events = await store.readAll(position, wanted);
        for (const event of events) {
          JSON.parse(event.data);
          JSON.parse(event.metadata);
          ids.push(event.eventId);
          position = event.position;
        }
        if (events.length < wanted) break;
      }
      return ids;
    },
  };
}

/** As a posted entry of two legs is in the log. */
function eventOf(tag: string, n: number): BareEvent {
  const { id, debit, credit, amount } = entryAt({ tag, accounts: 10_000 }, n);
  const leg = (account: string, side: string) => {
    return { account, side, amount: String(amount), currency: 'KRW' };
  };
  return {
    id: uuidOf(id),
    type: 'EntryPosted',
    data: {
      id,
      description: `order ${id}`,
      entry: { legs: [leg(debit, 'debit'), leg(credit, 'credit')] },
    },
    metadata: {
      schemaVersion: 1,
      commandId: uuidOf(`command ${id}`),
      $correlationId: uuidOf(`correlation ${id}`),
      actor: 'bench',
      effectiveDate: '2026-01-31',
      fingerprint: uuidOf(`fingerprint ${id}`),
    },
  };
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

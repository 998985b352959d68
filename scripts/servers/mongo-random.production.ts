import { expect } from 'chai';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { MongoClient, MongoNetworkError } from 'mongodb';
import { ViewCollections, type Connection } from '../../shared/adapters/mongodb/view-connection.js';
import { withPortFaults } from '../../shared/adapters/mongodb/view-faults.js';
import { PrimaryTerm } from '../../shared/adapters/mongodb/view-primary.js';
import { openRebuildPlaceOn } from '../../shared/adapters/mongodb/view-rebuild.js';
import { LIVE, ViewStates } from '../../shared/adapters/mongodb/view-state.js';
import { MongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { RebuildRunning } from '../../shared/ports/view-rebuild.js';
import type { Range, Row, Table, ViewBatch, ViewStore } from '../../shared/ports/view-store.js';
import { TableModel } from '../../shared/testing/view-store-model.js';
import { Random } from '../bench/random.js';
import { stepped, type Step } from './mongo-stepped.js';
import { MongoUnderTest } from './mongo-under-test.js';

/** Rows that are put again and again. */
const seats: Table = {
  name: 'seats_v1',
  columns: [
    ['id', 'int'],
    ['text', 'text'],
    ['total', 'sum'],
  ],
  key: ['id'],
  indexes: { text: ['text'] },
};
/** Rows that are put once. */
const guests: Table = { ...seats, name: 'guests_v1' };
const TABLES = [seats, guests];
const VIEWS = [{ name: 'v', tables: TABLES }];
const LAST = 50n;
const SEATS = 7n;
const AT_ONCE = { everyMs: 0, keepMs: 0, carefreeMs: 0 };

function seatRow(at: bigint): Row {
  return [at % SEATS, `t${(at * 7_919n) % 5n}`, at * 2n ** 60n];
}

function guestRow(at: bigint): Row {
  return [at, `g${at % 3n}`, -at];
}

function batch(after: bigint, upTo: bigint): ViewBatch {
  // From before the checkpoint some are put again, as a retry of parked events does.
  const from = after > 2n ? after - 2n : 0n;
  const positions = Array.from({ length: Number(upTo - from) }, (_, i) => from + 1n + BigInt(i));
  return {
    after,
    upTo,
    puts: [
      { table: seats, rows: positions.map(seatRow) },
      { table: guests, rows: positions.map(guestRow) },
    ],
  };
}

/** What the tables hold at a position. */
function modelAt(table: Table, position: bigint): TableModel {
  const model = new TableModel(table);
  for (let at = 1n; at <= position; at++) model.put(table === seats ? seatRow(at) : guestRow(at));
  return model;
}

/** Calls that fail before or after they are made, are made late, or are held up. */
class Chaos {
  readonly #late = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(
    private readonly random: () => number,
    /** Takes a moment in which others get on. */
    private readonly moment: () => Promise<unknown>,
  ) {}

  readonly step: Step = async (isWrite, go) => {
    if (this.#isOver || this.random() > 0.04) return go();
    const fault = new MongoNetworkError('as if the network had failed');
    const kind = this.random();
    if (kind < 0.2) throw fault;
    if (kind < 0.5 || !isWrite) {
      await this.#hold();
      return go();
    }
    if (kind < 0.7) {
      await go();
      throw fault;
    }
    // Nobody hears what comes of it.
    const late = this.#hold()
      .then(go)
      .catch(() => undefined);
    this.#late.add(late);
    throw fault;
  };

  /** From now on everything is well, and what was late has arrived. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#late);
  }

  async #hold(): Promise<void> {
    for (let left = Math.floor(this.random() * 20); left > 0; left--) await this.moment();
  }
}

describe('the views in MongoDB, with two runners, two rebuilds and faults at random', () => {
  let mongo: MongoUnderTest;
  let client: MongoClient;
  before(async () => {
    mongo = await MongoUnderTest.start('memory');
    client = await new MongoClient(mongo.url, { useBigInt64: true }).connect();
  });
  after(async () => {
    await client.close();
    await mongo.stop();
  });

  for (const [name, times] of [
    ['kept', { everyMs: 0, keepMs: 60_000, carefreeMs: 30_000 }],
    ['deleted at once', AT_ONCE],
  ] as const) {
    it(`always show what the model shows, with what was replaced ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), (seed) => tryOut(seed, times)),
        { numRuns: 3, endOnFailure: true },
      );
    });
  }

  async function tryOut(seed: number, times: typeof AT_ONCE): Promise<void> {
    const numbers = new Random(seed);
    const random = () => numbers.fraction();
    const database = mongo.newDatabase();
    const db = client.db(database);
    const chaos = new Chaos(random, () => db.command({ ping: 1 }));
    const term = new PrimaryTerm(client);
    const connection = (): Connection => ({
      collections: new ViewCollections(stepped(db, chaos.step), term),
      close: () => Promise.resolve(),
    });
    const open = (): MongoViewStore => {
      const made = connection();
      const states = new ViewStates(made.collections, LIVE);
      return new MongoViewStore({ connection: made, states, readonly: false, times });
    };
    await new ViewStates(new ViewCollections(db, term), LIVE).create();
    let isDone = false;

    /** Goes on whatever the store says, now and then with another store. */
    const run = async (): Promise<void> => {
      let store = open();
      while (!isDone) {
        if (random() < 0.05) store = open();
        await isWell(async () => {
          let position = await store.checkpoint('v');
          do {
            if (position >= LAST) isDone = true;
            const upTo = position + BigInt(Math.floor(random() * 5));
            const next = batch(position, upTo < LAST ? upTo : LAST);
            if ((await store.commit('v', next)) === 'fenced') return;
            position = next.upTo;
          } while (!isDone && random() < 0.7);
        });
      }
    };
    const rebuild = async (): Promise<void> => {
      while (!isDone) {
        await isWell(async () => {
          const made = connection();
          const place = await withPortFaults(() =>
            openRebuildPlaceOn(made, { tables: TABLES, leaseMs: 50 }),
          );
          let upTo = 0n;
          try {
            for (let isSwitched = false; !isSwitched && !isDone;) {
              const from = upTo;
              upTo += BigInt(Math.floor(random() * 30));
              if (upTo > LAST) upTo = LAST;
              if ((await place.commit('v', batch(from, upTo))) === 'fenced') break;
              const { kind } = await place.switchOver(VIEWS, []);
              isSwitched = kind === 'switched';
            }
          } finally {
            if (random() < 0.5) await place.close();
            else await place.abandon();
          }
        });
      }
    };
    const read = async (): Promise<void> => {
      const store = open();
      let before = 0n;
      while (!isDone) {
        await isWell(async () => {
          before = await check(store, random, before);
        });
      }
    };
    await Promise.all([run(), run(), rebuild(), rebuild(), read()]);
    await chaos.end();
    const last = open();
    const position = await check(last, random, LAST);
    expect(await last.commit('v', batch(position, position + 9n))).to.equal('committed');
    await check(last, random, position + 9n);
    await last.close();
    await mongo.drop(database);
  }
});

/** Passes over what may happen at any time. */
async function isWell(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable || error instanceof RebuildRunning)) throw error;
  }
}

/** Compares a snapshot with the model. Its position, which is never below the one `before`. */
async function check(store: ViewStore, random: () => number, before: bigint): Promise<bigint> {
  return store.snapshot(async (reader) => {
    const position = await reader.checkpoint('v');
    expect(position >= before).to.equal(true);
    for (const table of TABLES) {
      const model = modelAt(table, position);
      const limits = [1, 3, 1_000].filter(() => random() < 0.7);
      for (const limit of limits) {
        const range: Range = {
          index: random() < 0.5 ? 'key' : 'text',
          prefix: [],
          limit,
          reverse: random() < 0.5,
        };
        expect(await reader.scan(table, range), `at ${position}`).to.deep.equal(model.scan(range));
      }
      const upTo = random() < 0.5 ? 'g1' : 't2';
      expect(await reader.lastOfEach(table, 'text', [[]], upTo), `at ${position}`).to.deep.equal([
        model.lastOf('text', [], upTo),
      ]);
      const id = BigInt(Math.floor(random() * 20));
      const [row] = model.scan({ index: 'key', prefix: [id], limit: 1 });
      expect(await reader.get(table, [id]), `at ${position}`).to.deep.equal(row);
    }
    return position;
  });
}

import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { CommandStartedEvent } from 'mongodb';
import { unconnected } from '../../shared/adapters/mongodb/view-connection.js';
import type { ViewEntry } from '../../shared/adapters/mongodb/view-documents.js';
import { LIVE, ViewStates } from '../../shared/adapters/mongodb/view-state.js';
import { MongoViewStore, openMongoViewStore } from '../../shared/adapters/mongodb/view-store.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { AT_ONCE, batch, notes } from './mongo-notes.js';
import { MongoUnderTest } from './mongo-under-test.js';

const MAJORITY = { w: 'majority', j: true };
const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'createIndexes'];

/** Fails before a commit is completed, or once it is. */
class FailingStates extends ViewStates {
  fails: 'before' | 'after' | undefined;

  override async complete(
    view: string,
    entry: ViewEntry,
    upTo: bigint,
  ): Promise<ViewEntry | undefined> {
    if (this.fails === 'before') throw new StoreUnavailable('nobody answers');
    const completed = await super.complete(view, entry, upTo);
    if (this.fails === 'after') throw new StoreUnavailable('nobody answers');
    return completed;
  }
}

function levelOf({ readConcern }: CommandStartedEvent['command']): unknown {
  const concern: unknown = readConcern;
  return typeof concern === 'object' && concern !== null && 'level' in concern && concern.level;
}

describe('what is stored of the views in MongoDB', () => {
  let mongo: MongoUnderTest;
  let database: string;
  const opened: ViewStore[] = [];
  before(async () => {
    mongo = await MongoUnderTest.start('memory');
  });
  after(() => mongo.stop());
  beforeEach(() => {
    database = mongo.newDatabase();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close().catch(() => undefined);
    await mongo.drop(database);
  });

  async function open(of = database): Promise<MongoViewStore> {
    const store = await openMongoViewStore({ url: mongo.url, database: of, tables: [notes] });
    opened.push(store);
    return store;
  }

  /** A store whose commits can be made to fail, and what the driver sends of it. */
  async function openFailing(url = mongo.url) {
    const { client, collections } = unconnected({ url, database });
    const commands: CommandStartedEvent[] = [];
    client.on('commandStarted', (event) => commands.push(event));
    const states = new FailingStates(collections, LIVE);
    const connection = { collections, close: () => client.close() };
    const store = new MongoViewStore({ connection, states, readonly: false, times: AT_ONCE });
    opened.push(store);
    await states.create();
    return { store, states, commands };
  }

  describe('a batch that is repeated because its answer was lost', () => {
    const first = batch(0n, [
      [1n, 'one'],
      [2n, 'two'],
    ]);
    const second = batch(1n, [
      [1n, 'ONE'],
      [3n, 'three'],
    ]);
    const AT = { 'row._at': 0 };

    it('leaves the rows, byte for byte, that it leaves when it goes well', async () => {
      const well = mongo.newDatabase();
      try {
        const other = await open(well);
        for (const one of [first, second]) await other.commit('v', one);
        const { store, states } = await openFailing();
        for (const one of [first, second]) {
          states.fails = 'before';
          expect(await rejection(store.commit('v', one))).to.be.instanceOf(StoreUnavailable);
          states.fails = undefined;
          expect(await store.checkpoint('v')).to.equal(one.after);
          expect(await store.commit('v', one)).to.equal('committed');
        }
        const all = await store.scan(notes, { index: 'key', prefix: [], limit: 9 });
        expect(all.map(([, text]) => text)).to.deep.equal(['ONE', 'two', 'three']);
        // All but the number of the commit, of which it took more.
        const expected = await mongo.bytes(well, 'notes_v1.v.1', AT);
        expect(expected).to.have.length(3);
        expect(await mongo.bytes(database, 'notes_v1.v.1', AT)).to.deep.equal(expected);
      } finally {
        await mongo.drop(well);
      }
    });

    it('changes not a byte where it was completed', async () => {
      const { store, states } = await openFailing();
      await store.commit('v', first);
      states.fails = 'after';
      expect(await rejection(store.commit('v', second))).to.be.instanceOf(StoreUnavailable);
      states.fails = undefined;
      const before = await mongo.bytes(database, 'notes_v1.v.1', {});
      expect(before).to.have.length(3);
      expect(await store.commit('v', second)).to.equal('fenced');
      expect(await (await open()).commit('v', second)).to.equal('fenced');
      expect(await mongo.bytes(database, 'notes_v1.v.1', {})).to.deep.equal(before);
    });
  });

  it('makes the indexes that are declared, and that of the replaced rows', async () => {
    await (await open()).commit('v', batch(0n, [[1n, 'x']]));
    const _id_ = { _id: 1 };
    expect(await mongo.indexes(database, 'notes_v1.v.1')).to.deep.equal({
      _id_,
      text: { 'row._text': 1 },
    });
    expect(await mongo.indexes(database, 'old.v.1')).to.deep.equal({
      _id_,
      until: { until: 1, table: 1 },
    });
  });

  it('writes to a majority whatever the connection string says, and reads what it wrote', async () => {
    const weak = 'w=0&journal=false&readConcernLevel=available&readPreference=secondaryPreferred';
    const strange = 'promoteValues=false&promoteLongs=false&raw=true&bsonRegExp=true';
    const url = mongo.urlWith(`${weak}&${strange}&monitorCommands=true`);
    const { store, commands } = await openFailing(url);
    for (let n = 0n; n < 4n; n++) await store.commit('v', batch(n, [[1n, `text ${n}`]]));
    expect(await store.get(notes, [1n])).to.deep.equal([1n, 'text 3']);
    await store.close();
    const seen = new Set(commands.map(({ commandName }) => commandName));
    expect([...seen]).to.include.members(['insert', 'update', 'delete', 'createIndexes', 'find']);
    for (const { commandName, command } of commands) {
      if (WRITES.includes(commandName)) {
        expect(command, commandName).to.have.deep.property('writeConcern', MAJORITY);
      } else if (commandName === 'find') {
        expect(['majority', 'local']).to.include(levelOf(command));
      }
    }
  });
});

import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { StoreUnavailable } from '../../ports/event-store.js';
import type { Table, ViewReader } from '../../ports/view-store.js';
import { rejection } from '../../testing/event-samples.js';
import { unconnected, ViewCollections } from './view-connection.js';
import { PrimaryTerm } from './view-primary.js';
import { LIVE, ViewStates, type State } from './view-state.js';
import { MongoViewStore } from './view-store.js';

const notes: Table = { name: 'notes_v1', columns: [['id', 'int']], key: ['id'], indexes: {} };

class TermSet extends PrimaryTerm {
  set = 0;

  override get count(): number {
    return this.set;
  }
}

/** Of a server without views, which takes its time to say so. */
class SlowStates extends ViewStates {
  loads = 0;
  onLoad: () => void = () => undefined;

  override load(): Promise<State> {
    this.loads++;
    this.onLoad();
    return Promise.resolve({ views: new Map(), retired: [], dropping: [] });
  }
}

describe('a snapshot of the views in MongoDB', () => {
  let now: number;
  let term: TermSet;
  let states: SlowStates;
  let store: MongoViewStore;
  beforeEach(() => {
    now = 0;
    const { client } = unconnected({ url: 'mongodb://h', database: 'd' });
    term = new TermSet(client);
    const collections = new ViewCollections(client.db('d'), term);
    states = new SlowStates(collections, LIVE);
    store = new MongoViewStore({
      connection: { collections, close: () => client.close() },
      states,
      readonly: true,
      times: { everyMs: 10, keepMs: 60, carefreeMs: 30, now: () => now },
    });
  });

  const read = (reader: ViewReader) => reader.get(notes, [1n]);

  it('is as old as the question for its state, however late the answer is seen', async () => {
    states.onLoad = () => (now += 31);
    await store.snapshot(read);
    expect(states.loads).to.equal(2);
  });

  it('asks nothing more as long as what it needs is surely kept', async () => {
    states.onLoad = () => (now += 30);
    await store.snapshot(read);
    expect(states.loads).to.equal(1);
  });

  it('is void when another server is primary once it was told that all is kept', async () => {
    states.onLoad = () => {
      now += 31;
      if (states.loads === 2) term.set++;
    };
    expect(await rejection(store.snapshot(read))).to.be.instanceOf(StoreUnavailable);
  });
});

import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { beforeEach, describe, it } from 'mocha';
import { ViewCollections } from './view-connection.js';
import type { ViewEntry } from './view-documents.js';
import { ViewKeeper } from './view-keeper.js';
import { PrimaryTerm } from './view-primary.js';
import { LIVE, newEntry, ViewStates, type State } from './view-state.js';

/** Notes what is announced as pruned; nothing goes to a server. */
class ViewStatesNoted extends ViewStates {
  readonly pruned: string[] = [];
  loads = 0;
  failure: Error | undefined;

  override load(): Promise<State> {
    this.loads++;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ views: new Map(), retired: [], dropping: [] });
  }

  override prune(view: string, _entry: ViewEntry, upTo: bigint): Promise<boolean> {
    this.pruned.push(`${view} ${upTo}`);
    return Promise.resolve(false);
  }
}

describe('the keeper of the views in MongoDB', () => {
  let now: number;
  let states: ViewStatesNoted;
  let keeper: ViewKeeper;
  beforeEach(() => {
    now = 0;
    const client = new MongoClient('mongodb://h');
    const collections = new ViewCollections(client.db('d'), new PrimaryTerm(client));
    states = new ViewStatesNoted(collections, LIVE);
    keeper = new ViewKeeper(collections, states, { everyMs: 10, keepMs: 20, now: () => now });
  });

  const entry = (committed: bigint): ViewEntry => ({ ...newEntry(1n), committed });

  it('gives each view its turn, also where another always commits first', async () => {
    for (let commit = 1n; commit <= 4n; commit++) {
      keeper.note('first', entry(commit));
      keeper.note('second', entry(commit));
      now += 10;
    }
    await keeper.done();
    expect(states.pruned).to.deep.equal(['first 1', 'second 1', 'first 2', 'second 2']);
  });

  it('goes on after a failure of any kind, and tells nobody', async () => {
    states.failure = new TypeError('not of the driver');
    keeper.note('v', entry(1n));
    await keeper.done();
    states.failure = undefined;
    now += 10;
    keeper.note('v', entry(2n));
    await keeper.done();
    expect(states.loads).to.equal(2);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable } from '../ports/event-store.js';
import { MemoryEventStore } from '../testing/memory-event-store.js';
import { patient } from './patient.js';
import type { Stores } from './stores.js';

/** Stores of which only the log is asked for. */
function logOnly(log: Stores['log']): Stores {
  const unused = () => Promise.reject(new Error('not asked for in this test'));
  return { log, views: unused, relay: unused, rebuildPlace: unused, cleanRebuildLeftovers: unused };
}

describe('opening a store that is not there yet', () => {
  it('waits longer each time, says so, and opens it when it is there', async () => {
    const waits: number[] = [];
    const notices: unknown[] = [];
    const log = new MemoryEventStore();
    const stores = logOnly(() => {
      if (waits.length < 8) return Promise.reject(new StoreUnavailable('no answer'));
      return Promise.resolve(log);
    });
    const waiting = patient(
      stores,
      (about) => notices.push(about),
      async (ms) => waits.push(ms),
    );
    expect(await waiting.log('read')).to.equal(log);
    expect(waits).to.deep.equal([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(notices[0]).to.deep.equal({ part: 'log', reason: 'no answer', waitMs: 100 });
  });

  it('does not wait for what waiting does not heal', async () => {
    const waiting = patient(
      logOnly(() => Promise.reject(new Error('truncated'))),
      () => undefined,
      () => Promise.reject(new Error('waited')),
    );
    const error = await waiting.log('write').catch((reason: unknown) => reason);
    expect(error).to.be.an('error').with.property('message', 'truncated');
  });
});

import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { describe, it } from 'mocha';
import { ViewCollections } from './view-connection.js';
import { Lease } from './view-lease.js';
import { PrimaryTerm } from './view-primary.js';

describe('the lease of a rebuild', () => {
  it('is renewed again after a failure of any kind, which nobody is left with', async () => {
    const client = new MongoClient('mongodb://h');
    const collections = new ViewCollections(client.db('d'), new PrimaryTerm(client));
    const asked = new EventEmitter();
    collections.state.updateOne = () => {
      asked.emit('renewal');
      return Promise.reject(new TypeError('not of the driver'));
    };
    const unhandled: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => unhandled.push(reason));
    const lease = new Lease(collections, 'me', 5);
    // Its timer keeps no process alive, so that something else has to.
    const alive = setInterval(() => undefined, 1_000);
    try {
      lease.keep();
      await once(asked, 'renewal');
      await once(asked, 'renewal');
      await setImmediate();
    } finally {
      lease.stop();
      clearInterval(alive);
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
    expect(unhandled).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Generations } from './generations.js';

const KEYS = Array.from({ length: 20 }, (_, index) => `k${index}`);

describe('a cache of generations', () => {
  it('drops nothing within a batch, however much is used', () => {
    const cache = new Generations<string>(4);
    for (let batch = 0; batch < 3; batch++) {
      cache.beginBatch();
      for (const key of KEYS) if (cache.get(key) === undefined) cache.set(key, `${key}/${batch}`);
      expect(KEYS.map((key) => cache.get(key))).to.deep.equal(KEYS.map((key) => `${key}/0`));
    }
  });

  it('says when it may have dropped something', () => {
    const cache = new Generations<string>(2);
    const dropped = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => {
      cache.set(key, key);
      return cache.beginBatch();
    });
    expect(dropped).to.deep.equal([false, false, false, true, false, true]);
    expect(cache.get('c')).to.equal(undefined);
  });

  it('drops what was not used for a generation', () => {
    const cache = new Generations<string>(4);
    cache.set('idle', 'old');
    cache.set('busy', 'old');
    for (let batch = 0; batch < 4; batch++) {
      cache.beginBatch();
      expect(cache.get('busy')).to.equal('old');
      for (const key of KEYS.slice(batch * 4, batch * 4 + 4)) cache.set(key, key);
    }
    expect(cache.get('idle')).to.equal(undefined);
  });
});

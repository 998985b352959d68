import { expect } from 'chai';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, it } from 'mocha';
import { partitionOf } from './partition.js';

describe('the partition of a key', () => {
  it('is the one that Java clients compute', () => {
    const partitioner = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 50 }).filter((key) => key !== ''),
        fc.integer({ min: 1, max: 500 }),
        (key, partitions) => {
          const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
            partitionId,
            partitionErrorCode: 0,
            leader: 1,
            replicas: [1],
            isr: [1],
          }));
          const message = { key, value: '' };
          const theirs = partitioner({ topic: 'any', partitionMetadata, message });
          expect(partitionOf(key, partitions)).to.equal(theirs);
        },
      ),
    );
  });

  it('is one of those there are, for the empty key too', () => {
    expect(partitionOf('', 3)).to.be.within(0, 2);
    expect(partitionOf('a', 1)).to.equal(0);
  });
});

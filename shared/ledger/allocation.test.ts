import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { allocate } from './allocation.js';
import { MAX_AMOUNT } from './money.js';

const anyWeight = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 70n }));
const anyWeights = fc
  .array(anyWeight, { minLength: 1, maxLength: 20 })
  .filter((weights) => weights.some((weight) => weight > 0n));
const anyWhole = fc.oneof(
  fc.bigInt({ min: 0n, max: 50n }),
  fc.bigInt({ min: 0n, max: MAX_AMOUNT }),
);

describe('allocation', () => {
  it('sums to the whole', () => {
    fc.assert(
      fc.property(anyWhole, anyWeights, (amount, weights) => {
        const parts = allocate(amount, weights);
        expect(parts.length).to.equal(weights.length);
        expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(amount);
      }),
    );
  });

  it('gives each part its exact share, rounded down or up', () => {
    fc.assert(
      fc.property(anyWhole, anyWeights, (amount, weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0n);
        allocate(amount, weights).forEach((part, index) => {
          const exact = amount * (weights[index] ?? 0n);
          expect(part * total > exact - total && part * total < exact + total).to.equal(true);
        });
      }),
    );
  });

  it('gives nothing for a weight of zero', () => {
    fc.assert(
      fc.property(anyWhole, anyWeights, (amount, weights) => {
        const parts = allocate(amount, weights);
        weights.forEach((weight, index) => {
          if (weight === 0n) expect(parts[index]).to.equal(0n);
        });
      }),
    );
  });

  it('gives a larger weight no less than a smaller one', () => {
    fc.assert(
      fc.property(anyWhole, anyWeights, (amount, weights) => {
        const parts = allocate(amount, weights);
        const pairs = weights
          .map((weight, index) => ({ weight, part: parts[index] ?? -1n }))
          .sort((a, b) => (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : 0));
        pairs.forEach((pair, index) => {
          const before = pairs[index - 1];
          if (before !== undefined && before.weight < pair.weight) {
            expect(pair.part >= before.part).to.equal(true);
          }
        });
      }),
    );
  });

  it('gives what is left over to the largest remainders, and of equal ones to the first', () => {
    expect(allocate(100n, [1n, 1n, 1n])).to.deep.equal([34n, 33n, 33n]);
    expect(allocate(10n, [1n, 2n, 4n])).to.deep.equal([1n, 3n, 6n]);
    // A refund of 33,333 over a payment in four parts and what the seller bears of a coupon.
    const parts = [70_000n, 15_000n, 5_000n, 6_000n, 4_000n];
    expect(allocate(33_333n, parts)).to.deep.equal([23_333n, 5_000n, 1_667n, 2_000n, 1_333n]);
  });

  it('refuses what cannot be allocated', () => {
    expect(() => allocate(-1n, [1n])).to.throw('negative amount');
    expect(() => allocate(1n, [2n, -1n])).to.throw('negative weights');
    expect(() => allocate(1n, [1n, -1n])).to.throw('negative weights');
    expect(() => allocate(1n, [0n, 0n])).to.throw('all zero');
    expect(() => allocate(0n, [])).to.throw('all zero');
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { latency, median } from './statistics.js';

describe('bench statistics', () => {
  it('takes percentiles of the nearest rank', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(latency(samples)).to.deep.equal({ p50: 50, p95: 95, p99: 99, max: 100 });
  });

  it('answers the one sample there is', () => {
    expect(latency([7])).to.deep.equal({ p50: 7, p95: 7, p99: 7, max: 7 });
  });

  it('refuses to make a figure out of nothing', () => {
    expect(() => latency([])).to.throw('no samples');
  });

  it('has at least the stated part of the samples at or below each percentile', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }), (samples) => {
        const { p50, p95, p99 } = latency(samples);
        const below = (limit: number): number => samples.filter((one) => one <= limit).length;
        expect(below(p50)).to.be.at.least(samples.length * 0.5);
        expect(below(p95)).to.be.at.least(samples.length * 0.95);
        expect(below(p99)).to.be.at.least(samples.length * 0.99);
      }),
    );
  });

  it('takes the middle of an odd number of values', () => {
    expect(median([3, 1, 2])).to.equal(2);
  });
});

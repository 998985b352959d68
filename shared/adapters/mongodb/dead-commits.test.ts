import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isDead, untilDead, withDead } from './dead-commits.js';
import type { CommitRange } from './view-documents.js';

const NONE: readonly CommitRange[] = [];

describe('dead commits', () => {
  it('are told from all others, and one range for those that follow each other', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.bigInt({ min: 1n, max: 60n })), (commits) => {
        const dead = commits.sort((a, b) => (a < b ? -1 : 1));
        const entry = { deadRanges: dead.reduce(withDead, NONE) };
        for (let commit = 0n; commit <= 61n; commit++) {
          expect(isDead(entry, commit)).to.equal(dead.includes(commit));
        }
        const runs = dead.filter((commit) => !dead.includes(commit - 1n));
        expect(untilDead(entry).map(({ until }) => until.$gte)).to.deep.equal(runs);
      }),
    );
  });

  it('take no more room for each attempt during one outage', () => {
    let ranges: readonly CommitRange[] = [{ from: 3n, to: 3n }];
    for (let commit = 10n; commit < 10_000n; commit++) ranges = withDead(ranges, commit);
    expect(ranges).to.deep.equal([
      { from: 3n, to: 3n },
      { from: 10n, to: 9_999n },
    ]);
  });
});

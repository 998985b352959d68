import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { checkToxics, nextStep, spacing, type Progress, type Step, type Toxics } from './toxics.js';

const FRESH: Progress = {
  since: 1_000,
  passed: 0,
  readyAt: 0,
  holed: false,
  blocked: false,
  head: { length: 100, arrivedAt: 2_000, luck: 0.5 },
  endedAt: undefined,
};
const NOTHING_MORE: Progress = { ...FRESH, head: undefined, endedAt: 2_000 };

function step(toxics: Toxics, progress: Progress = FRESH, now = 2_000): Step {
  return nextStep(toxics, progress, now, () => 0.5);
}

describe('what a toxic does next', () => {
  it('nothing: everything goes on at once, and so does the end', () => {
    expect(step({})).to.deep.equal({ kind: 'send', bytes: 100 });
    expect(step({}, NOTHING_MORE)).to.deep.equal({ kind: 'end' });
    expect(step({}, { ...FRESH, head: undefined })).to.deep.equal({ kind: 'rest' });
  });

  it('latency counts from arrival', () => {
    const toxics = { latency: { ms: 30 } };
    expect(step(toxics, FRESH, 2_010)).to.deep.equal({ kind: 'rest', ms: 20 });
    expect(step(toxics, FRESH, 2_030)).to.deep.equal({ kind: 'send', bytes: 100 });
  });

  it('jitter makes it shorter or longer, never negative', () => {
    const head = { length: 100, arrivedAt: 2_000 };
    const wait = (luck: number, jitterMs: number): Step =>
      step({ latency: { ms: 30, jitterMs } }, { ...FRESH, head: { ...head, luck } });
    expect(wait(0, 10)).to.deep.equal({ kind: 'rest', ms: 20 });
    expect(wait(0.75, 10)).to.deep.equal({ kind: 'rest', ms: 35 });
    expect(wait(0, 50)).to.deep.equal({ kind: 'send', bytes: 100 });
  });

  it('bandwidth sends a tenth of a second at a time, and makes the next wait for it', () => {
    const toxics = { bandwidth: { bytesPerSecond: 400 } };
    expect(step(toxics)).to.deep.equal({ kind: 'send', bytes: 40 });
    expect(spacing(toxics, 40)).to.equal(100);
    const later = { ...FRESH, readyAt: 2_100 };
    expect(step(toxics, later)).to.deep.equal({ kind: 'rest', ms: 100 });
    expect(step(toxics, later, 2_100)).to.deep.equal({ kind: 'send', bytes: 40 });
  });

  it('a slow close holds back the end alone', () => {
    const toxics = { slowClose: { ms: 50 } };
    expect(step(toxics)).to.deep.equal({ kind: 'send', bytes: 100 });
    expect(step(toxics, NOTHING_MORE, 2_020)).to.deep.equal({ kind: 'rest', ms: 30 });
    expect(step(toxics, NOTHING_MORE, 2_050)).to.deep.equal({ kind: 'end' });
  });

  it('a timeout swallows, and closes when its time has come', () => {
    const toxics = { timeout: { closeAfterMs: 5_000 } };
    expect(step(toxics)).to.deep.equal({ kind: 'swallow' });
    expect(step(toxics, NOTHING_MORE)).to.deep.equal({ kind: 'rest', ms: 4_000 });
    expect(step(toxics, FRESH, 6_000)).to.deep.equal({ kind: 'close' });
    expect(step({ timeout: {} }, NOTHING_MORE, 6_000)).to.deep.equal({ kind: 'rest' });
  });

  it('what lost bytes is reset when nothing swallows any more', () => {
    expect(step({}, { ...FRESH, holed: true })).to.deep.equal({ kind: 'reset' });
    expect(step({}, { ...FRESH, holed: true, head: undefined })).to.deep.equal({ kind: 'reset' });
  });

  it('a reset waits for the first bytes, and they never arrive', () => {
    const toxics = { resetPeer: { afterMs: 40 } };
    expect(step(toxics, { ...FRESH, head: undefined })).to.deep.equal({ kind: 'rest' });
    expect(step(toxics, FRESH, 2_010)).to.deep.equal({ kind: 'rest', ms: 30 });
    expect(step(toxics, FRESH, 2_040)).to.deep.equal({ kind: 'reset' });
    // Bytes that waited for something else when the toxic came.
    expect(step(toxics, { ...FRESH, since: 3_000 }, 3_000)).to.deep.equal({ kind: 'rest', ms: 40 });
  });

  it('a limit lets so many through, and then closes', () => {
    const toxics = { limitData: { bytes: 130 } };
    expect(step(toxics)).to.deep.equal({ kind: 'send', bytes: 100 });
    expect(step(toxics, { ...FRESH, passed: 100 })).to.deep.equal({ kind: 'send', bytes: 30 });
    expect(step(toxics, { ...FRESH, passed: 130 })).to.deep.equal({ kind: 'close' });
  });

  it('a receiver that takes nothing is waited for, but closes are not', () => {
    const blocked = { ...FRESH, blocked: true };
    expect(step({}, blocked)).to.deep.equal({ kind: 'rest' });
    expect(step({ timeout: { closeAfterMs: 0 } }, blocked)).to.deep.equal({ kind: 'close' });
  });

  it('slices are between the bounds, and pieces never empty nor longer than what is there', () => {
    fc.assert(
      fc.property(
        fc.record({
          averageBytes: fc.integer({ min: 1, max: 300 }),
          variationBytes: fc.nat(400),
          bytesPerSecond: fc.integer({ min: 1, max: 2_000 }),
          length: fc.integer({ min: 1, max: 500 }),
          luck: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        }),
        ({ averageBytes, variationBytes, bytesPerSecond, length, luck }) => {
          const head = { length, arrivedAt: 0, luck };
          const toxics = {
            slicer: { averageBytes, variationBytes },
            bandwidth: { bytesPerSecond },
          };
          const next = nextStep(toxics, { ...FRESH, head }, 0, () => luck);
          if (next.kind !== 'send') throw new Error(next.kind);
          expect(next.bytes).to.be.at.least(1).and.at.most(length);
          expect(next.bytes).to.be.at.most(Math.max(1, averageBytes + variationBytes));
          expect(Number.isInteger(next.bytes)).to.be.true;
        },
      ),
    );
  });

  it('refuses figures that make no sense', () => {
    const wrong: readonly Toxics[] = [
      { latency: { ms: -1 } },
      { latency: { ms: 1, jitterMs: Number.NaN } },
      { bandwidth: { bytesPerSecond: 0 } },
      { slicer: { averageBytes: 0 } },
      { slicer: { averageBytes: 10, pauseMs: -1 } },
      { limitData: { bytes: -1 } },
      { timeout: { closeAfterMs: -1 } },
    ];
    for (const toxics of wrong) expect(() => checkToxics(toxics)).to.throw(RangeError);
    expect(() => checkToxics({ timeout: {}, limitData: { bytes: 0 } })).not.to.throw();
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { allHeld, renderReport, same, type BenchReport, type Figure } from './report.js';

const machine = {
  processor: 'A processor',
  cores: 2,
  memoryBytes: 2 ** 34,
  kernel: '6.1',
  node: 'v20',
  fdatasyncPerSecond: 8400,
};

function report(figures: readonly Figure[], seen: bigint): BenchReport {
  return {
    scale: 'small',
    machine,
    results: [
      {
        name: 'singles',
        workload: 'Entries.',
        durability: 'synced',
        figures,
        checks: [same('entries in the books', seen, 10n)],
      },
    ],
  };
}

describe('bench report', () => {
  const slow: Figure = { name: 'rate', value: 7999, unit: '/s', aim: { atLeast: 8000 } };
  const quick: Figure = { name: 'p95', value: 19.94, unit: 'ms', aim: { atMost: 20 } };

  it('says of each aim whether it was met', () => {
    const lines = renderReport(report([slow, quick], 10n), 'markdown').split('\n');
    expect(lines).to.include('| rate | 7,999/s | ≥ 8,000/s | missed |');
    expect(lines).to.include('| p95 | 19.9 ms | ≤ 20 ms | met |');
  });

  it('holds while the checks do, whatever the figures are', () => {
    expect(allHeld(report([slow], 10n))).to.equal(true);
    expect(allHeld(report([quick], 9n))).to.equal(false);
  });

  it('shows a check that failed, with what was seen', () => {
    expect(renderReport(report([], 9n), 'text')).to.contain(
      'FAILED entries in the books (9, should be 10)',
    );
  });

  it('sets the sizes of a series below each other', () => {
    const whole = report([], 10n);
    const series = ['10', '100'].map((size) => ({ size, figures: [slow, quick] }));
    const results = whole.results.map((result) => ({ ...result, series }));
    const lines = renderReport({ ...whole, results }, 'markdown').split('\n');
    expect(lines).to.include('| size | rate | p95 |');
    expect(lines).to.include('| 100 | 7,999/s (≥ 8,000/s missed) | 19.9 ms (≤ 20 ms met) |');
  });

  it('loses nothing in JSON', () => {
    const whole = report([slow, quick], 10n);
    expect(JSON.parse(renderReport(whole, 'json'))).to.deep.equal(whole);
  });
});

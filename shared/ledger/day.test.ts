import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyDay } from '../testing/arbitraries.js';
import { dayNumber, formatDay, isDay, knownDayNumber, type Day } from './day.js';

describe('accounting days', () => {
  it('are numbered from 1970-01-01', () => {
    expect(dayNumber('1970-01-01')).to.equal(0);
    expect(dayNumber('1970-01-02')).to.equal(1);
    expect(dayNumber('1969-12-31')).to.equal(-1);
    expect(dayNumber('2000-03-01')).to.equal(11_017);
    expect(dayNumber('2026-01-01')).to.equal(20_454);
  });

  it('are the same day again after formatting, from the first to the last', () => {
    const first = knownDayNumber('0000-01-01' as Day);
    const last = knownDayNumber('9999-12-31' as Day);
    for (let number = first; number <= last; number += 97) {
      expect(dayNumber(formatDay(number))).to.equal(number);
    }
    expect(formatDay(first)).to.equal('0000-01-01');
    expect(formatDay(last)).to.equal('9999-12-31');
  });

  it('follow one another without a gap', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const next = new Date(`${day}T00:00:00Z`);
        next.setUTCDate(next.getUTCDate() + 1);
        const text = next.toISOString().slice(0, 10);
        fc.pre(/^\d{4}-/.test(text));
        expect(dayNumber(text)).to.equal(knownDayNumber(day) + 1);
      }),
    );
  });

  it('sort as text in the order of their numbers', () => {
    fc.assert(
      fc.property(anyDay, anyDay, (a, b) => {
        expect(a < b).to.equal(knownDayNumber(a) < knownDayNumber(b));
      }),
    );
  });

  for (const day of ['2024-02-29', '2000-02-29', '1900-02-28', '0000-02-29', '0050-06-30']) {
    it(`include ${day}`, () => {
      expect(isDay(day)).to.equal(true);
      expect(formatDay(knownDayNumber(day as Day))).to.equal(day);
    });
  }

  const none = [
    ...['2023-02-29', '1900-02-29', '2100-02-29', '2024-02-30', '2024-04-31', '2024-13-01'],
    ...['2024-00-10', '2024-01-00', '2024-01-32', '2024-1-1', '24-01-01', '+2024-01-01', ''],
    ...['2024-01-01T00:00:00Z', ' 2024-01-01', '2024-01-01\n', '10000-01-01', '-001-01-01'],
    ...['２０２４-01-01', '2024/01/01', 'today'],
  ];
  for (const text of none) {
    it(`do not include ${JSON.stringify(text)}`, () => {
      expect(isDay(text)).to.equal(false);
    });
  }

  it('have whole numbers in the range of four-digit years', () => {
    for (const number of [0.5, NaN, Infinity, -719_529, 2_932_897]) {
      expect(() => formatDay(number)).to.throw('is not the number of a day');
    }
    expect(() => knownDayNumber('2023-02-29' as Day)).to.throw('2023-02-29 is not a day');
  });
});

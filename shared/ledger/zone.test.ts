import { describe, it } from 'mocha';
import { expect } from 'chai';
import { formatDay } from './day.js';
import { ledgerDay } from './zone.js';

const day = (instant: string, zone: string): string =>
  formatDay(ledgerDay(Date.parse(instant), zone));

describe('the accounting day of an instant', () => {
  it('changes at local midnight', () => {
    expect(day('2024-03-09T14:59:59.999Z', 'Asia/Seoul')).to.equal('2024-03-09');
    expect(day('2024-03-09T15:00:00.000Z', 'Asia/Seoul')).to.equal('2024-03-10');
  });

  it('changes at midnight of zones with half and quarter hours', () => {
    expect(day('2024-03-09T18:14:59Z', 'Asia/Kathmandu')).to.equal('2024-03-09');
    expect(day('2024-03-09T18:15:00Z', 'Asia/Kathmandu')).to.equal('2024-03-10');
    expect(day('2024-03-09T18:29:59Z', 'Asia/Kolkata')).to.equal('2024-03-09');
    expect(day('2024-03-09T18:30:00Z', 'Asia/Kolkata')).to.equal('2024-03-10');
  });

  it('follows daylight saving', () => {
    expect(day('2024-01-15T04:59:59Z', 'America/New_York')).to.equal('2024-01-14');
    expect(day('2024-07-15T04:00:00Z', 'America/New_York')).to.equal('2024-07-15');
  });

  it('refuses a zone that does not exist', () => {
    expect(() => ledgerDay(0, 'Mars/Olympus')).to.throw(RangeError);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { formatKnown, parseKnown } from './known.js';
import { major } from './money.js';
import { table } from './output.js';

describe('arguments and output of the command line', () => {
  it('reads --known', () => {
    expect(parseKnown('position:0')).to.deep.equal({ position: 0n });
    const instant = Date.UTC(2024, 1, 29, 0, 0, 0);
    expect(parseKnown('2024-02-29T09:00:00+09:00')).to.deep.equal({ instant });
    expect(formatKnown({ instant })).to.equal('2024-02-29T00:00:00.000Z');
    expect(formatKnown({ position: 12n })).to.equal('position:12');
    for (const text of [
      'position:-1',
      'position:01',
      '2024-02-29',
      'yesterday',
      '2024-13-01T00:00:00Z',
    ]) {
      expect(parseKnown(text), text).to.equal(undefined);
    }
  });

  it('prints amounts for people', () => {
    expect(major(123_456_789n, 'KRW')).to.equal('123,456,789');
    expect(major(-123_456n, 'USD')).to.equal('-1,234.56');
    expect(major(5n, 'KWD')).to.equal('0.005');
  });

  it('lines up tables', () => {
    const columns = [{ title: 'account' }, { title: 'sum', right: true }];
    expect(
      table(columns, [
        ['a', '1.00'],
        ['bb', '12.00'],
      ]),
    ).to.equal('account    sum\n-------  -----\na         1.00\nbb       12.00\n');
  });
});

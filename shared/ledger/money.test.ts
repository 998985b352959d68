import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyInt64 } from '../testing/arbitraries.js';
import { CURRENCIES, exponent, isCurrency, type Currency } from './currency.js';
import { formatMajorUnits, MAX_AMOUNT, parseMajorUnits, parseMinorUnits } from './money.js';

describe('currency table', () => {
  it('has the places of ISO 4217', () => {
    const places = { KRW: 0, JPY: 0, ISK: 0, USD: 2, EUR: 2, CZK: 2, KWD: 3, TND: 3, CLF: 4 };
    for (const [code, expected] of Object.entries(places)) {
      expect(exponent(currency(code)), code).to.equal(expected);
    }
  });

  it('names each currency once, in three capital letters', () => {
    expect(CURRENCIES.length).to.equal(new Set(CURRENCIES).size).and.to.be.above(150);
    for (const code of CURRENCIES) expect(code).to.match(/^[A-Z]{3}$/);
  });

  it('knows no other', () => {
    for (const code of ['', 'krw', 'XXX', 'KRW ', '__proto__', 'constructor']) {
      expect(isCurrency(code), code).to.equal(false);
    }
  });
});

describe('minor units', () => {
  it('are read back as written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_AMOUNT }), (amount) => {
        expect(parseMinorUnits(amount.toString())).to.equal(amount);
      }),
    );
    expect(parseMinorUnits('9223372036854775807')).to.equal(MAX_AMOUNT);
  });

  const refused = [
    ...['10.5', '1e3', '-5', '+5', '-0', '007', '00', '0x1', '0b1', '0o1', '', ' ', ' 1', '1 '],
    ...['1\n', '1_000', '1,000', '1n', 'NaN', 'Infinity', '१२', '１', '²', '9223372036854775808'],
    ...['99999999999999999999', '1'.repeat(10_000)],
  ];
  for (const text of refused) {
    it(`are not ${JSON.stringify(text.slice(0, 24))}`, () => {
      expect(parseMinorUnits(text)).to.equal(undefined);
    });
  }
});

describe('major units', () => {
  it('are read back as written, in every currency, for every int64', () => {
    for (const code of CURRENCIES) {
      const bounds = [-(2n ** 63n), -1n, 0n, 1n, MAX_AMOUNT];
      for (const amount of bounds) identity(amount, code);
      fc.assert(
        fc.property(anyInt64, (amount) => {
          identity(amount, code);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('are refused with more places than the currency has, in every currency', () => {
    for (const code of CURRENCIES) {
      const tooMany = `1.${'0'.repeat(exponent(code) + 1)}`;
      expect(parseMajorUnits(tooMany, code), `${tooMany} ${code}`).to.equal(undefined);
    }
  });

  it('may be written with fewer places', () => {
    expect(parseMajorUnits('700', currency('CZK'))).to.equal(70_000n);
    expect(parseMajorUnits('700.5', currency('CZK'))).to.equal(70_050n);
    expect(parseMajorUnits('-0.125', currency('KWD'))).to.equal(-125n);
    expect(parseMajorUnits('-12', currency('KRW'))).to.equal(-12n);
  });

  it('are written with all places', () => {
    expect(formatMajorUnits(70_000n, currency('CZK'))).to.equal('700.00');
    expect(formatMajorUnits(-5n, currency('USD'))).to.equal('-0.05');
    expect(formatMajorUnits(5n, currency('KWD'))).to.equal('0.005');
    expect(formatMajorUnits(-5n, currency('KRW'))).to.equal('-5');
  });

  it('outside an int64 are refused', () => {
    expect(parseMajorUnits('9223372036854775808', currency('KRW'))).to.equal(undefined);
    expect(parseMajorUnits('-9223372036854775809', currency('KRW'))).to.equal(undefined);
    expect(parseMajorUnits('92233720368547758.08', currency('USD'))).to.equal(undefined);
    expect(parseMajorUnits('9223372036854775807', currency('USD'))).to.equal(undefined);
  });

  for (const text of ['', '.', '1.', '.5', '+1', '--1', '1e3', '0x1', ' 1', '1,5', '१', '1.2.3']) {
    it(`are not ${JSON.stringify(text)}`, () => {
      expect(parseMajorUnits(text, currency('USD'))).to.equal(undefined);
    });
  }
});

function currency(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`${code} is not in the table`);
  return code;
}

function identity(amount: bigint, code: Currency): void {
  const text = formatMajorUnits(amount, code);
  expect(parseMajorUnits(text, code), `${text} ${code}`).to.equal(amount);
}

import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Value } from '../../ports/view-store.js';
import { ABOVE_ALL, ABOVE_NULL, orderedText } from './ordered-text.js';

const anyInteger = fc.oneof(
  fc.bigInt({ min: -1_000n, max: 1_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '!', '#', '~', '\0', '\x7f', '가'), maxLength: 4 }),
  fc.constantFrom('\uffff', '\u{1F600}', '\ud7ff', '\ue000'),
);
const anyBytes = fc.uint8Array({ maxLength: 4 });
/** Of one type, as the values of one column are. */
const columns: readonly fc.Arbitrary<Value>[] = [anyInteger, anyText, anyBytes].map((values) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 8, arbitrary: values }),
);
const pairOfTuples = fc
  .array(fc.constantFrom(...columns), { minLength: 1, maxLength: 3 })
  .chain((types) => fc.tuple(fc.tuple(...types), fc.tuple(...types)));

/** Order of two values of one type, null first. */
function compare(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  const bytes = (value: Value) =>
    value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
  return Buffer.compare(bytes(a), bytes(b));
}

function compareTuples(a: readonly Value[], b: readonly Value[]): number {
  for (const [place, value] of a.entries()) {
    const order = compare(value, b[place] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

const sign = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('ordered texts of tuples', () => {
  it('have the order of the tuples', () => {
    fc.assert(
      fc.property(pairOfTuples, ([a, b]) => {
        expect(sign(orderedText(a), orderedText(b))).to.equal(compareTuples(a, b));
      }),
      { numRuns: 5_000 },
    );
  });

  it('have the order of integers of any number of digits', () => {
    const around = [0n, 9n, 10n, 2n ** 63n, 10n ** 18n, 10n ** 19n, 10n ** 20n, 10n ** 120n];
    const integers = around.flatMap((n) => [n - 1n, n, n + 1n, -n - 1n, -n, -n + 1n]);
    const sorted = [...new Set(integers)].sort((a, b) => (a < b ? -1 : 1));
    const texts = sorted.map((n) => orderedText([n]));
    expect([...texts].sort(sign)).to.deep.equal(texts);
  });

  it('begin with the text of what the tuple begins with, and end below what may follow', () => {
    fc.assert(
      fc.property(pairOfTuples, ([tuple]) => {
        for (let length = 0; length <= tuple.length; length++) {
          const beginning = orderedText(tuple.slice(0, length));
          expect(orderedText(tuple).startsWith(beginning)).to.equal(true);
          expect(sign(orderedText(tuple), beginning + ABOVE_ALL)).to.equal(-1);
        }
      }),
    );
  });

  it('are of printing ASCII, so that every collation that compares code units agrees', () => {
    fc.assert(
      fc.property(pairOfTuples, ([tuple]) => {
        expect(orderedText(tuple)).to.match(/^[ -~]*$/);
      }),
    );
  });

  it('tell null from everything else', () => {
    expect(sign(orderedText([null]), ABOVE_NULL)).to.equal(-1);
    for (const value of ['', 0n, -(10n ** 60n), new Uint8Array()]) {
      expect(sign(orderedText([value]), ABOVE_NULL)).to.be.at.least(0);
    }
  });

  it('refuse an integer that has no place among them', () => {
    expect(() => orderedText([10n ** 10_000n])).to.throw('digits');
    expect(() => orderedText([-(10n ** 10_000n)])).to.throw('digits');
  });
});

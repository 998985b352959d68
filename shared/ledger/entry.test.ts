import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyAmount, anyEntry, anyLeg } from '../testing/arbitraries.js';
import {
  isEntry,
  journalEntry,
  MAX_LEGS,
  reverseEntry,
  type EntryRefusal,
  type JournalEntry,
  type LegInput,
} from './entry.js';
import { MAX_AMOUNT } from './money.js';

const debit = (amount: bigint, currency = 'KRW', account = '1010'): LegInput => ({
  account,
  side: 'debit',
  amount,
  currency,
});
const credit = (amount: bigint, currency = 'KRW', account = '2010'): LegInput => ({
  account,
  side: 'credit',
  amount,
  currency,
});

const often = <T>(common: readonly T[], rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...common), weight: 40 },
    { arbitrary: fc.constantFrom(...rare), weight: 1 },
  );

/** Legs that often balance by chance, and are sometimes out of range. */
const anyLegs = fc.array(
  fc.record({
    account: often(['1010', '2010:a', '2010:b'], ['no account']),
    side: fc.constantFrom('debit' as const, 'credit' as const),
    amount: often([1n, 2n], [0n, -1n, MAX_AMOUNT, MAX_AMOUNT + 1n]),
    currency: often(['KRW'], ['USD', 'krw']),
  }),
  { maxLength: 6 },
);

describe('journal entries', () => {
  it('are made of legs exactly when these are at least two, in range, and balance', () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyLegs, (legs) => {
        const accept = isEntry(journalEntry(legs));
        expect(accept).to.equal(isBalanced(legs));
        if (accept) accepted++;
      }),
      { numRuns: 10_000 },
    );
    expect(accepted, 'legs that balanced by chance').to.be.above(500);
  });

  it('cannot be made unbalanced by one unit, whichever leg it is', () => {
    fc.assert(
      fc.property(anyEntry, fc.nat(), (entry, pick) => {
        const at = pick % entry.legs.length;
        const legs = entry.legs.map((leg, index) =>
          index === at ? { ...leg, amount: leg.amount === 1n ? 2n : leg.amount - 1n } : leg,
        );
        expect(refusalOf(journalEntry(legs)).code).to.be.oneOf(['UNBALANCED', 'AMOUNT_OVERFLOW']);
      }),
    );
  });

  it('cannot be made by balancing one currency with another', () => {
    fc.assert(
      fc.property(anyAmount, (amount) => {
        const refusal = refusalOf(journalEntry([debit(amount, 'KRW'), credit(amount, 'JPY')]));
        expect(refusal.code).to.equal('UNBALANCED');
      }),
    );
  });

  it('keep their legs, in order', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(made(entry.legs).legs).to.deep.equal(entry.legs);
      }),
    );
  });

  it('cannot be changed, not even by who gave the legs', () => {
    const leg = { ...debit(5n) };
    const legs = [leg, credit(5n)];
    const entry = made(legs);
    legs.pop();
    Object.assign(leg, { amount: 6n });
    expect(entry.legs).to.deep.equal([debit(5n), credit(5n)]);
    expect(() => Object.assign(entry.legs[0] ?? {}, { amount: 6n })).to.throw(TypeError);
    expect(() => Object.assign(entry.legs, { length: 1 })).to.throw(TypeError);
    expect(() => Object.assign(entry, { legs: [] })).to.throw(TypeError);
  });

  it('have nothing on their legs but what a leg has', () => {
    const [first] = made([{ ...debit(5n), ...{ note: 'x' } }, credit(5n)]).legs;
    expect(first).to.have.all.keys('account', 'side', 'amount', 'currency');
  });

  it('undone twice are themselves', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(reverseEntry(reverseEntry(entry))).to.deep.equal(entry);
        expect(reverseEntry(entry).legs.map((leg) => leg.side)).to.deep.equal(
          entry.legs.map((leg) => (leg.side === 'debit' ? 'credit' : 'debit')),
        );
      }),
    );
  });
});

describe('refusals of an entry', () => {
  const cases: readonly (readonly [string, readonly LegInput[], object])[] = [
    ['no leg', [], { code: 'TOO_FEW_LEGS', field: 'legs' }],
    ['one leg', [debit(5n)], { code: 'TOO_FEW_LEGS', field: 'legs' }],
    [
      'an amount of 0',
      [debit(5n), credit(0n)],
      { code: 'ZERO_AMOUNT', field: 'legs[1].amount', value: '0' },
    ],
    [
      'an amount below 0',
      [debit(-5n), credit(-5n)],
      { code: 'ZERO_AMOUNT', field: 'legs[0].amount', value: '-5' },
    ],
    [
      'an amount above int64',
      [debit(MAX_AMOUNT + 1n), credit(MAX_AMOUNT + 1n)],
      { code: 'AMOUNT_OVERFLOW', field: 'legs[0].amount', value: '9223372036854775808' },
    ],
    [
      'a sum above int64',
      [debit(MAX_AMOUNT), debit(1n), credit(MAX_AMOUNT), credit(1n)],
      { code: 'AMOUNT_OVERFLOW', field: 'legs', value: 'KRW' },
    ],
    [
      'a malformed account',
      [debit(5n), credit(5n, 'KRW', '2010:')],
      { code: 'ACCOUNT_MALFORMED', field: 'legs[1].account', value: '2010:' },
    ],
    [
      'an unknown currency',
      [debit(5n, 'XXX'), credit(5n, 'XXX')],
      { code: 'CURRENCY_UNKNOWN', field: 'legs[0].currency', value: 'XXX' },
    ],
    [
      'two debits',
      [debit(5n), debit(5n)],
      { code: 'UNBALANCED', field: 'legs', value: 'KRW', reason: /debits 10 and credits 0/ },
    ],
    [
      'a second currency that does not balance',
      [debit(5n), credit(5n), debit(7n, 'USD'), credit(6n, 'USD')],
      { code: 'UNBALANCED', field: 'legs', value: 'USD', reason: /debits 7 and credits 6/ },
    ],
  ];
  for (const [what, legs, expected] of cases) {
    it(`name ${what}`, () => {
      const refusal: Readonly<Record<string, unknown>> = refusalOf(journalEntry(legs));
      for (const [key, value] of Object.entries(expected)) {
        if (value instanceof RegExp) expect(refusal[key]).to.match(value);
        else expect(refusal[key]).to.equal(value);
      }
    });
  }

  it(`name too many legs, from ${MAX_LEGS + 1} on`, () => {
    const most = Array.from({ length: MAX_LEGS / 2 }, () => [debit(1n), credit(1n)]).flat();
    expect(made(most).legs.length).to.equal(MAX_LEGS);
    expect(refusalOf(journalEntry([...most, debit(1n)])).code).to.equal('TOO_MANY_LEGS');
  });

  it('are no refusals but faults when something is not a leg at all', () => {
    const notLegs: readonly string[] = [
      '[{"side":"debit","amount":5},{"side":"credit","amount":5}]',
      '[{"side":"debit","amount":"5"},{"side":"credit","amount":"5"}]',
    ];
    for (const text of notLegs) {
      const legs = JSON.parse(text) as LegInput[];
      expect(() => journalEntry(legs)).to.throw('leg 0 is not a leg');
    }
    const thirdSide = JSON.parse('{"side":"both"}') as Pick<LegInput, 'side'>;
    expect(() => journalEntry([debit(5n), { ...credit(5n), ...thirdSide }])).to.throw('leg 1');
    const hole: LegInput[] = [debit(5n)];
    hole.length = 2;
    expect(() => journalEntry(hole)).to.throw('a leg is missing');
  });

  it('come for random legs too, never an unbalanced entry', () => {
    fc.assert(
      fc.property(fc.array(anyLeg, { minLength: 2, maxLength: 10 }), (legs) => {
        expect(isEntry(journalEntry(legs))).to.equal(isBalanced(legs));
      }),
    );
  });
});

/** What an entry is, said again in another way than the kernel says it. */
function isBalanced(legs: readonly LegInput[]): boolean {
  const known = ['1010', '2010:a', '2010:b'];
  const inRange = legs.every(
    (leg) =>
      leg.amount >= 1n &&
      leg.amount < 2n ** 63n &&
      (known.includes(leg.account) || /^[\w.-]+(:[\w.-]+)*$/.test(leg.account)) &&
      leg.currency === leg.currency.toUpperCase(),
  );
  const currencies = [...new Set(legs.map((leg) => leg.currency))];
  return (
    legs.length >= 2 &&
    inRange &&
    currencies.every((currency) => {
      const sum = (side: LegInput['side']): bigint =>
        legs
          .filter((leg) => leg.currency === currency && leg.side === side)
          .reduce((total, leg) => total + leg.amount, 0n);
      return sum('debit') === sum('credit') && sum('debit') < 2n ** 63n;
    })
  );
}

function made(legs: readonly LegInput[]): JournalEntry {
  const entry = journalEntry(legs);
  if (!isEntry(entry)) throw new Error(entry.reason);
  return entry;
}

function refusalOf(result: JournalEntry | EntryRefusal): EntryRefusal {
  if (isEntry(result)) throw new Error('an entry was made');
  return result;
}

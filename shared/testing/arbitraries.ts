import fc from 'fast-check';
import type { AccountId } from '../ledger/account.js';
import { isAccountId } from '../ledger/account.js';
import { CURRENCIES, type Currency } from '../ledger/currency.js';
import { formatDay, type Day } from '../ledger/day.js';
import { isEntry, journalEntry, type JournalEntry, type LegInput } from '../ledger/entry.js';
import { MAX_AMOUNT } from '../ledger/money.js';

/** Any currency of the table. */
const anyCurrency: fc.Arbitrary<Currency> = fc.constantFrom(...CURRENCIES);

/** An amount a leg may have, in minor units; small ones as often as huge ones. */
export const anyAmount: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 1n, max: 1_000n }),
  fc.bigInt({ min: 1n, max: MAX_AMOUNT }),
);

/** Any int64. */
export const anyInt64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -1_000n, max: 1_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** Any day that has four digits for its year. */
export const anyDay: fc.Arbitrary<Day> = fc
  .integer({ min: -719_528, max: 2_932_896 })
  .map((number) => formatDay(number));

const segment = fc.string({
  unit: fc.constantFrom('a', 'b', 'Z', '0', '9', '.', '_', '-'),
  minLength: 1,
  maxLength: 12,
});

/** An account id of one to four segments. */
export const anyAccountId: fc.Arbitrary<AccountId> = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join(':'))
  .filter(isAccountId);

/** A leg within bounds; legs drawn together need not balance. */
export const anyLeg: fc.Arbitrary<LegInput> = fc.record({
  account: anyAccountId,
  side: fc.constantFrom('debit' as const, 'credit' as const),
  amount: anyAmount,
  currency: anyCurrency,
});

/**
 * A balanced entry of 2 to 8 legs per currency, in one to three currencies: each currency's total
 * is cut at random places on the debit side, and at other places on the credit side.
 */
export const anyEntry: fc.Arbitrary<JournalEntry> = fc
  .uniqueArray(anyCurrency, { minLength: 1, maxLength: 3 })
  .chain((currencies) => fc.tuple(...currencies.map(balancedLegs)))
  .map((perCurrency) => {
    const entry = journalEntry(perCurrency.flat());
    if (!isEntry(entry)) throw new Error(`balanced legs are refused: ${entry.reason}`);
    return entry;
  });

function balancedLegs(currency: Currency): fc.Arbitrary<LegInput[]> {
  const oneSide = (side: LegInput['side'], total: bigint): fc.Arbitrary<LegInput[]> =>
    fc.uniqueArray(fc.bigInt({ min: 1n, max: total - 1n }), { maxLength: 3 }).chain((cuts) => {
      const ends = [...cuts.sort((a, b) => (a < b ? -1 : 1)), total];
      const amounts = ends.map((end, index) => end - (ends[index - 1] ?? 0n));
      return fc.tuple(
        ...amounts.map((amount) =>
          anyAccountId.map((account) => ({ account, side, amount, currency })),
        ),
      );
    });
  return fc
    .bigInt({ min: 2n, max: MAX_AMOUNT })
    .chain((total) => fc.tuple(oneSide('debit', total), oneSide('credit', total)))
    .map((sides) => sides.flat());
}

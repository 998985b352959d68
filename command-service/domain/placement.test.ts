import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { AccountDefinition, AccountType } from '../../shared/ledger/account.js';
import { isEntry, journalEntry, type LegInput } from '../../shared/ledger/entry.js';
import { placeEntry } from './placement.js';

const define = (code: string, type: AccountType, more: Partial<AccountDefinition> = {}) => ({
  code,
  name: code,
  type,
  guarded: false,
  floor: 0n,
  currencies: [],
  ...more,
});
const CHART = new Map<string, AccountDefinition>(
  [
    define('cash', 'asset'),
    define('won', 'asset', { currencies: ['KRW'] }),
    define('points', 'liability', { guarded: true }),
    define('till', 'asset', { guarded: true }),
  ].map((definition) => [definition.code, definition]),
);

function place(...lines: readonly (readonly [LegInput['side'], string, bigint, string?])[]) {
  const entry = journalEntry(
    lines.map(([side, account, amount, currency = 'KRW']) => ({ side, account, amount, currency })),
  );
  if (!isEntry(entry)) throw new Error(entry.reason);
  const placement = placeEntry(entry, CHART);
  if (placement.kind === 'guarded') return placement.account;
  return 'refusal' in placement ? placement.refusal.code : placement.kind;
}

describe('placing an entry', () => {
  it('is free without guarded accounts, and where guarded ones only grow', () => {
    expect(place(['debit', 'cash', 1n], ['credit', 'cash:b', 1n])).to.equal('free');
    expect(place(['debit', 'cash', 1n], ['credit', 'points:a', 1n])).to.equal('free');
    expect(place(['debit', 'till:1', 1n], ['credit', 'points:a', 1n])).to.equal('free');
  });

  it('goes to the one guarded account that is reduced, on its normal side', () => {
    expect(place(['debit', 'points:a', 1n], ['credit', 'cash', 1n])).to.equal('points:a');
    expect(place(['debit', 'cash', 1n], ['credit', 'till', 1n])).to.equal('till');
    expect(place(['debit', 'points:a', 1n], ['credit', 'points:b', 1n])).to.equal('points:a');
  });

  it('looks at the net change, per currency', () => {
    expect(
      place(['debit', 'points:a', 5n], ['credit', 'points:a', 7n], ['debit', 'cash', 2n]),
    ).to.equal('free');
    expect(
      place(
        ['debit', 'points:a', 5n],
        ['credit', 'cash', 5n],
        ['credit', 'points:a', 9n, 'USD'],
        ['debit', 'cash', 9n, 'USD'],
      ),
    ).to.equal('points:a');
  });

  it('refuses to reduce two, to touch held money, and currencies that are not allowed', () => {
    expect(place(['debit', 'points:a', 1n], ['credit', 'till:1', 1n])).to.equal(
      'MULTIPLE_GUARDED_ACCOUNTS',
    );
    expect(place(['debit', 'cash', 1n], ['credit', 'points:a:held', 1n])).to.equal(
      'ACCOUNT_RESERVED',
    );
    expect(place(['debit', 'won', 1n, 'USD'], ['credit', 'cash', 1n, 'USD'])).to.equal(
      'CURRENCY_NOT_ALLOWED',
    );
    expect(place(['debit', 'cash:held', 1n], ['credit', 'cash', 1n])).to.equal('free');
  });

  it('names every unknown code', () => {
    const entry = journalEntry([
      { account: 'cash', side: 'debit', amount: 2n, currency: 'KRW' },
      { account: 'nope:1', side: 'credit', amount: 1n, currency: 'KRW' },
      { account: 'never', side: 'credit', amount: 1n, currency: 'KRW' },
    ]);
    if (!isEntry(entry)) throw new Error(entry.reason);
    const placement = placeEntry(entry, CHART);
    if (placement.kind !== 'unknown') throw new Error(placement.kind);
    expect(placement.refusal.code).to.equal('ACCOUNT_UNKNOWN');
    expect(placement.refusal.errors.map(({ field, value }) => [field, value])).to.deep.equal([
      ['legs[1].account', 'nope:1'],
      ['legs[2].account', 'never'],
    ]);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { EntryPosted, HoldPlaced, LedgerEvent } from '../../shared/events/event.js';
import {
  isAccountId,
  type AccountDefinition,
  type AccountId,
} from '../../shared/ledger/account.js';
import { isCurrency, type Currency } from '../../shared/ledger/currency.js';
import {
  isEntry,
  journalEntry,
  type JournalEntry,
  type LegInput,
} from '../../shared/ledger/entry.js';
import { specification } from '../../shared/testing/specification.js';
import { accountDecider, type AccountFacts } from './account.js';

const WALLET = id('points:ann');
const SHOP = id('4010');
const DEFINITION: AccountDefinition = {
  code: 'points',
  name: 'Points',
  type: 'liability',
  guarded: true,
  floor: 0n,
  currencies: [],
};
const REVENUE: AccountDefinition = { ...DEFINITION, code: '4010', type: 'revenue', guarded: false };
const NOW = 1_000_000;

function id(text: string): AccountId {
  if (!isAccountId(text)) throw new Error(text);
  return text;
}

function krw(): Currency {
  const code = 'KRW';
  if (!isCurrency(code)) throw new Error(code);
  return code;
}

function entry(...lines: readonly (readonly [LegInput['side'], string, bigint])[]): JournalEntry {
  const made = journalEntry(
    lines.map(([side, account, amount]) => ({ side, account, amount, currency: 'KRW' })),
  );
  if (!isEntry(made)) throw new Error(made.reason);
  return made;
}

function posted(entryId: string, debit: string, credit: string, amount: bigint): EntryPosted {
  const made = entry(['debit', debit, amount], ['credit', credit, amount]);
  return { type: 'EntryPosted', data: { id: entryId, description: 'x', entry: made } };
}

function placed(holdId: string, amount: bigint, expiresAt = NOW + 1): HoldPlaced {
  const made = entry(['debit', WALLET, amount], ['credit', `${WALLET}:held`, amount]);
  const data = { id: holdId, account: WALLET, amount, currency: krw(), expiresAt };
  return { type: 'HoldPlaced', data: { ...data, description: 'x', entry: made } };
}

function released(holdId: string, amount: bigint, reason: 'released' | 'expired'): LedgerEvent {
  const made = entry(['debit', `${WALLET}:held`, amount], ['credit', WALLET, amount]);
  return { type: 'HoldReleased', data: { id: holdId, reason, entry: made } };
}

const place = (amount: bigint) =>
  ({
    type: 'place',
    id: 'h2',
    amount,
    currency: 'KRW',
    expiresAt: NOW + 1,
    description: 'x',
  }) as const;
const settle = (amount?: bigint, to = SHOP, target = REVENUE) =>
  ({ type: 'settle', id: 'h1', to, target, amount }) as const;

const facts = (elsewhere: bigint, definition = DEFINITION): AccountFacts => ({
  definition,
  now: NOW,
  // A liability grows on the credit side: what came in is negative as debits less credits.
  elsewhere: (currency) => (currency === 'KRW' ? -elsewhere : 0n),
});
const wallet = (elsewhere: bigint, definition = DEFINITION) =>
  specification(accountDecider(WALLET), facts(elsewhere, definition));

describe('account decider', () => {
  describe('an entry that reduces the account', () => {
    const spent = posted('s', WALLET, SHOP, 70n);

    it('is accepted down to the floor, and refused one below', () => {
      wallet(70n).given().when({ type: 'post', event: spent }).then(spent);
      const refusal = wallet(69n)
        .given()
        .when({ type: 'post', event: spent })
        .thenRefused('INSUFFICIENT_BALANCE');
      expect(refusal.errors).to.deep.include({
        field: 'available',
        value: '69',
        reason: 'KRW above the floor',
      });
    });

    it('counts the entries of its own stream, both ways', () => {
      const earlier = posted('a', WALLET, SHOP, 40n);
      const back = posted('b', SHOP, WALLET, 10n);
      wallet(100n).given(earlier, back).when({ type: 'post', event: spent }).then(spent);
      wallet(100n)
        .given(earlier)
        .when({ type: 'post', event: spent })
        .thenRefused('INSUFFICIENT_BALANCE');
    });

    it('respects a floor above and below zero', () => {
      wallet(100n, { ...DEFINITION, floor: 31n })
        .given()
        .when({ type: 'post', event: spent })
        .thenRefused('INSUFFICIENT_BALANCE');
      wallet(0n, { ...DEFINITION, floor: -70n })
        .given()
        .when({ type: 'post', event: spent })
        .then(spent);
    });

    it('counts on the debit side for an asset', () => {
      const asset: AccountDefinition = { ...DEFINITION, type: 'asset' };
      const spec = specification(accountDecider(WALLET), {
        definition: asset,
        now: NOW,
        elsewhere: () => 70n,
      });
      const taken = posted('s', SHOP, WALLET, 70n);
      spec.given().when({ type: 'post', event: taken }).then(taken);
      spec
        .given(posted('a', SHOP, WALLET, 1n))
        .when({ type: 'post', event: taken })
        .thenRefused('INSUFFICIENT_BALANCE');
    });

    it('takes back holds that have run out, where that is needed', () => {
      const command = { type: 'post', event: spent } as const;
      wallet(100n)
        .given(placed('h1', 60n, NOW))
        .when(command)
        .then(released('h1', 60n, 'expired'), spent);
      wallet(100n)
        .given(placed('h1', 30n, NOW))
        .when(command)
        .then(spent);
      wallet(100n).given(placed('h1', 60n)).when(command).thenRefused('INSUFFICIENT_BALANCE');
    });
  });

  describe('a hold', () => {
    it('is placed within what is available', () => {
      wallet(60n).given().when(place(60n)).then(placed('h2', 60n));
      wallet(60n).given(placed('h1', 1n)).when(place(60n)).thenRefused('INSUFFICIENT_BALANCE');
    });

    it('is refused with no amount, no currency, no time left, no room for its account', () => {
      wallet(60n).given().when(place(0n)).thenRefused('ZERO_AMOUNT');
      wallet(60n)
        .given()
        .when({ ...place(1n), currency: 'XXX' })
        .thenRefused('CURRENCY_UNKNOWN');
      wallet(60n)
        .given()
        .when({ ...place(1n), expiresAt: NOW })
        .thenRefused('HOLD_EXPIRED');
      wallet(60n, { ...DEFINITION, currencies: ['USD'] })
        .given()
        .when(place(1n))
        .thenRefused('CURRENCY_NOT_ALLOWED');
      specification(accountDecider(id(`points:${'a'.repeat(118)}`)), facts(60n))
        .given()
        .when(place(1n))
        .thenRefused('ACCOUNT_MALFORMED');
    });

    it('is settled wholly, or in part and the rest goes back', () => {
      wallet(0n)
        .given(placed('h1', 60n))
        .when(settle())
        .then({
          type: 'HoldSettled',
          data: {
            id: 'h1',
            settled: 60n,
            to: SHOP,
            entry: entry(['debit', `${WALLET}:held`, 60n], ['credit', SHOP, 60n]),
          },
        });
      const part = entry(
        ['debit', `${WALLET}:held`, 60n],
        ['credit', SHOP, 25n],
        ['credit', WALLET, 35n],
      );
      wallet(0n)
        .given(placed('h1', 60n))
        .when(settle(25n))
        .then({ type: 'HoldSettled', data: { id: 'h1', settled: 25n, to: SHOP, entry: part } });
    });

    it('is not settled beyond its amount, with none, too late, or where it may not go', () => {
      const given = wallet(500n).given(placed('h1', 60n));
      given.when(settle(61n)).thenRefused('INSUFFICIENT_BALANCE');
      given.when(settle(0n)).thenRefused('ZERO_AMOUNT');
      given
        .when(settle(1n, SHOP, { ...REVENUE, currencies: ['USD'] }))
        .thenRefused('CURRENCY_NOT_ALLOWED');
      given
        .when(settle(1n, id('cash:x'), { ...REVENUE, code: 'cash', type: 'asset', guarded: true }))
        .thenRefused('MULTIPLE_GUARDED_ACCOUNTS');
      wallet(0n)
        .given(placed('h1', 60n, NOW))
        .when(settle())
        .thenRefused('HOLD_EXPIRED');
      wallet(0n).given().when(settle()).thenRefused('NOT_FOUND');
    });

    it('is released once, also when its time is over', () => {
      const release = { type: 'release', id: 'h1' } as const;
      const back = released('h1', 60n, 'released');
      wallet(0n).given(placed('h1', 60n)).when(release).then(back);
      wallet(0n)
        .given(placed('h1', 60n, NOW))
        .when(release)
        .then(back);
      wallet(0n).given(placed('h1', 60n), back).when(release).thenRefused('NOT_FOUND');
    });

    it('runs out, and not before its time', () => {
      wallet(0n)
        .given(placed('h1', 60n, NOW), placed('h2', 5n))
        .when({ type: 'expire' })
        .then(released('h1', 60n, 'expired'));
      wallet(0n).given(placed('h2', 5n)).when({ type: 'expire' }).thenRefused('NOT_FOUND');
    });

    it('that is closed twice is a broken log', () => {
      const back = released('h1', 60n, 'released');
      const given = wallet(0n).given(placed('h1', 60n), back, back);
      expect(() => given.when({ type: 'expire' })).to.throw('closed twice');
    });
  });

  describe('a code', () => {
    const code = specification(accountDecider(id('points')), facts(0n));
    const declared: LedgerEvent = { type: 'AccountDeclared', data: DEFINITION };

    it('is declared once; the same again repeats; anything else is refused', () => {
      code.given().when({ type: 'declare', definition: DEFINITION }).then(declared);
      code.given(declared).when({ type: 'declare', definition: DEFINITION }).thenRepeated();
      for (const other of [
        { name: 'Other' },
        { type: 'asset' as const },
        { guarded: false },
        { floor: 1n },
        { currencies: ['KRW'] },
      ]) {
        const definition = { ...DEFINITION, ...other };
        code.given(declared).when({ type: 'declare', definition }).thenRefused('ACCOUNT_EXISTS');
      }
    });

    it('allows currencies that exist', () => {
      const definition = { ...DEFINITION, currencies: ['KRW', 'XXX'] };
      code.given().when({ type: 'declare', definition }).thenRefused('CURRENCY_UNKNOWN');
    });
  });
});

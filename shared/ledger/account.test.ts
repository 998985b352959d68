import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyAccountId } from '../testing/arbitraries.js';
import {
  ACCOUNT_TYPES,
  codeOf,
  isAccountCode,
  isAccountId,
  normalBalance,
  normalSide,
} from './account.js';

describe('account ids', () => {
  for (const id of ['1010', '2010:seller-1', 'a:b:c:d', '._-', 'x'.repeat(128), '1:__proto__']) {
    it(`include ${id.slice(0, 24)}`, () => {
      expect(isAccountId(id)).to.equal(true);
    });
  }

  const none = ['', ':', '1010:', ':1010', '1010::a', '10 10', '1010\n', '1010:é', '1010/a', '१'];
  for (const id of [...none, 'x'.repeat(129), `1010:${'x'.repeat(124)}`]) {
    it(`do not include ${JSON.stringify(id.slice(0, 24))}`, () => {
      expect(isAccountId(id)).to.equal(false);
    });
  }

  it('begin with their code', () => {
    fc.assert(
      fc.property(anyAccountId, (id) => {
        const code = codeOf(id);
        expect(isAccountCode(code)).to.equal(true);
        expect(id === code || id.startsWith(`${code}:`)).to.equal(true);
      }),
    );
  });

  it('of more than a code are no code', () => {
    expect(isAccountCode('2010:seller-1')).to.equal(false);
    expect(isAccountCode('')).to.equal(false);
    expect(isAccountCode('x'.repeat(129))).to.equal(false);
  });
});

describe('normal sides', () => {
  it('are debit for what we have and spend, credit for what we owe and earn', () => {
    expect(ACCOUNT_TYPES.map((type) => `${type} ${normalSide(type)}`)).to.deep.equal([
      'asset debit',
      'liability credit',
      'equity credit',
      'revenue credit',
      'expense debit',
      'memo debit',
    ]);
  });

  it('make the balance grow', () => {
    for (const type of ACCOUNT_TYPES) {
      const sign = normalSide(type) === 'debit' ? 1n : -1n;
      expect(normalBalance(type, 700n, 200n)).to.equal(sign * 500n);
    }
  });
});

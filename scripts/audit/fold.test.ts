import { expect } from 'chai';
import { describe, it } from 'mocha';
import { AuditFailed, Fold } from './fold.js';
import { trialBalance } from './trial-balance.js';

const metadata = '{"schemaVersion":1,"effectiveDate":"2024-02-29"}';
const leg = (account: string, side: string, amount: unknown, currency = 'KRW') =>
  JSON.stringify({ account, side, amount, currency });
const event = (legs: string, extra: object = {}) => ({
  position: 7,
  type: 'EntryPosted',
  recordedAt: 0,
  data: `{"entry":{"legs":[${legs}]}}`,
  metadata,
  ...extra,
});

describe("the auditor's fold", () => {
  it('sums beyond 64 bits, and shows each side', () => {
    const fold = new Fold();
    const max = (2n ** 63n - 1n).toString();
    for (let count = 0; count < 3; count++) {
      fold.add(event(`${leg('1010', 'debit', max)},${leg('2010:a', 'credit', max)}`));
    }
    fold.add(event(`${leg('2010:a', 'debit', '5')},${leg('1010', 'credit', '5')}`));
    const declared = { code: '2010', name: 'Payable', type: 'liability' };
    fold.add(event('', { type: 'AccountDeclared', data: JSON.stringify(declared) }));
    const sum = 3n * (2n ** 63n - 1n);
    const { rows, totals } = trialBalance(fold.result());
    expect(rows).to.deep.equal([
      {
        account: '1010',
        name: '',
        type: 'memo',
        currency: 'KRW',
        debits: sum,
        credits: 5n,
        balance: sum - 5n,
      },
      {
        account: '2010:a',
        name: 'Payable',
        type: 'liability',
        currency: 'KRW',
        debits: 5n,
        credits: sum,
        balance: sum - 5n,
      },
    ]);
    expect(totals).to.deep.equal([{ currency: 'KRW', debits: sum + 5n, credits: sum + 5n }]);
    expect(fold.entries).to.equal(4);
  });

  it('leaves out what is effective later', () => {
    const fold = new Fold({ effective: '2024-02-28' });
    fold.add(event(`${leg('1010', 'debit', '1')},${leg('2010', 'credit', '1')}`));
    expect(trialBalance(fold.result()).rows).to.deep.equal([]);
  });

  const [one, other] = [leg('1010', 'debit', '1'), leg('2010', 'credit', '1')];
  for (const [what, bad] of [
    ['unequal amounts', event(`${one},${leg('2010', 'credit', '2')}`)],
    ['one side twice', event(`${one},${leg('2010', 'debit', '1')}`)],
    ['two currencies', event(`${one},${leg('2010', 'credit', '1', 'USD')}`)],
    ['three legs that do not balance', event(`${one},${other},${leg('4010', 'credit', '1')}`)],
    ['one leg', event(one)],
    ['a number as amount', event(`${leg('1010', 'debit', 1)},${leg('2010', 'credit', 1)}`)],
    ['a negative amount', event(`${leg('1', 'debit', '-1')},${leg('2', 'credit', '-1')}`)],
    ['zero', event(`${leg('1', 'debit', '0')},${leg('2', 'credit', '0')}`)],
    ['an unknown side', event(`${leg('1', 'Debit', '1')},${leg('2', 'credit', '1')}`)],
    ['no JSON', event('', { data: '{' })],
    ['no object', event('', { data: '[]' })],
    ['no legs', event('', { data: '{"entry":{}}' })],
    ['no effective date', event(`${one},${other}`, { metadata: '{}' })],
    ['a nameless account', event('', { type: 'AccountDeclared', data: '{"code":"1"}' })],
  ] as const) {
    it(`refuses ${what}, and names the position`, () => {
      expect(() => new Fold().add(bad)).to.throw(AuditFailed, 'position 7');
    });
  }
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isAccountCode } from './account.js';
import { BUILT_IN_CHART } from './chart.js';

/** The chart as it was agreed on; A, L, R, E and M are the types. */
const AGREED = `
1010 A Bank, operating
1020 A Bank, externally managed (trust)
1110 A PG receivable
1120 A BNPL provider receivable
1121 A BNPL member receivable
1130 A Seller receivable
1140 A Dispute receivable
1150 A Input VAT
2010 L Seller payable, pending
2020 L Seller payable, available
2030 L Payout in transit
2110 L Points, paid
2115 L Points, held
2120 L Points, free
2130 L Refund payable
2210 L Escrow liability
2310 L Output VAT
2320 L Withheld income tax
2321 L Withheld local tax
2410 L Unapplied deposits
2510 L Deferred revenue
2990 L Reconciliation suspense
4010 R Platform fee
4020 R Subscription revenue
4090 R Breakage
5010 E PG fee
5020 E Coupon subsidy
5030 E Point promotion
5040 E Chargeback loss
5045 E Dispute fee
5050 E BNPL fee
5060 E Bad debt
5090 E Rounding
9010 M Authorisation memo
9011 M Authorisation memo, contra
`;

describe('built-in chart', () => {
  it('is the agreed one', () => {
    const lines = BUILT_IN_CHART.map(
      ({ code, name, type }) => `${code} ${type.slice(0, 1).toUpperCase()} ${name}`,
    );
    expect(lines).to.deep.equal(AGREED.trim().split('\n'));
    expect(lines.length).to.equal(35);
  });

  it('declares each code once, and nothing but codes', () => {
    const codes = BUILT_IN_CHART.map((definition) => definition.code);
    expect(new Set(codes).size).to.equal(codes.length);
    expect(codes.filter((code) => !isAccountCode(code))).to.deep.equal([]);
  });

  it('guards nothing and takes every currency', () => {
    for (const { guarded, floor, currencies } of BUILT_IN_CHART) {
      expect({ guarded, floor, currencies }).to.deep.equal({
        guarded: false,
        floor: 0n,
        currencies: [],
      });
    }
  });
});

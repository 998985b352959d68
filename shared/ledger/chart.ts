import type { AccountDefinition, AccountType } from './account.js';

const BUILT_IN: readonly (readonly [code: string, name: string, type: AccountType])[] = [
  ['1010', 'Bank, operating', 'asset'],
  ['1020', 'Bank, externally managed (trust)', 'asset'],
  ['1110', 'PG receivable', 'asset'],
  ['1120', 'BNPL provider receivable', 'asset'],
  ['1121', 'BNPL member receivable', 'asset'],
  ['1130', 'Seller receivable', 'asset'],
  ['1140', 'Dispute receivable', 'asset'],
  ['1150', 'Input VAT', 'asset'],
  ['2010', 'Seller payable, pending', 'liability'],
  ['2020', 'Seller payable, available', 'liability'],
  ['2030', 'Payout in transit', 'liability'],
  ['2110', 'Points, paid', 'liability'],
  ['2115', 'Points, held', 'liability'],
  ['2120', 'Points, free', 'liability'],
  ['2130', 'Refund payable', 'liability'],
  ['2210', 'Escrow liability', 'liability'],
  ['2310', 'Output VAT', 'liability'],
  ['2320', 'Withheld income tax', 'liability'],
  ['2321', 'Withheld local tax', 'liability'],
  ['2410', 'Unapplied deposits', 'liability'],
  ['2510', 'Deferred revenue', 'liability'],
  ['2990', 'Reconciliation suspense', 'liability'],
  ['4010', 'Platform fee', 'revenue'],
  ['4020', 'Subscription revenue', 'revenue'],
  ['4090', 'Breakage', 'revenue'],
  ['5010', 'PG fee', 'expense'],
  ['5020', 'Coupon subsidy', 'expense'],
  ['5030', 'Point promotion', 'expense'],
  ['5040', 'Chargeback loss', 'expense'],
  ['5045', 'Dispute fee', 'expense'],
  ['5050', 'BNPL fee', 'expense'],
  ['5060', 'Bad debt', 'expense'],
  ['5090', 'Rounding', 'expense'],
  ['9010', 'Authorisation memo', 'memo'],
  ['9011', 'Authorisation memo, contra', 'memo'],
];

/**
 * The chart every ledger starts with. The command service declares it in the log when the log is
 * opened for the first time, so that a log explains itself without this program.
 */
export const BUILT_IN_CHART: readonly AccountDefinition[] = BUILT_IN.map(([code, name, type]) => ({
  code,
  name,
  type,
  guarded: false,
  floor: 0n,
  currencies: [],
}));

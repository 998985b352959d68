import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { PostEntry } from '../../command-service/application/ledger.js';
import type { AccountType } from '../../shared/ledger/account.js';
import { isCurrency, type Currency } from '../../shared/ledger/currency.js';
import { isDay, type Day } from '../../shared/ledger/day.js';
import { parseMajorUnits } from '../../shared/ledger/money.js';

/** A transaction of the bank, as its file has it. `amount` in hellers, always positive. */
export type BankTransaction = Readonly<{
  id: string;
  customer: string;
  day: Day;
  direction: 'in' | 'out';
  operation: string;
  purpose: string;
  amount: bigint;
}>;

export const CURRENCY: Currency = known('CZK');

/** The accounts of the bank's book beside the built-in chart. */
export const BANK_ACCOUNTS: readonly Readonly<{ code: string; name: string; type: AccountType }>[] =
  [
    { code: '1030', name: 'Cash at the branches', type: 'asset' },
    { code: '1040', name: 'Clearing with other banks', type: 'asset' },
    { code: '2610', name: 'Customer deposits', type: 'liability' },
    { code: '4110', name: 'Statement fees', type: 'revenue' },
    { code: '4120', name: 'Sanction interest', type: 'revenue' },
    { code: '5110', name: 'Interest paid to customers', type: 'expense' },
  ];

/** Read from the built tree, whatever its name: the data stay where they are. */
const FILE = new URL('../../../scripts/demo-data/bank-transactions-1993.csv.gz', import.meta.url);

/** The bank's transactions in the order of the file. */
export function readBankTransactions(): readonly BankTransaction[] {
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trimEnd().split('\n');
  return lines.slice(1).map((line) => transactionOf(line.trimEnd()));
}

function transactionOf(line: string): BankTransaction {
  const fields = line.split(';').map((field) => field.replace(/^"(.*)"$/, '$1').trim());
  const [id = '', customer = '', date = '', type = '', operation = '', money = ''] = fields;
  const day = `19${date.slice(0, 2)}-${date.slice(2, 4)}-${date.slice(4, 6)}`;
  const amount = parseMajorUnits(money, CURRENCY);
  if (!isDay(day) || amount === undefined) throw new Error(`not a transaction: ${line}`);
  const direction = type === 'PRIJEM' ? 'in' : 'out';
  return { id, customer, day, direction, operation, purpose: fields[7] ?? '', amount };
}

/** The customer's account: to the bank a liability. */
export function customerAccount(customer: string): string {
  return `2610:${customer}`;
}

/** The entry of a transaction; its id is the transaction's, its effective date the booking day. */
export function entryOf(transaction: BankTransaction): PostEntry {
  const { id, customer, day, direction, amount } = transaction;
  const { account, description } = otherSide(transaction);
  const own = { account: customerAccount(customer), amount, currency: CURRENCY };
  const other = { account, amount, currency: CURRENCY };
  return {
    id,
    description,
    effectiveDate: day,
    legs:
      direction === 'in'
        ? [
            { ...other, side: 'debit' },
            { ...own, side: 'credit' },
          ]
        : [
            { ...own, side: 'debit' },
            { ...other, side: 'credit' },
          ],
  };
}

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['SIPO', 'household'],
  ['POJISTNE', 'insurance'],
  ['DUCHOD', 'pension'],
  ['UVER', 'loan'],
]);

function otherSide({ direction, operation, purpose }: BankTransaction): {
  account: string;
  description: string;
} {
  if (purpose === 'UROK') return { account: '5110', description: 'Interest' };
  if (purpose === 'SLUZBY') return { account: '4110', description: 'Statement fee' };
  if (purpose === 'SANKC. UROK') return { account: '4120', description: 'Sanction interest' };
  const what = PURPOSES.get(purpose);
  const suffix = what === undefined ? '' : `, ${what}`;
  switch (operation) {
    case 'VKLAD':
      return { account: '1030', description: `Cash in${suffix}` };
    case 'VYBER':
      return { account: '1030', description: `Cash out${suffix}` };
    case 'VYBER KARTOU':
      return { account: '1040', description: `Card${suffix}` };
    case 'PREVOD Z UCTU':
    case 'PREVOD NA UCET':
      return { account: '1040', description: `Transfer ${direction}${suffix}` };
    default:
      throw new Error(`operation ${operation} with purpose ${purpose} is not known`);
  }
}

function known(code: string): Currency {
  if (isCurrency(code)) return code;
  throw new Error(`${code} is not in the table`);
}

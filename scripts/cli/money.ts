import { isCurrency } from '../../shared/ledger/currency.js';
import { formatMajorUnits } from '../../shared/ledger/money.js';

/** An amount in major units with thousands apart, for people: 1234500 KRW is "1,234,500". */
export function major(amount: bigint, currency: string): string {
  if (!isCurrency(currency)) return amount.toString();
  const [whole = '', fraction] = formatMajorUnits(amount, currency).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

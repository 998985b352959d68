import type { Currency } from '../ledger/currency.js';
import { isEntry, journalEntry, type JournalEntry, type LegInput } from '../ledger/entry.js';

/*
 * The entries of a payment: J-AUTH, J-AUTH-REV, J-CAPTURE, J-REFUND-REQ, J-REFUND-DONE and
 * J-REFUND-FAIL of docs/concepts.md. Receivables and memos are kept by gateway, payables by seller.
 */

/** Whose accounts an entry of a payment is on. */
export type Parties = Readonly<{ gateway: string; sellerId: string; currency: Currency }>;

const debit = (account: string, amount: bigint, currency: string): LegInput => ({
  account,
  side: 'debit',
  amount,
  currency,
});
const credit = (account: string, amount: bigint, currency: string): LegInput => ({
  account,
  side: 'credit',
  amount,
  currency,
});

/** J-AUTH: the authorisation stands on the memo accounts of the gateway. */
export function authorizationEntry({ gateway, currency }: Parties, amount: bigint): JournalEntry {
  return entryOf(
    debit(`9010:${gateway}`, amount, currency),
    credit(`9011:${gateway}`, amount, currency),
  );
}

/** J-AUTH-REV: voided or expired. */
export function authorizationReversal(parties: Parties, amount: bigint): JournalEntry {
  return entryOf(...memoReversal(parties, amount));
}

/** J-CAPTURE, and J-AUTH-REV for what was captured: one fact, one entry. */
export function captureEntry(parties: Parties, amount: bigint): JournalEntry {
  const { gateway, sellerId, currency } = parties;
  return entryOf(
    debit(`1110:${gateway}`, amount, currency),
    credit(`2010:${sellerId}`, amount, currency),
    ...memoReversal(parties, amount),
  );
}

/** J-REFUND-REQ: the reservation. What is reserved cannot be refunded twice. */
export function refundReservation({ sellerId, currency }: Parties, amount: bigint): JournalEntry {
  return entryOf(
    debit(`2010:${sellerId}`, amount, currency),
    credit(`2130:${sellerId}`, amount, currency),
  );
}

/** J-REFUND-DONE. */
export function refundEntry(parties: Parties, amount: bigint): JournalEntry {
  const { gateway, sellerId, currency } = parties;
  return entryOf(
    debit(`2130:${sellerId}`, amount, currency),
    credit(`1110:${gateway}`, amount, currency),
  );
}

/** J-REFUND-REQ and J-REFUND-DONE at once: a refund that had been given up was done after all. */
export function lateRefundEntry(parties: Parties, amount: bigint): JournalEntry {
  return entryOf(...refundReservation(parties, amount).legs, ...refundEntry(parties, amount).legs);
}

/** J-REFUND-FAIL: the reservation goes back to where it came from. */
export function refundRelease({ sellerId, currency }: Parties, amount: bigint): JournalEntry {
  return entryOf(
    debit(`2130:${sellerId}`, amount, currency),
    credit(`2010:${sellerId}`, amount, currency),
  );
}

function memoReversal({ gateway, currency }: Parties, amount: bigint): readonly LegInput[] {
  return [debit(`9011:${gateway}`, amount, currency), credit(`9010:${gateway}`, amount, currency)];
}

function entryOf(...legs: readonly LegInput[]): JournalEntry {
  const entry = journalEntry(legs);
  if (!isEntry(entry)) throw new Error(`the entry of a payment is refused: ${entry.reason}`);
  return entry;
}

import { z } from 'zod';
import { customerAccount, CURRENCY, type BankTransaction } from './bank.js';
import type { Client } from './client.js';

const posted = z.object({ position: z.string().transform((text) => BigInt(text)) });

/** A clerk's mistake in the bank's book: a nought too many in one of the real transactions. */
export const MISTAKE = {
  customer: '1815',
  id: '533096',
  day: '1993-06-16',
  corrected: 129_000n,
} as const;

/**
 * Corrects a posted transaction as accountants do: the wrong entry stays, its reversal and the right
 * entry come after it, both effective on the day the money moved.
 * @returns the position of the last of the two
 */
export async function correct(
  client: Client,
  { id, customer, day }: Pick<BankTransaction, 'id' | 'customer'> & Readonly<{ day: string }>,
  amount: bigint,
): Promise<bigint> {
  await client.post(
    `/v1/ledger/entries/${id}/reversal`,
    { reason: 'Cash out was mistyped: reversal', effectiveDate: day },
    posted,
  );
  const leg = { amount: amount.toString(), currency: CURRENCY };
  const { position } = await client.post(
    '/v1/ledger/entries',
    {
      description: 'Cash out, corrected',
      effectiveDate: day,
      legs: [
        { account: customerAccount(customer), side: 'debit', ...leg },
        { account: '1030', side: 'credit', ...leg },
      ],
    },
    posted,
  );
  return position;
}

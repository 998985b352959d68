import { z } from 'zod';
import { importRows, type ImportSummary } from '../import/importer.js';
import type { ImportRow } from '../import/rows.js';
import { serverSink } from '../import/sinks.js';
import { BANK_ACCOUNTS, entryOf, type BankTransaction } from './bank.js';
import type { Client } from './client.js';

/**
 * Brings the bank's transactions into a running ledger over HTTP, in the order of the file.
 * @throws Error when any of them is refused
 */
export async function loadBank(
  client: Client,
  transactions: readonly BankTransaction[],
  onProgress?: (rows: number) => void,
): Promise<ImportSummary> {
  for (const account of BANK_ACCOUNTS) {
    await client.post('/v1/ledger/accounts', account, z.unknown());
  }
  return importRows(rowsOf(transactions), {
    sink: serverSink(client.url),
    // One after the other: the log then has the bank's own order.
    inFlight: 1,
    ...(onProgress === undefined ? {} : { onProgress }),
    onRefused: ({ line, id, code, message }) => {
      throw new Error(`transaction ${id ?? line} was refused: ${code} ${message}`);
    },
  });
}

async function* rowsOf(
  transactions: readonly BankTransaction[],
): AsyncGenerator<readonly ImportRow[]> {
  yield await Promise.resolve(
    transactions.map((transaction, index) => ({ line: index + 2, entry: entryOf(transaction) })),
  );
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ServerProcess } from './bench/server-process.js';
import { note, print } from './cli/output.js';
import { startProgress } from './cli/progress.js';
import { customerAccount, readBankTransactions } from './demo/bank.js';
import { Client } from './demo/client.js';
import { correct, MISTAKE } from './demo/correction.js';
import { loadBank } from './demo/load.js';
import {
  statementShape,
  statementText,
  trialBalanceShape,
  trialBalanceText,
} from './demo/print.js';
import { showShop } from './demo/shop.js';

const FROM = '1993-06-01';
const TO = '1993-07-31';

/** Shows the ledger with the real transactions of a bank: books, a statement, and a correction. */
async function demonstrate(client: Client): Promise<void> {
  const transactions = readBankTransactions();
  const progress = startProgress('importing', transactions.length, 'transactions');
  const began = performance.now();
  const { accepted, position } = await loadBank(client, transactions, progress.update);
  progress.stop();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  await print(
    `${accepted} real transactions of a Czech bank, January to September 1993, were posted through\n` +
      `the command API in ${seconds} s. Each is one balanced entry, dated the day it was booked.\n\n` +
      'TRIAL BALANCE at the end of September 1993. Debits equal credits.\n\n',
  );
  const books = '/v1/ledger/trial-balance?effective=1993-09-30';
  await print(trialBalanceText(await client.get(books, trialBalanceShape, position)));

  const { customer, day, corrected } = MISTAKE;
  const account = customerAccount(customer);
  const statement = `/v1/ledger/accounts/${account}/statement?from=${FROM}&to=${TO}`;
  await print(`\nSTATEMENT of customer ${customer} (${account}), June and July 1993.\n\n`);
  await print(statementText(await client.get(statement, statementShape, position)));

  await print(
    `\nSuppose the cash out of ${day} had been mistyped: 12,900.00 for 1,290.00. Nothing is ever\n` +
      'changed in the log. The entry is reversed and posted again, both effective that day.\n\n',
  );
  const after = await correct(client, MISTAKE, corrected);
  await print('THE SAME STATEMENT as known now: the right balance on every day since.\n\n');
  await print(statementText(await client.get(statement, statementShape, after)));

  const known = `&known=position:${position}`;
  await print(
    `\nTHE SAME STATEMENT as known before the correction (known=position:${position}): what was\n` +
      'printed then can be printed again, for whoever asks why it said so.\n\n',
  );
  await print(statementText(await client.get(statement + known, statementShape, after)));
}

function countOf(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Error(`--${option} is not a number from 1 to 999999: ${text}`);
}

const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
  },
});
const shop = {
  payments: countOf('payments', values.payments),
  seed: countOf('seed', values.seed),
};

const folder = mkdtempSync(join(tmpdir(), 'sagae-demo-'));
try {
  note('Starting a ledger on a temporary folder …');
  const server = await ServerProcess.start({ data: folder });
  try {
    await demonstrate(new Client(server.url));
  } finally {
    await server.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!(await showShop(shop))) process.exitCode = 1;
note('\nThe servers are stopped and their folders deleted. `npm start` starts one that stays.');

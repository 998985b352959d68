import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../bench/server-process.js';
import { print } from '../cli/output.js';
import { startProgress } from '../cli/progress.js';
import { Client } from './client.js';
import { checkDay } from './shop-check.js';
import { runDay, type Day } from './shop-day.js';
import { planDay } from './shop-plan.js';
import {
  doubtText,
  entriesShape,
  fatesText,
  findingsText,
  historyShape,
  shopTrialBalanceText,
  storyText,
} from './shop-print.js';

/** So that a day in which gateways fall silent is over in seconds. */
const IMPATIENT = {
  SAGAE_GATEWAY_TIMEOUT_MS: '500',
  SAGAE_GATEWAY_SETTLES_AFTER_MS: '1000',
  SAGAE_INQUIRY_SCHEDULE_MS: '500,1500,2500,4000,8000,16000,32000',
};

export type ShopOptions = Readonly<{ payments: number; seed: number }>;

/**
 * Shows a day of a shop: payments of every fate through a gateway that falls silent, breaks and
 * talks nonsense, until nothing is in doubt, and what the books say then.
 * @returns whether everything that was checked held
 */
export async function showShop({ payments, seed }: ShopOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-demo-'));
  try {
    const server = await ServerProcess.start({ data: folder, env: IMPATIENT });
    try {
      return await openShop(new Client(server.url), folder, { payments, seed });
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openShop(
  reader: Client,
  folder: string,
  { payments, seed }: ShopOptions,
): Promise<boolean> {
  await print(
    `\nA DAY OF A SHOP: ${payments} orders (seed ${seed}) through the payment API, 32 at once. About\n` +
      'one in five meets a gateway that does not answer, breaks the line, is out of service or\n' +
      'talks nonsense. What became of the money is then not guessed: it is in doubt until the\n' +
      'gateway has been asked and has said it.\n\n',
  );
  const progress = startProgress('the day', payments, 'orders');
  const day = await runDay(reader, planDay(payments, seed), progress.update);
  progress.stop();
  await print(
    `MONEY IN DOUBT over the day, the most in each stretch. Every order was served after ` +
      `${(day.openMs / 1_000).toFixed(1)} s.${turnedAway(day)}\n\n${doubtText(day.samples)}\n`,
  );
  const { told } = day;
  const checked = await checkDay(reader, folder);
  await print(
    `HOW THE PAYMENTS ENDED: ${checked.payments.length} of them, in ${checked.events} events.\n\n` +
      `${fatesText(checked.payments)}\n` +
      'TRIAL BALANCE at the end. What is still authorised is on the memo accounts 9010 and 9011.\n\n' +
      `${shopTrialBalanceText(checked.trialBalance)}\n`,
  );
  await print(
    `THE STORY OF ${told.orderId}, payment ${told.paymentId}. Its refund was done, and the answer\n` +
      'never came.\n\n' +
      `${await story(reader, told.paymentId)}\n`,
  );
  await print(
    `CHECKED, from nothing but the events of the log:\n${findingsText(checked.findings)}`,
  );
  return checked.findings.every(({ differences }) => differences.length === 0);
}

async function story(reader: Client, paymentId: string): Promise<string> {
  const path = `/v1/payments/${paymentId}`;
  const history = await reader.get(`${path}/history?limit=500`, historyShape);
  const entries = await reader.get(`${path}/entries?limit=500`, entriesShape);
  return storyText(history, entries);
}

function turnedAway({ turnedAway: times }: Day): string {
  if (times === 0) return '';
  return `\n${times} requests were turned away while the gateway's circuit was open, and repeated.`;
}

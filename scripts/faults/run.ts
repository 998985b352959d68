import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markPosition, readAt } from '../bench/api.js';
import { z } from 'zod';
import { readEvents } from './log-event.js';
import type { History } from './history.js';

const SAGAE = fileURLToPath(new URL('../sagae.js', import.meta.url));

/** Seed of this run: `SEED`, or a new one, printed so that a failing run can be repeated. */
export function runSeed(): number {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);
  console.log(`      SEED=${seed}`);
  return seed;
}

/** Runs something on a data folder of its own, and deletes the folder unless that failed. */
export async function onFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-fault-'));
  try {
    await work(folder);
  } catch (error) {
    console.log(`      the data folder is kept: ${folder}`);
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `sagae audit verify` of a data folder: every event intact, every entry balanced, every view equal
 * to its recomputation.
 * @throws with what it printed when it does not exit with 0
 */
export function auditVerify(data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, SAGAE_DATA: data };
    execFile(process.execPath, [SAGAE, 'audit', 'verify'], { env }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`audit verify: ${error.message}\n${stdout}\n${stderr}`));
    });
  });
}

/** Processes that were started for a data folder and still run. */
export function processesOf(data: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environment(pid).includes(data));
}

function environment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    // Gone meanwhile, or somebody else's.
    return '';
  }
}

/** Shows the history what is new in the log. @throws with everything that is wrong */
export async function checkNewEvents(url: string, history: History): Promise<void> {
  history.see(await readEvents(url, history.last));
  throwProblems(history.problems());
}

/** @throws with the first few problems, if there are any */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Error(`${problems.length} problems:\n${problems.slice(0, 20).join('\n')}`);
}

const balances = z.object({
  data: z.object({
    rows: z.array(
      z.object({
        account: z.string(),
        currency: z.string(),
        debits: z.string(),
        credits: z.string(),
      }),
    ),
  }),
});

/**
 * Reads the whole log again and the trial balance of the views, and holds both against what was
 * seen before.
 * @throws with everything that is wrong
 */
export async function checkEverything(url: string, history: History): Promise<void> {
  const end = await markPosition(url, `end-${history.size}`);
  await checkNewEvents(url, history);
  history.seeAgain(await readEvents(url, 0n));
  throwProblems(history.problems());
  const response = await readAt(`${url}/v1/ledger/trial-balance`, end);
  const shown = new Map(
    balances
      .parse(await response.json())
      .data.rows.map((row) => [`${row.account} ${row.currency}`, `${row.debits} ${row.credits}`]),
  );
  const differing = [...history.sums].filter(
    ([account, sum]) => shown.get(account) !== `${sum.debits} ${sum.credits}`,
  );
  throwProblems(
    differing.map(([account, sum]) => {
      const seen = shown.get(account) ?? 'nothing';
      return `${account}: the views show ${seen}, the log ${sum.debits} ${sum.credits}`;
    }),
  );
  if (shown.size !== history.sums.size) {
    throw new Error(`${shown.size} balances for ${history.sums.size} accounts of the log`);
  }
}

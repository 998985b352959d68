import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { note, print } from './cli/output.js';
import { openBook } from './export/book.js';
import { writeAtomically } from './export/file.js';
import { harmlessText } from './export/text.js';
import { AWKWARD_DAYS, awkwardEntries } from './recompute/awkward.js';
import { fillBook, type CheckedBook } from './recompute/book.js';
import { MUTATIONS } from './recompute/mutations.js';
import { PROGRAMS, type Balances, type Program } from './recompute/programs.js';
import { isCurrency } from '../shared/ledger/currency.js';
import { isDay, type Day } from '../shared/ledger/day.js';
import { formatMajorUnits } from '../shared/ledger/money.js';
import type { TrialBalance } from '../query-service/queries/answers.js';

/*
 * Has hledger, ledger and beancount recompute our books from their export, and compares every
 * balance with what the query side says of the same day. Needs the three programs to be installed.
 */

const BANK_DAYS = ['1993-01-31', '1993-06-15', '1993-06-16', '1993-09-30'].filter(isDay);
const AWKWARD = ['2024-02-28', '2024-03-02', '2024-03-09'].filter(isDay);

let passed = 0;
let failed = 0;

async function check(name: string, problem: string | undefined): Promise<void> {
  if (problem === undefined) passed++;
  else failed++;
  await print(`${problem === undefined ? 'ok    ' : 'FAILED'}  ${name}\n`);
  if (problem !== undefined) note(`        ${problem.slice(0, 2000)}`);
}

async function checkProgram(program: Program, book: CheckedBook, folder: string): Promise<void> {
  const { name } = program;
  const all = join(folder, `all.${name}`);
  await writeAtomically(all, program.write(await openBook(book.store, {})));
  await check(`${name} accepts the whole book`, program.refusal(all));
  for (const day of [...BANK_DAYS, ...AWKWARD]) {
    const trial = await book.trialBalance({ effective: day });
    await check(
      `${name} agrees on ${day}: ${trial.rows.length} balances`,
      compare(program, all, day, trial),
    );
  }

  const [from, to] = [AWKWARD_DAYS.first, AWKWARD_DAYS.last];
  const period = join(folder, `period.${name}`);
  await writeAtomically(period, program.write(await openBook(book.store, { from, to })));
  await check(`${name} accepts a period with opening balances`, program.refusal(period));
  const trial = await book.trialBalance({ effective: to });
  await check(`${name} agrees at the end of the period`, compare(program, period, to, trial));
  await check(`${name} reads back every description`, compareDescriptions(program, period));

  const journal = readFileSync(all, 'utf8');
  for (const mutation of MUTATIONS) {
    const falsified = join(folder, `falsified.${name}`);
    writeFileSync(falsified, mutation.apply(journal));
    const accepted = program.refusal(falsified) === undefined;
    await check(`${name} refuses ${mutation.name}`, accepted ? 'it was accepted' : undefined);
  }
}

function compare(
  program: Program,
  file: string,
  day: Day,
  trial: TrialBalance,
): string | undefined {
  const ours = new Map<string, string>();
  const currencies = new Set<string>();
  for (const { account, type, currency, debits, credits } of trial.rows) {
    if (!isCurrency(currency)) throw new Error(`${currency} is not in the table`);
    currencies.add(currency);
    if (debits === credits) continue;
    const key = `${program.accountName(account, type)} ${currency}`;
    if (ours.has(key)) return `two accounts have the name ${key}`;
    ours.set(key, formatMajorUnits(debits - credits, currency));
  }
  return difference(ours, program.balances(file, day, [...currencies]));
}

function difference(ours: Balances, theirs: Balances): string | undefined {
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [here = 'none', there = 'none'] = [ours.get(key), theirs.get(key)];
    if (here !== there) return `${key}: ${here} here, ${there} there`;
  }
  return undefined;
}

function compareDescriptions(program: Program, file: string): string | undefined {
  const ours = awkwardEntries().map(({ description }) => harmlessText(description));
  const theirs = [...program.descriptions(file)];
  const [here, there] = [ours.sort().join('\n'), theirs.sort().join('\n')];
  return here === there ? undefined : `ours:\n${here}\ntheirs:\n${there}`;
}

const folder = mkdtempSync(join(tmpdir(), 'sagae-recompute-'));
try {
  const book = await fillBook(folder);
  try {
    for (const program of PROGRAMS) await checkProgram(program, book, folder);
  } finally {
    await book.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
await print(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

import { spawnSync } from 'node:child_process';
import type { AccountType } from '../../shared/ledger/account.js';
import { formatDay, knownDayNumber, type Day } from '../../shared/ledger/day.js';
import { beancountName, journalName } from '../export/account-names.js';
import { writeBeancount } from '../export/beancount.js';
import type { Book } from '../export/book.js';
import { writeJournal } from '../export/journal.js';

/** Balances by `account currency`, in minor units as the program prints them: "-12.50". */
export type Balances = ReadonlyMap<string, string>;

/** An accounting program of other people, and how to ask it. */
export type Program = Readonly<{
  name: 'hledger' | 'ledger' | 'beancount';
  write: (book: Book) => AsyncGenerator<string>;
  accountName: (account: string, type: AccountType) => string;
  /** Why it refuses the file; undefined: it accepts it. */
  refusal: (file: string) => string | undefined;
  /** Every balance that is not zero at the end of a day. */
  balances: (file: string, day: Day, currencies: readonly string[]) => Balances;
  /** The description of every transaction but those of opening and closing sums. */
  descriptions: (file: string) => readonly string[];
}>;

type Ran = Readonly<{ ok: boolean; output: string; errors: string }>;

function ran(command: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    // Two of the three read a file by the encoding of the environment.
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: stdout, errors: stderr };
}

function output(command: string, ...args: readonly string[]): string {
  const result = ran(command, ...args);
  if (!result.ok) throw new Error(`${command} ${args.join(' ')}: ${result.errors.slice(0, 2000)}`);
  return result.output;
}

function refusalOf({ ok, errors, output: said }: Ran): string | undefined {
  return ok ? undefined : `it says: ${errors}${said}`;
}

function dayAfter(day: Day): Day {
  return formatDay(knownDayNumber(day) + 1);
}

function isOwn(description: string): boolean {
  return !/^(opening|closing) balances/.test(description);
}

/** The fields of csv, without the spaces around them; a quoted field may hold line breaks. */
function csvRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare = '', end] of text.matchAll(CSV_FIELD)) {
    row.push((quoted?.replaceAll('""', '"') ?? bare).trim());
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

const CSV_FIELD = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g;

const hledger: Program = {
  name: 'hledger',
  write: (book) => writeJournal(book, 'hledger'),
  accountName: journalName,
  refusal: (file) => refusalOf(ran('hledger', '-f', file, 'check', '--strict')),
  balances: (file, day) => {
    const args = ['bal', '--flat', '-N', '-O', 'csv', '-e', dayAfter(day)];
    const balances = new Map<string, string>();
    for (const [account = '', amounts = ''] of csvRows(output('hledger', '-f', file, ...args))) {
      for (const amount of account === 'account' ? [] : amounts.split(', ')) {
        const [number = '', currency = ''] = amount.split(' ');
        balances.set(`${account} ${currency}`, number);
      }
    }
    return balances;
  },
  descriptions: (file) => {
    const [header = [], ...rows] = csvRows(output('hledger', '-f', file, 'print', '-O', 'csv'));
    const [index, text] = [header.indexOf('txnidx'), header.indexOf('description')];
    const found = new Map(rows.map((row) => [row[index], row[text] ?? '']));
    return [...found.values()].filter(isOwn);
  },
};

const ledger: Program = {
  name: 'ledger',
  write: (book) => writeJournal(book, 'ledger'),
  accountName: journalName,
  refusal: (file) => {
    const result = ran('ledger', '-f', file, '--pedantic', 'accounts');
    return refusalOf({ ...result, output: '' });
  },
  balances: (file, day, currencies) => {
    const balances = new Map<string, string>();
    for (const currency of currencies) {
      const limit = `commodity == "${currency}"`;
      const args = ['bal', '--flat', '--no-total', '-e', dayAfter(day), '--limit', limit];
      const text = output('ledger', '-f', file, ...args, '--format', '%(account)|%(amount)\n');
      for (const line of text.trim().split('\n')) {
        const [account = '', amount = ''] = line.split('|');
        const [number = ''] = amount.split(' ');
        if (account !== '' && number !== '0') balances.set(`${account} ${currency}`, number);
      }
    }
    return balances;
  },
  descriptions: (file) => {
    const format = '%(xact.beg_pos)\t%(payee)\n';
    const lines = output('ledger', '-f', file, 'reg', '--format', format).trimEnd().split('\n');
    const found = new Map(lines.map((line) => [line.split('\t')[0], line.split('\t')[1] ?? '']));
    return [...found.values()].filter(isOwn);
  },
};

const beancount: Program = {
  name: 'beancount',
  write: writeBeancount,
  accountName: beancountName,
  refusal: (file) => refusalOf(ran('bean-check', '--no-cache', file)),
  balances: (file, day, currencies) => {
    const balances = new Map<string, string>();
    // One currency at a time: a column is printed with the places most of its numbers have.
    for (const currency of currencies) {
      const where = `date <= ${day} AND currency = '${currency}'`;
      const query = `SELECT account, sum(number) WHERE ${where} GROUP BY account`;
      const rows = csvRows(output('bean-query', '-f', 'csv', file, query)).slice(1);
      for (const [account = '', number = ''] of rows) {
        if (!/^-?[0.]+$/.test(number)) balances.set(`${account} ${currency}`, number);
      }
    }
    return balances;
  },
  descriptions: (file) => {
    const query = "SELECT DISTINCT entry_meta('position'), narration";
    const rows = csvRows(output('bean-query', '-f', 'csv', file, query)).slice(1);
    return rows.map((row) => row[1] ?? '').filter(isOwn);
  },
};

/** The three programs that recompute our books. */
export const PROGRAMS: readonly Program[] = [hledger, ledger, beancount];

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { Day } from '../../shared/ledger/day.js';
import { writeBeancount } from '../export/beancount.js';
import { openBook, type Book } from '../export/book.js';
import { writeAtomically } from '../export/file.js';
import { writeJournal } from '../export/journal.js';
import { WrongUse } from './faults.js';
import type { Known } from './known.js';
import { dayArgument, existingStores, knownArgument, positionUnit } from './options.js';
import { note, print } from './output.js';
import { startProgress } from './progress.js';

const PROGRAMS = ['hledger', 'ledger', 'beancount'] as const;
type Program = (typeof PROGRAMS)[number];

type ExportOptions = Readonly<{
  format: Program;
  from?: Day;
  to?: Day;
  known?: Known;
  output?: string;
}>;

/** These programs hold a whole journal in memory: about 10 kB for each entry. */
const MANY_ENTRIES = 100_000;

/** `sagae export`. */
export function addExport(sagae: Command): void {
  sagae
    .command('export')
    .description('write the books for another accounting program, which recomputes every balance')
    .requiredOption('--format <program>', PROGRAMS.join(', '), programArgument)
    .option('--from <day>', 'first day; what was before becomes opening balances', dayArgument)
    .option('--to <day>', 'last day, included', dayArgument)
    .option('--known <when>', 'position:N or an RFC 3339 instant; default: now', knownArgument)
    .option('-o, --output <file>', 'write to this file, whole or not at all')
    .action(exportBook);
}

function programArgument(text: string): Program {
  const program = PROGRAMS.find((name) => name === text);
  if (program === undefined) throw new WrongUse(`--format is one of ${PROGRAMS.join(', ')}`);
  return program;
}

async function exportBook(options: ExportOptions): Promise<void> {
  const { format, output, from, to } = options;
  if (from !== undefined && to !== undefined && from > to) {
    throw new WrongUse('--from is after --to');
  }
  if (output !== undefined && !existsSync(dirname(output))) {
    throw new WrongUse(`${dirname(output)}: no such folder`);
  }
  const store = await (await existingStores()).log('read');
  try {
    const progress = startProgress('reading', Number(await store.head()), positionUnit());
    const book = await openBook(store, options, (position) => progress.update(Number(position)));
    progress.stop();
    if (book.entries > MANY_ENTRIES) {
      note(`${book.entries} entries: a range of days (--from, --to) is easier on ${format}.`);
    }
    await write(book, format, output);
  } finally {
    await store.close();
  }
}

async function write(book: Book, format: Program, output: string | undefined): Promise<void> {
  const text = format === 'beancount' ? writeBeancount(book) : writeJournal(book, format);
  if (output !== undefined) return writeAtomically(output, text);
  for await (const part of text) await print(part);
}

import { createReadStream } from 'node:fs';
import { Option, type Command } from 'commander';
import { importRows, type ImportSummary, type RefusedRow, type Sink } from '../import/importer.js';
import { readEntries, type EntriesFormat } from '../import/read.js';
import { FileRefused } from '../import/rows.js';
import { serverSink, withLedgerSink } from '../import/sinks.js';
import { Failed, WrongUse } from './faults.js';
import { checkFile, openStores, settings, urlArgument } from './options.js';
import { json, note, print, type Format } from './output.js';
import { startProgress } from './progress.js';

type ImportOptions = Readonly<{ format?: EntriesFormat; url?: string; report: Format }>;

/** Refused rows kept for one JSON answer; a text answer lists all as they come. */
const MAX_LISTED = 10_000;

/** `sagae import entries`. */
export function addImport(sagae: Command): void {
  sagae
    .command('import')
    .description('bring entries in from a file')
    .command('entries')
    .description(
      'import entries; running it again over the same file imports what is missing, nothing twice',
    )
    .argument(
      '<file>',
      'csv (id,effective_date,description,debit_account,credit_account,amount,' +
        'currency; amounts in major units) or ndjson (one entry a line, as in a batch over HTTP)',
    )
    .addOption(
      new Option('--format <format>', 'format of the file; default: by its name, else csv').choices(
        ['csv', 'ndjson'],
      ),
    )
    .addOption(
      new Option('--report <format>', 'how to print').choices(['text', 'json']).default('text'),
    )
    .option('--url <url>', 'send them to this server; default: into the log itself', urlArgument)
    .action(importEntries);
}

async function importEntries(file: string, options: ImportOptions): Promise<void> {
  const size = checkFile(file);
  const format = options.format ?? (/\.(ndjson|jsonl)$/.test(file) ? 'ndjson' : 'csv');
  const refused: RefusedRow[] = [];
  const work = (sink: Sink): Promise<ImportSummary> => run({ file, size, format, sink, onRefused });
  const onRefused = (row: RefusedRow): void => {
    if (options.report === 'text') process.stdout.write(`${refusedText(row)}\n`);
    else if (refused.length < MAX_LISTED) refused.push(row);
  };
  const summary =
    options.url === undefined
      ? await withLedgerSink(await (await openStores()).log('write'), settings().timeZone, work)
      : await work(serverSink(options.url, process.env['SAGAE_API_KEY']));
  await print(options.report === 'json' ? json({ ...summary, refusals: refused }) : text(summary));
  if (summary.refused > 0) throw new Failed(`${summary.refused} rows were refused`);
}

type Run = Readonly<{
  file: string;
  size: number;
  format: EntriesFormat;
  sink: Sink;
  onRefused: (row: RefusedRow) => void;
}>;

async function run({ file, size, format, sink, onRefused }: Run): Promise<ImportSummary> {
  const progress = startProgress('importing', size, 'bytes');
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    return await importRows(readEntries(stream, format), {
      sink,
      onRefused,
      onProgress: () => progress.update(stream.bytesRead),
    });
  } catch (error) {
    if (error instanceof FileRefused) throw new WrongUse(`${file}: ${error.message}`);
    note('Not everything was imported. Run the same command again to go on.');
    throw error;
  } finally {
    stream.destroy();
    progress.stop();
  }
}

function refusedText({ line, id, code, message }: RefusedRow): string {
  return `line ${line}: ${id === undefined ? '' : `${id}: `}${code}: ${message}`;
}

function text({ rows, accepted, duplicates, refused, position }: ImportSummary): string {
  const counts = `${accepted} accepted, ${duplicates} there before, ${refused} refused`;
  return `${rows} rows: ${counts}; position ${position}\n`;
}

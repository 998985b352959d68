import { Option, type Command } from 'commander';
import { StorageFull, StoreUnavailable } from '../../shared/ports/event-store.js';
import { copyLog, TargetRefused, type CopyResult } from '../copy-log/copy.js';
import type { LogSource, LogTarget } from '../copy-log/log-target.js';
import type { Opened } from '../copy-log/open-logs.js';
import { PagedLog } from '../copy-log/paged-log.js';
import type { LogPlace, PlaceKind } from '../copy-log/places.js';
import { reportJson, reportText, whatIsWrong, type CopyReport } from '../copy-log/report.js';
import { verifyCopy, type CopyVerification } from '../copy-log/verify-copy.js';
import { Failed, WrongUse } from './faults.js';
import { formatOption } from './options.js';
import { note, print, type Format } from './output.js';
import { startProgress } from './progress.js';

type CopyOptions = Readonly<{
  from: PlaceKind;
  to: PlaceKind;
  fromData?: string;
  toData?: string;
  fromUrl?: string;
  toUrl?: string;
  verifyOnly?: boolean;
  format: Format;
}>;

const STORES: readonly PlaceKind[] = ['sqlite', 'eventstoredb'];

const HELP = `
SQLite folders are SAGAE_DATA and EventStoreDB is ESDB_URL (or the file ESDB_URL_FILE names) where
the options say nothing else. A URL with a password does not belong on a command line: every user of
the machine can read it there. Killed and run again, it goes on where it was. It copies what there is
when it begins; run it again for what came since.`;

/** `sagae copy-log`. */
export function addCopyLog(sagae: Command): void {
  sagae
    .command('copy-log')
    .description('copy the log to another store, event by event, and prove that both are the same')
    .addOption(storeOption('--from <store>', 'the store that has the log'))
    .addOption(storeOption('--to <store>', 'the store that gets it: empty, or a part of the log'))
    .option('--from-data <folder>', 'the data folder to copy from; default: SAGAE_DATA')
    .option('--to-data <folder>', 'the data folder to copy into; default: SAGAE_DATA')
    .option('--from-url <url>', 'the EventStoreDB to copy from; @FILE: the file has the URL')
    .option('--to-url <url>', 'the EventStoreDB to copy into; @FILE: the file has the URL')
    .option('--verify-only', 'copy nothing, compare only')
    .addOption(formatOption('text', 'json'))
    .addHelpText('after', HELP)
    .action(copyAndVerify);
}

function storeOption(flags: string, description: string): Option {
  return new Option(flags, description).choices(STORES).makeOptionMandatory();
}

async function copyAndVerify(options: CopyOptions): Promise<void> {
  const report = await withLogs(await placesOf(options), options.verifyOnly ?? false);
  await print(options.format === 'json' ? reportJson(report) : reportText(report));
  const { verification } = report;
  if (verification.ok) return;
  throw new Failed(`the logs differ. ${whatIsWrong(verification).join(' ')}`);
}

type Places = Readonly<{ from: LogPlace; to: LogPlace; names: Pick<CopyReport, 'from' | 'to'> }>;

// Loaded only here: no other command needs every store.
async function placesOf(options: CopyOptions): Promise<Places> {
  const { describePlace, isSamePlace, readPlace } = await import('../copy-log/places.js');
  const { fromData, fromUrl, toData, toUrl } = options;
  const from = readPlace(
    { side: 'from', kind: options.from, folder: fromData, url: fromUrl },
    process.env,
  );
  const to = readPlace({ side: 'to', kind: options.to, folder: toData, url: toUrl }, process.env);
  const names = { from: describePlace(from), to: describePlace(to) };
  if (!isSamePlace(from, to)) return { from, to, names };
  throw new WrongUse(`${names.from} is both --from and --to: name two different logs`);
}

async function withLogs({ from, to, names }: Places, verifyOnly: boolean): Promise<CopyReport> {
  const { openSource, openTarget } = await import('../copy-log/open-logs.js');
  return using(await openSource(from, note), async (source) => {
    if (verifyOnly) {
      return using(await openSource(to, note), async (target) => {
        const verified = await verify(source, target, await source.head(), from);
        return { ...names, ...verified, copy: undefined };
      });
    }
    return using(await openTarget(to, note), async (target) => {
      const copied = await copy(source, target, from);
      return { ...names, ...(await verify(source, target, copied.upTo, from)), copy: copied };
    });
  });
}

async function using<Log, Result>(
  { log, close }: Opened<Log>,
  work: (log: Log) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(log);
  } finally {
    await close();
  }
}

async function copy(source: LogSource, target: LogTarget, from: LogPlace): Promise<CopyResult> {
  const progress = startProgress('copying', Number(await source.head()), unitOf(from));
  try {
    return await copyLog(source, target, (position) => progress.update(Number(position)));
  } catch (error) {
    if (error instanceof TargetRefused) throw new Failed(error.message, { cause: error });
    if (error instanceof StoreUnavailable || error instanceof StorageFull) {
      note('Not everything was copied. Run the same command again to go on.');
    }
    throw error;
  } finally {
    progress.stop();
  }
}

async function verify(
  source: LogSource,
  target: LogSource,
  upTo: bigint,
  from: LogPlace,
): Promise<Readonly<{ verification: CopyVerification; since: number }>> {
  const progress = startProgress('verifying', Number(upTo), unitOf(from));
  try {
    const verification = await verifyCopy(source, target, upTo, (position) =>
      progress.update(Number(position)),
    );
    return { verification, since: await eventsAfter(source, upTo) };
  } finally {
    progress.stop();
  }
}

/** Positions of SQLite count events, those of EventStoreDB the bytes of its log. */
function unitOf(place: LogPlace): string {
  return place.kind === 'sqlite' ? 'events' : 'bytes';
}

async function eventsAfter(source: LogSource, position: bigint): Promise<number> {
  const rest = new PagedLog(source, { after: position, upTo: await source.head() });
  let events = 0;
  for (let page = await rest.next(); page.length > 0; page = await rest.next()) {
    events += page.length;
    rest.take(page.length);
  }
  return events;
}

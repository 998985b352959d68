import type { Command } from 'commander';
import type { AuditedLog } from '../audit/audited-log.js';
import { replay, ReplayFailed, type Replay, type ReplayQuestion } from '../audit/replay.js';
import { verifyLedger, type Verification } from '../audit/verify.js';
import { csvField } from '../import/csv.js';
import type { Day } from '../../shared/ledger/day.js';
import { openAudited } from './audited.js';
import { Failed, WrongUse } from './faults.js';
import { formatKnown, type Known } from './known.js';
import { major } from './money.js';
import { dayArgument, formatOption, knownArgument } from './options.js';
import { json, print, table, type Format } from './output.js';
import { startProgress } from './progress.js';

type ReplayOptions = Readonly<{ effective?: Day; known?: Known; format: Format }>;

/** `sagae audit replay` and `sagae audit verify`. */
export function addAudit(sagae: Command): void {
  const audit = sagae.command('audit').description('check the books against the log');
  audit
    .command('replay')
    .description('fold the raw log, without any view, and print the trial balance')
    .option('--effective <day>', 'facts up to the end of this day; default: all', dayArgument)
    .option('--known <when>', 'position:N or an RFC 3339 instant; default: now', knownArgument)
    .addOption(formatOption('text', 'json', 'csv'))
    .action(auditReplay);
  audit
    .command('verify')
    .description('check every event, every entry, every stream and every view')
    .addOption(formatOption('text', 'json'))
    .action(auditVerify);
}

async function auditReplay({ format, ...question }: ReplayOptions): Promise<void> {
  const { effective, known } = question;
  const { log, close } = await openAudited();
  let result: Replay;
  try {
    checkKnown(known, log.head);
    result = await replayWithProgress(log, question);
  } finally {
    await close();
  }
  const asOf = {
    effective: effective ?? null,
    known: known === undefined ? null : formatKnown(known),
    position: known !== undefined && 'position' in known ? known.position : result.position,
  };
  await print(render({ ...result, asOf }, format));
}

async function replayWithProgress(log: AuditedLog, question: ReplayQuestion): Promise<Replay> {
  const progress = startProgress('folding', Number(log.head), log.unit);
  let done = 0;
  try {
    return await replay(log, question, (positions) => progress.update((done += positions)));
  } catch (error) {
    if (error instanceof ReplayFailed) throw new Failed(error.message, { cause: error });
    throw error;
  } finally {
    progress.stop();
  }
}

function checkKnown(known: Known | undefined, head: bigint): void {
  if (known === undefined) return;
  if ('instant' in known && known.instant > Date.now()) {
    throw new WrongUse('--known lies in the future');
  }
  if ('position' in known && known.position > head) {
    throw new WrongUse(`--known: the log ends at position ${head}`);
  }
}

type AsOf = Readonly<{ effective: string | null; known: string | null; position: bigint }>;

function render({ rows, totals, asOf }: Replay & Readonly<{ asOf: AsOf }>, format: Format): string {
  switch (format) {
    case 'json':
      return json({ rows, totals, asOf });
    case 'csv':
      return [
        'account,name,type,currency,debits,credits,balance',
        ...rows.map(({ account, name, type, currency, debits, credits, balance }) =>
          [account, csvField(name), type, currency, debits, credits, balance].join(','),
        ),
        '',
      ].join('\r\n');
    case 'text':
      return `${heading(asOf)}\n\n${textTable(rows, totals)}`;
  }
}

function heading({ effective, known, position }: AsOf): string {
  const days = effective === null ? 'all days' : `up to ${effective}`;
  const when = known === null ? 'as known now' : `as known at ${known}`;
  return `Trial balance, ${days}, ${when} (position ${position}), folded from the log`;
}

function textTable(rows: Replay['rows'], totals: Replay['totals']): string {
  const columns = [
    { title: 'account' },
    { title: 'name' },
    { title: 'type' },
    { title: 'currency' },
    { title: 'debits', right: true },
    { title: 'credits', right: true },
    { title: 'balance', right: true },
  ];
  const lines = rows.map(({ account, name, type, currency, debits, credits, balance }) => [
    account,
    name,
    type,
    currency,
    ...[debits, credits, balance].map((amount) => major(amount, currency)),
  ]);
  const sums = totals.map(({ currency, debits, credits }) => [
    'total',
    '',
    '',
    currency,
    major(debits, currency),
    major(credits, currency),
  ]);
  return table(columns, [...lines, ...sums]);
}

async function auditVerify({ format }: Readonly<{ format: Format }>): Promise<void> {
  const { log, views, close } = await openAudited();
  let progress = startProgress('', 0, '');
  let done = 0;
  let verification: Verification;
  try {
    verification = await verifyLedger(log, views, {
      onCheck: (name) => {
        progress.stop();
        done = 0;
        progress = startProgress(name, Number(log.head), log.unit);
      },
      onProgress: (positions) => progress.update((done += positions)),
    });
  } finally {
    progress.stop();
    await close();
  }
  await print(format === 'json' ? json(verification) : verifyText(verification));
  if (!verification.ok) throw new Failed('the ledger is not what it should be: see above');
}

function verifyText({ checks }: Verification): string {
  const lines = checks.flatMap(({ name, checked, failures, omitted }) => [
    `${failures.length === 0 ? 'ok    ' : 'FAILED'}  ${name}: ${checked}`,
    ...failures.map(({ where, what }) => `        ${where}: ${what}`),
    ...(omitted > 0 ? [`        and ${omitted} more`] : []),
  ]);
  return `${lines.join('\n')}\n`;
}

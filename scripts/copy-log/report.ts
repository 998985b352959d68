import { major } from '../cli/money.js';
import { json, table, type Column } from '../cli/output.js';
import type { CopyResult } from './copy.js';
import { describeDifference } from './difference.js';
import type { MonthEnd } from './month-ends.js';
import type { CopyVerification, LogFacts } from './verify-copy.js';

/** All that a run has to tell. `copy` is undefined where nothing was to be copied. */
export type CopyReport = Readonly<{
  from: string;
  to: string;
  copy: CopyResult | undefined;
  verification: CopyVerification;
  /** Events that came into the source since the copy began. */
  since: number;
}>;

/** The report as JSON; amounts in minor units. */
export function reportJson({ from, to, copy, verification, since }: CopyReport): string {
  const { ok, source, target, difference, monthEnds } = verification;
  return json({
    ok,
    from: { log: from, ...facts(source) },
    to: { log: to, ...facts(target) },
    ...(copy === undefined ? {} : { copied: copy.copied, before: copy.before }),
    since,
    difference: difference ?? null,
    monthEnds,
  });
}

function facts({ lastRecordedAt, unfoldable, ...rest }: LogFacts) {
  return { ...rest, lastRecordedAt: instant(lastRecordedAt), unfoldable: unfoldable ?? null };
}

function instant(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

/** The report for people; amounts in major units. */
export function reportText(report: CopyReport): string {
  const { from, to, copy, verification, since } = report;
  const { ok, source, target, difference, monthEnds } = verification;
  return [
    `From  ${from}\nTo    ${to}\n`,
    ...(copy === undefined ? [] : [copiedText(copy)]),
    'Both logs, read from their first event on:\n',
    factsTable(source, target),
    ...(monthEnds.length === 0
      ? []
      : ['The trial balance at the end of each month, folded from each log:\n', ends(monthEnds)]),
    ...whatIsWrong(verification).map((line) => `${line}\n`),
    ok ? 'Both logs hold the same.\n' : 'The logs DIFFER.\n',
    ...(difference === undefined && since > 0 ? [sinceText(since)] : []),
  ].join('\n');
}

function copiedText({ copied, before }: CopyResult): string {
  return `${count(copied)} events copied, ${count(before)} were there before.\n`;
}

function sinceText(since: number): string {
  return `${count(since)} events came into the source since this began: run it again for them.\n`;
}

const RIGHT = { right: true };

function factsTable(source: LogFacts, target: LogFacts): string {
  const columns: readonly Column[] = [
    { title: '' },
    { title: 'source', ...RIGHT },
    { title: 'target', ...RIGHT },
    { title: 'in both' },
  ];
  const rows = [
    ['events', count(source.events), count(target.events)],
    ['entries', count(source.entries), count(target.entries)],
    ['last recorded', instant(source.lastRecordedAt) ?? '-', instant(target.lastRecordedAt) ?? '-'],
    ['SHA-256', short(source.digest), short(target.digest)],
  ].map((row) => [...row, sameText(row[1] === row[2])]);
  const digest = source.digest === target.digest ? `SHA-256 of all events: ${source.digest}\n` : '';
  return `${table(columns, rows)}\n${digest}`;
}

/** Enough to tell two apart; the whole one is below the table, and in the JSON. */
function short(digest: string): string {
  return `${digest.slice(0, 16)}…`;
}

function ends(monthEnds: readonly MonthEnd[]): string {
  const columns: readonly Column[] = [
    { title: 'month end' },
    { title: 'currency' },
    { title: 'accounts', ...RIGHT },
    { title: 'debits', ...RIGHT },
    { title: 'credits', ...RIGHT },
    { title: 'in both' },
  ];
  const rows = monthEnds.flatMap(({ day, currency, accounts, source, target, same }) => {
    const amounts = ({ debits, credits }: MonthEnd['source']) => [
      major(debits, currency),
      major(credits, currency),
    ];
    const first = [day, currency, count(accounts), ...amounts(source), sameText(same)];
    return same ? [first] : [first, ['', '', 'in target', ...amounts(target)]];
  });
  return table(columns, rows);
}

/** Everything that keeps two logs from being the same, one sentence each. */
export function whatIsWrong(verification: CopyVerification): readonly string[] {
  const { source, target, difference, monthEnds } = verification;
  const account = monthEnds.find(({ same }) => !same);
  return [
    ...(difference === undefined
      ? []
      : [`The first difference: ${describeDifference(difference)}`]),
    ...(account === undefined
      ? []
      : [`Account ${account.differing ?? ''} differs first at ${account.day}.`]),
    ...(source.unfoldable === undefined ? [] : [`The source has no books: ${source.unfoldable}`]),
    ...(target.unfoldable === undefined ? [] : [`The target has no books: ${target.unfoldable}`]),
  ];
}

function sameText(same: boolean): string {
  return same ? 'same' : 'DIFFERS';
}

function count(events: number): string {
  return String(events).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

import { comparisonLines, comparisonTable, type Comparison } from './comparison.js';
import { aimOf, amount, grouped, verdict, type Figure } from './figure.js';
import type { Machine } from './machine.js';
import type { Latency } from './statistics.js';

export type { Figure } from './figure.js';

/** Something that must be so, or the figures mean nothing. */
export type Check = Readonly<{ what: string; held: boolean; seen: string }>;

export type BenchResult = Readonly<{
  name: string;
  workload: string;
  durability: string;
  figures: readonly Figure[];
  /** The same figures at several sizes. */
  series?: readonly Readonly<{ size: string; figures: readonly Figure[] }>[];
  /** What was measured beside something else. */
  comparisons?: readonly Comparison[];
  checks: readonly Check[];
}>;

export type BenchReport = Readonly<{
  scale: 'small' | 'full';
  machine: Machine;
  results: readonly BenchResult[];
}>;

export type ReportFormat = 'text' | 'json' | 'markdown';

/** Acknowledged means on disk: every append is synced before it is answered. */
export const DURABLE = 'every answer after fsync (WAL, synchronous=FULL)';
/** For work that only reads, or writes what can be rebuilt. */
export const NO_WRITES = 'reads only';

/** A rate, its aim on the first figure, and the percentiles that belong to it. */
export function rateAndLatency(
  name: string,
  perSecond: number,
  latency: Latency,
  aims: Readonly<{ perSecond?: number; p95?: number }> = {},
): Figure[] {
  return [
    {
      name,
      value: perSecond,
      unit: '/s',
      ...(aims.perSecond === undefined ? {} : { aim: { atLeast: aims.perSecond } }),
    },
    ...percentiles(name, latency, aims.p95),
  ];
}

/** p50, p95 and p99 of something, the aim on the p95. */
export function percentiles(name: string, latency: Latency, p95?: number): Figure[] {
  return [
    { name: `${name}, p50`, value: latency.p50, unit: 'ms' },
    {
      name: `${name}, p95`,
      value: latency.p95,
      unit: 'ms',
      ...(p95 === undefined ? {} : { aim: { atMost: p95 } }),
    },
    { name: `${name}, p99`, value: latency.p99, unit: 'ms' },
  ];
}

/** A check that two values are the same. */
export function same(what: string, seen: bigint | number, wanted: bigint | number): Check {
  return { what, held: seen === wanted, seen: `${seen}, should be ${wanted}` };
}

/** Whether every check of every benchmark held. Missing an aim is no failure. */
export function allHeld(report: BenchReport): boolean {
  return report.results.every((result) => result.checks.every((check) => check.held));
}

/** The report as text for a terminal, as JSON, or as markdown tables. */
export function renderReport(report: BenchReport, format: ReportFormat): string {
  switch (format) {
    case 'json':
      return JSON.stringify(report, null, 2);
    case 'markdown':
      return [machineLine(report), ...report.results.map(markdown)].join('\n\n');
    case 'text':
      return [machineLine(report), ...report.results.map(text)].join('\n\n');
  }
}

function machineLine({ machine, scale }: BenchReport): string {
  const memory = Math.round(machine.memoryBytes / 2 ** 30);
  return (
    `${machine.processor}, ${machine.cores} cores, ${memory} GiB; kernel ${machine.kernel}, ` +
    `Node ${machine.node}; ${grouped(machine.fdatasyncPerSecond)} fdatasync/s of 4 KiB; ` +
    `scale ${scale}; load generator on the same machine.`
  );
}

function markdown(result: BenchResult): string {
  const list = [
    '| figure | measured | aim | |',
    '| --- | ---: | ---: | --- |',
    ...result.figures.map(
      (figure) => `| ${figure.name} | ${amount(figure)} | ${aimOf(figure)} | ${verdict(figure)} |`,
    ),
    '',
  ];
  return [
    `### ${result.name}`,
    '',
    `${result.workload} Durability: ${result.durability}.`,
    '',
    ...(result.figures.length === 0 ? [] : list),
    ...seriesTable(result),
    ...comparisonTable(result.comparisons ?? []),
    ...result.checks.map(
      (check) => `- ${check.held ? 'checked' : '**FAILED**'}: ${check.what} (${check.seen})`,
    ),
  ]
    .join('\n')
    .trimEnd();
}

/** One line a size, one column a figure. */
function seriesTable({ series = [] }: BenchResult): readonly string[] {
  const [first] = series;
  if (first === undefined) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['size', ...first.figures.map((figure) => figure.name)]),
    line(['---:', ...first.figures.map(() => '---:')]),
    ...series.map(({ size, figures }) =>
      line([size, ...figures.map((figure) => `${amount(figure)} ${withAim(figure)}`.trimEnd())]),
    ),
    '',
  ];
}

function text(result: BenchResult): string {
  const width = Math.max(...allFigures(result).map((figure) => figure.name.length), 0);
  const line = (figure: Figure): string =>
    `  ${figure.name.padEnd(width)}  ${amount(figure).padStart(14)}  ${aimOf(figure)} ${verdict(figure)}`.trimEnd();
  return [
    result.name,
    `  ${result.workload}`,
    `  ${result.durability}`,
    ...result.figures.map(line),
    ...(result.series ?? []).flatMap(({ size, figures }) => [`  ${size}`, ...figures.map(line)]),
    ...comparisonLines(result.comparisons ?? []).map((line) => `  ${line}`),
    ...result.checks.map(
      (check) => `  ${check.held ? 'ok    ' : 'FAILED'} ${check.what} (${check.seen})`,
    ),
  ].join('\n');
}

function allFigures({ figures, series = [] }: BenchResult): readonly Figure[] {
  return [...figures, ...series.flatMap((one) => one.figures)];
}

function withAim(figure: Figure): string {
  return figure.aim === undefined ? '' : `(${aimOf(figure)} ${verdict(figure)})`;
}

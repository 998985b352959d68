import { aimOf, amount, verdict, type Aim, type Unit } from './figure.js';

/** What one of two did, and what it kept busy meanwhile. */
export type Side = Readonly<{
  /** Who did it. */
  by: string;
  value: number;
  /** Share of a processor core that each process took, as a text. */
  busy?: string;
}>;

/** The same work done by two, in turns, in one run. */
export type Comparison = Readonly<{
  what: string;
  unit: Unit;
  beside: Side;
  measured: Side;
  /** For what was measured. */
  aim?: Aim;
  /** For it in percent of what it is beside. */
  shareAim?: Aim;
}>;

const HEAD = ['what', 'beside', 'measured', 'to beside', 'aim', '', 'busy'];

/** The comparisons as a markdown table. */
export function comparisonTable(comparisons: readonly Comparison[]): readonly string[] {
  if (comparisons.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = ['---', '---:', '---:', '---:', '---:', '---', '---'];
  return [line(HEAD), line(rule), ...comparisons.map((one) => line(cellsOf(one))), ''];
}

/** The comparisons as lines for a terminal, in columns. */
export function comparisonLines(comparisons: readonly Comparison[]): readonly string[] {
  if (comparisons.length === 0) return [];
  const rows = [HEAD, ...comparisons.map(cellsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(comparison: Comparison): readonly string[] {
  const { what, unit, beside, measured, aim, shareAim } = comparison;
  const share = { value: (100 * measured.value) / beside.value, unit: '%' as const };
  const aims = [
    ...(aim === undefined ? [] : [{ value: measured.value, unit, aim }]),
    ...(shareAim === undefined ? [] : [{ ...share, aim: shareAim }]),
  ];
  const busy = [beside.busy, measured.busy].filter((text) => text !== undefined).join(' / ');
  return [
    what,
    `${amount({ value: beside.value, unit })} ${beside.by}`,
    `${amount({ value: measured.value, unit })} ${measured.by}`,
    amount(share),
    aims.map(aimOf).join(', '),
    aims.map(verdict).join(', '),
    busy,
  ];
}

import type { CommitRange, ViewEntry } from './view-documents.js';

/*
 * Commits that were begun and will never be completed. Their numbers are never forgotten: a write of
 * theirs may arrive at any time. Those that failed one after the other are one range.
 */

type Dead = Pick<ViewEntry, 'deadRanges'>;

export function isDead({ deadRanges }: Dead, commit: bigint): boolean {
  return deadRanges.some(({ from, to }) => from <= commit && commit <= to);
}

/** The same and one more, whose number is above all of them. */
export function withDead(ranges: readonly CommitRange[], commit: bigint): readonly CommitRange[] {
  const last = ranges.at(-1);
  if (last?.to !== commit - 1n) return [...ranges, { from: commit, to: commit }];
  return [...ranges.slice(0, -1), { from: last.from, to: commit }];
}

/** Filters of the rows that were replaced by dead commits, one for each range. */
export function untilDead({
  deadRanges,
}: Dead): readonly Readonly<{ until: Readonly<{ $gte: bigint; $lte: bigint }> }>[] {
  return deadRanges.map(({ from, to }) => ({ until: { $gte: from, $lte: to } }));
}

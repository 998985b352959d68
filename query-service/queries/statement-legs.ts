import type { ViewReader } from '../../shared/ports/view-store.js';
import {
  dayPosition,
  daysTable,
  legsTable,
  readLeg,
  readSideLeg,
  sideLegsTable,
  type ChainRow,
} from '../../shared/views/journal.js';
import type { Cut } from './as-of.js';

/** A place in a statement: day number, then position, then index of the leg in its entry. */
export type Place = Readonly<{ day: bigint; position: bigint; leg: bigint }>;

/** A leg of a statement; the amount is signed, debits positive. */
export type StatementLeg = Place & Readonly<{ amount: bigint; currency: string }>;

/** Which legs: from a place on (undefined: from the first), within a cut, at most so many. */
export type Window = Readonly<{ start: Place | undefined; cut: Cut; limit: number }>;

/** The next legs of these chains in the order of a statement: main and side legs merged. */
export async function nextLegs(
  reader: ViewReader,
  chains: readonly ChainRow[],
  window: Window,
): Promise<readonly StatementLeg[]> {
  const legs: StatementLeg[] = [];
  for (const chain of chains) {
    if (chain.mainCount > 0n) legs.push(...(await mainLegs(reader, chain, window)));
    if (chain.sideCount > 0n) legs.push(...(await sideLegs(reader, chain, window)));
  }
  return legs.sort(byPlace).slice(0, window.limit);
}

async function mainLegs(
  reader: ViewReader,
  { chain, currency }: ChainRow,
  { start, cut, limit }: Window,
): Promise<readonly StatementLeg[]> {
  const { through, position } = cut;
  const from = start === undefined ? undefined : await mainStart(reader, chain, start);
  const range = { index: 'key', prefix: [chain], to: [position], limit };
  const rows = await reader.scan(legsTable, from === undefined ? range : { ...range, from });
  const legs = rows.map(readLeg);
  const within = through === null ? legs : legs.filter(({ day }) => day <= through);
  return within.map((leg) => ({ ...leg, currency }));
}

/**
 * Position and leg from which the main legs at or after a place follow. Legs of the place's own day
 * follow from the place on; those of later days follow after the last leg of that day, though their
 * positions may be lower than that of the place, if it is one of a side leg.
 */
async function mainStart(
  reader: ViewReader,
  chain: bigint,
  { day, position, leg }: Place,
): Promise<readonly [bigint, bigint]> {
  const before = await lastMain(reader, chain, day - 1n);
  const own = await lastMain(reader, chain, day);
  if (position > own) return [own + 1n, 0n];
  return position > before ? [position, leg] : [before + 1n, 0n];
}

/** Position of the last main leg up to the end of a day; 0 when there is none. */
async function lastMain(reader: ViewReader, chain: bigint, day: bigint): Promise<bigint> {
  const [row] = await reader.scan(daysTable, {
    index: 'key',
    prefix: [chain],
    to: [day],
    reverse: true,
    limit: 1,
  });
  return row === undefined ? 0n : dayPosition(row);
}

async function sideLegs(
  reader: ViewReader,
  { chain, currency }: ChainRow,
  { start, cut, limit }: Window,
): Promise<readonly StatementLeg[]> {
  const legs: StatementLeg[] = [];
  let from = start === undefined ? undefined : [start.day, start.position, start.leg];
  for (;;) {
    const rows = await reader.scan(sideLegsTable, {
      index: 'key',
      prefix: [chain],
      ...(from === undefined ? {} : { from }),
      ...(cut.through === null ? {} : { to: [BigInt(cut.through)] }),
      limit,
    });
    for (const leg of rows.map(readSideLeg)) {
      // Those recorded later lie between the others, because this order is by day first.
      if (leg.position <= cut.position) legs.push({ ...leg, currency });
      from = [leg.day, leg.position, leg.leg + 1n];
    }
    if (rows.length < limit || legs.length >= limit) return legs;
  }
}

function byPlace(one: Place, other: Place): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  if (one.position !== other.position) return one.position < other.position ? -1 : 1;
  return one.leg < other.leg ? -1 : 1;
}

import type { Row, Table, Value, ViewReader } from '../../shared/ports/view-store.js';
import {
  dayPosition,
  daysTable,
  daySums,
  legsTable,
  legSums,
  NO_SUMS,
  readLeg,
  readSideBlock,
  sideBlocksTable,
  type ChainRow,
  type SideBlockRow,
  type Sums,
} from '../../shared/views/journal.js';
import {
  BLOCK_LEGS,
  coverOf,
  dayBlockSums,
  legBlockSums,
  legCount,
} from '../../shared/views/side-blocks.js';
import type { Cut } from './as-of.js';
import { ALL_ROWS } from './parts.js';

/** Chains looked at before all the others are. */
const SAMPLE = 16;

/**
 * Debits and credits of these chains as of a cut, in the order of the chains. Where nothing of a
 * chain lies beyond the cut, its own totals are the answer; else one or two seeks find it.
 */
export async function sumsOfRows(
  reader: ViewReader,
  rows: readonly ChainRow[],
  cut: Cut,
): Promise<readonly Sums[]> {
  const mains = rows.filter((row) => !mainWithin(row, cut)).map((row) => row.chain);
  const sides = rows.filter((row) => !sideWithin(row, cut)).map((row) => row.chain);
  const main = mapOf(mains, await mainSums(reader, mains.map(prefixOf), cut));
  const side = await sideSumsOf(reader, sides, cut);
  return rows.map((row) => add(main.get(row.chain) ?? row.main, side.get(row.chain) ?? row.side));
}

/**
 * The same for all chains of the ledger, given by the prefix `[chain]` of each: side legs are found
 * with one scan instead of a seek per chain.
 */
export async function sumsOfAll(
  reader: ViewReader,
  prefixes: readonly (readonly [bigint])[],
  cut: Cut,
): Promise<readonly Sums[]> {
  const main = await mainSums(reader, prefixes, cut);
  const side = await sideSumsOfAll(reader, cut);
  if (side.size === 0) return main;
  return prefixes.map(([chain], index) => add(main[index] ?? NO_SUMS, side.get(chain) ?? NO_SUMS));
}

function mainWithin(row: ChainRow, { through, position }: Cut): boolean {
  return row.mainPosition <= position && (through === null || row.mainDay <= through);
}

function sideWithin(row: ChainRow, { through, position }: Cut): boolean {
  if (row.sideCount === 0n) return true;
  return through === null && row.sidePosition <= position;
}

/**
 * Sums of main legs. Day and position both only grow along a chain, so of "last leg up to the day"
 * and "last leg up to the position" the earlier one is the last leg of the answer. Whichever is
 * looked up first, the other is needed only where the first is beyond the other bound.
 */
async function mainSums(
  reader: ViewReader,
  prefixes: Prefixes,
  { through, position }: Cut,
): Promise<readonly Sums[]> {
  const byPosition = lookUp(reader, legsTable, position, legSums);
  if (through === null) return (await byPosition(prefixes)).map(sumsOrNone);
  const byDay = lookUp(reader, daysTable, BigInt(through), daySums);
  const beyondPosition = (day: Row): boolean => dayPosition(day) > position;
  const beyondDay = (leg: Row): boolean => readLeg(leg).day > through;
  return (await mostlyBeyond(prefixes, byDay, beyondPosition))
    ? earlierOf(prefixes, byPosition, beyondDay, byDay)
    : earlierOf(prefixes, byDay, beyondPosition, byPosition);
}

type Prefixes = readonly (readonly Value[])[];
type Found = Readonly<{ row: Row; sums: (row: Row) => Sums }> | undefined;
type LookUp = (prefixes: Prefixes) => Promise<readonly Found[]>;

/** Looks for the last row up to a bound; `sums` reads its sums. */
function lookUp(reader: ViewReader, table: Table, upTo: bigint, sums: (row: Row) => Sums): LookUp {
  return async (prefixes) => {
    const rows = await reader.lastOfEach(table, 'key', prefixes, upTo);
    return rows.map((row) => (row === undefined ? undefined : { row, sums }));
  };
}

function sumsOrNone(found: Found): Sums {
  return found === undefined ? NO_SUMS : found.sums(found.row);
}

async function earlierOf(
  prefixes: Prefixes,
  first: LookUp,
  beyond: (row: Row) => boolean,
  second: LookUp,
): Promise<readonly Sums[]> {
  const found = await first(prefixes);
  const isBeyond = found.map((one) => one !== undefined && beyond(one.row));
  const others = (await second(prefixes.filter((_, index) => isBeyond[index] === true))).values();
  return found.map((one, index) =>
    sumsOrNone(isBeyond[index] === true ? others.next().value : one),
  );
}

/**
 * Whether the first look-up would mostly be in vain, by a sample. Chains resemble each other here:
 * it is the question that lies before or after the course of the history.
 */
async function mostlyBeyond(
  prefixes: Prefixes,
  first: LookUp,
  beyond: (row: Row) => boolean,
): Promise<boolean> {
  if (prefixes.length < 4 * SAMPLE) return false;
  const step = Math.floor(prefixes.length / SAMPLE);
  const found = await first(prefixes.filter((_, index) => index % step === 0));
  const seen = found.filter((one) => one !== undefined);
  return 2 * seen.filter(({ row }) => beyond(row)).length > seen.length;
}

/** Sums of the side legs of these chains. */
async function sideSumsOf(
  reader: ViewReader,
  chains: readonly bigint[],
  cut: Cut,
): Promise<Map<bigint, Sums>> {
  const prefixes = chains.map((chain) => [0n, chain]);
  const last = await reader.lastOfEach(sideBlocksTable, 'first', prefixes, cut.position);
  const sums = new Map<bigint, Sums>();
  for (let index = 0; index < chains.length; index++) {
    const chain = chains[index];
    const row = last[index];
    if (chain === undefined) throw new Error('a chain is missing');
    sums.set(chain, row === undefined ? NO_SUMS : await upToBlock(reader, readSideBlock(row), cut));
  }
  return sums;
}

/** Sums of the side legs of every chain that has any. */
async function sideSumsOfAll(reader: ViewReader, cut: Cut): Promise<Map<bigint, Sums>> {
  const first = await reader.scan(sideBlocksTable, {
    index: 'key',
    prefix: [0n, 0n],
    limit: ALL_ROWS,
  });
  const sums = new Map<bigint, Sums>();
  const long: bigint[] = [];
  for (const row of first) {
    const { chain, firstPosition, data } = readSideBlock(row);
    if (firstPosition > cut.position) continue;
    if (legCount(data) === BLOCK_LEGS) long.push(chain);
    else sums.set(chain, legBlockSums(data, cut.through, cut.position));
  }
  for (const [chain, sum] of await sideSumsOf(reader, long, cut)) sums.set(chain, sum);
  return sums;
}

/** Sums of the side legs in the blocks before this one of level 0, and in it up to the cut. */
async function upToBlock(
  reader: ViewReader,
  { chain, place, data }: SideBlockRow,
  { through, position }: Cut,
): Promise<Sums> {
  let sums = legBlockSums(data, through, position);
  for (const part of coverOf(Number(place))) {
    const row = await reader.get(sideBlocksTable, [BigInt(part.level), BigInt(part.place), chain]);
    if (row === undefined) {
      throw new Error(`block ${part.level}/${part.place} of chain ${chain} is missing`);
    }
    const block = readSideBlock(row).data;
    sums = add(
      sums,
      part.level === 0 ? legBlockSums(block, through, position) : dayBlockSums(block, through),
    );
  }
  return sums;
}

function add(one: Sums, other: Sums): Sums {
  return { debits: one.debits + other.debits, credits: one.credits + other.credits };
}

function prefixOf(chain: bigint): readonly [bigint] {
  return [chain];
}

function mapOf(chains: readonly bigint[], sums: readonly Sums[]): Map<bigint, Sums> {
  return new Map(chains.map((chain, index) => [chain, sums[index] ?? NO_SUMS]));
}

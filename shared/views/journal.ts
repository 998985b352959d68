import type { Row, Table } from '../ports/view-store.js';
import { bytesAt, intAt, textAt } from './row.js';

/*
 * The journal view: every leg of every entry, arranged so that a balance on any day, as known at
 * any position, is one or two seeks.
 *
 * A chain is one account in one currency; chains are numbered in the order the log first names
 * them. A leg is a main leg of its chain when its effective day is not before that of the chain's
 * last main leg and not after the day it was recorded; any other leg is a side leg. Along the main
 * legs day and position both only grow, so "day ≤ T and position ≤ R" is a prefix of them and the
 * running sums stored with its last leg are the answer. Side legs are summed on top; see
 * side-blocks.ts.
 *
 * Days are day numbers (ledger/day.ts), amounts minor units, a debit positive, a credit negative.
 */

export const JOURNAL_VIEW = 'journal';

/** Debits and credits, both counted from zero upwards, in minor units. */
export type Sums = Readonly<{ debits: bigint; credits: bigint }>;

export const NO_SUMS: Sums = { debits: 0n, credits: 0n };

/** One row per chain: all its sums, and where its main and its side legs end. */
export const chainsTable: Table = {
  name: 'chains_v1',
  columns: [
    ['chain', 'int'],
    ['account', 'text'],
    ['currency', 'text'],
    ['main_position', 'int'],
    ['main_day', 'int'],
    ['main_debits', 'sum'],
    ['main_credits', 'sum'],
    ['main_count', 'int'],
    ['side_position', 'int'],
    ['side_debits', 'sum'],
    ['side_credits', 'sum'],
    ['side_count', 'int'],
  ],
  key: ['chain'],
  indexes: { account: ['account', 'currency'] },
};

/** `main*` are of the last main leg, and 0 where there is none; `sidePosition` likewise. */
export type ChainRow = Readonly<{
  chain: bigint;
  account: string;
  currency: string;
  mainPosition: bigint;
  mainDay: bigint;
  main: Sums;
  mainCount: bigint;
  sidePosition: bigint;
  side: Sums;
  sideCount: bigint;
}>;

export function readChain(row: Row): ChainRow {
  return {
    chain: intAt(row, 0),
    account: textAt(row, 1),
    currency: textAt(row, 2),
    mainPosition: intAt(row, 3),
    mainDay: intAt(row, 4),
    main: { debits: intAt(row, 5), credits: intAt(row, 6) },
    mainCount: intAt(row, 7),
    sidePosition: intAt(row, 8),
    side: { debits: intAt(row, 9), credits: intAt(row, 10) },
    sideCount: intAt(row, 11),
  };
}

/** Main legs, with the sums of the chain's main legs up to and with this one. */
export const legsTable: Table = {
  name: 'legs_v1',
  columns: [
    ['chain', 'int'],
    ['position', 'int'],
    ['leg', 'int'],
    ['day', 'int'],
    ['amount', 'int'],
    ['debits', 'sum'],
    ['credits', 'sum'],
  ],
  key: ['chain', 'position', 'leg'],
  indexes: {},
};

/** `leg` is the index of the leg within its entry. */
export type LegRow = Readonly<{
  chain: bigint;
  position: bigint;
  leg: bigint;
  day: bigint;
  amount: bigint;
}>;

export function readLeg(row: Row): LegRow {
  return {
    chain: intAt(row, 0),
    position: intAt(row, 1),
    leg: intAt(row, 2),
    day: intAt(row, 3),
    amount: intAt(row, 4),
  };
}

/** Sums of the main legs up to and with this row of {@link legsTable}. */
export function legSums(row: Row): Sums {
  return { debits: intAt(row, 5), credits: intAt(row, 6) };
}

/** Per chain and day with main legs: the last one's position and the sums after it. */
export const daysTable: Table = {
  name: 'days_v1',
  columns: [
    ['chain', 'int'],
    ['day', 'int'],
    ['position', 'int'],
    ['debits', 'sum'],
    ['credits', 'sum'],
  ],
  key: ['chain', 'day'],
  indexes: {},
};

/** Position of the last main leg of the day of this row of {@link daysTable}. */
export function dayPosition(row: Row): bigint {
  return intAt(row, 2);
}

/** Sums of the main legs up to the end of the day of this row of {@link daysTable}. */
export function daySums(row: Row): Sums {
  return { debits: intAt(row, 3), credits: intAt(row, 4) };
}

/** Side legs in the order of a statement. */
export const sideLegsTable: Table = {
  name: 'side_legs_v1',
  columns: [
    ['chain', 'int'],
    ['day', 'int'],
    ['position', 'int'],
    ['leg', 'int'],
    ['amount', 'int'],
  ],
  key: ['chain', 'day', 'position', 'leg'],
  indexes: {},
};

export function readSideLeg(row: Row): LegRow {
  return {
    chain: intAt(row, 0),
    day: intAt(row, 1),
    position: intAt(row, 2),
    leg: intAt(row, 3),
    amount: intAt(row, 4),
  };
}

/**
 * Side legs in the order of the log, in blocks (side-blocks.ts). By key, the first blocks of all
 * chains lie together, so that one scan finds every chain with side legs.
 */
export const sideBlocksTable: Table = {
  name: 'side_blocks_v1',
  columns: [
    ['level', 'int'],
    ['place', 'int'],
    ['chain', 'int'],
    ['first_position', 'int'],
    ['data', 'blob'],
  ],
  key: ['level', 'place', 'chain'],
  indexes: { first: ['level', 'chain', 'first_position', 'place'] },
};

/** `place` counts the blocks of a level; `firstPosition` is that of the block's first leg. */
export type SideBlockRow = Readonly<{
  place: bigint;
  chain: bigint;
  firstPosition: bigint;
  data: Uint8Array;
}>;

export function readSideBlock(row: Row): SideBlockRow {
  return {
    place: intAt(row, 1),
    chain: intAt(row, 2),
    firstPosition: intAt(row, 3),
    data: bytesAt(row, 4),
  };
}

/** Where in the log the entry with an id is. */
export const entriesTable: Table = {
  name: 'entries_v1',
  columns: [
    ['id', 'text'],
    ['position', 'int'],
  ],
  key: ['id'],
  indexes: {},
};

export function entryPosition(row: Row): bigint {
  return intAt(row, 1);
}

/** The last position recorded in a millisecond. */
export const instantsTable: Table = {
  name: 'instants_v1',
  columns: [
    ['recorded_at', 'int'],
    ['position', 'int'],
  ],
  key: ['recorded_at'],
  indexes: {},
};

export function instantPosition(row: Row): bigint {
  return intAt(row, 1);
}

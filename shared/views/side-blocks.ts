import { NO_SUMS, type Sums } from './journal.js';

/*
 * Side legs of a chain, numbered 0, 1, 2 … in the order of the log, in blocks.
 *
 * Level 0 holds the legs themselves, BLOCK_LEGS to a block, the last block being rewritten until it
 * is full. A block of level k ≥ 1 covers FAN_OUT full blocks of the level below and holds one
 * record per distinct day with the sums up to the end of that day, so it never grows beyond the
 * number of days. The first n full blocks are covered by at most FAN_OUT − 1 blocks of each level:
 * the sum over any prefix of the log costs a few binary searches.
 */

/** Legs in a full block of level 0: its 960 bytes fit a database page with their row. */
export const BLOCK_LEGS = 48;
export const FAN_OUT = 4;

const RECORD_BYTES = 20;
const DAY_BYTES = 4;

/** A block of level 0 while it grows. */
export class OpenBlock {
  private readonly bytes = new Uint8Array(BLOCK_LEGS * RECORD_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private used = 0;

  constructor(data?: Uint8Array) {
    if (data === undefined) return;
    this.bytes.set(data);
    this.used = legCount(data);
  }

  get full(): boolean {
    return this.used === BLOCK_LEGS;
  }

  /** Position of the first leg. @throws RangeError for an empty block */
  get firstPosition(): bigint {
    if (this.used === 0) throw new RangeError('an empty block has no first leg');
    return this.view.getBigInt64(0);
  }

  add(position: bigint, day: number, amount: bigint): void {
    if (this.full) throw new RangeError('the block is full');
    const at = this.used * RECORD_BYTES;
    this.view.setBigInt64(at, position);
    this.view.setInt32(at + 8, day);
    this.view.setBigInt64(at + 12, amount);
    this.used++;
  }

  /** A copy of what is in the block now. */
  data(): Uint8Array {
    return this.bytes.slice(0, this.used * RECORD_BYTES);
  }
}

/** Number of legs in a block of level 0. @throws Error when its bytes are no such block */
export function legCount(data: Uint8Array): number {
  const count = data.byteLength / RECORD_BYTES;
  if (!Number.isInteger(count) || count > BLOCK_LEGS) throw new Error('a side block is damaged');
  return count;
}

/** Positions of the legs in a block of level 0, in their order. */
export function legPositions(data: Uint8Array): bigint[] {
  const view = viewOf(data);
  return Array.from({ length: legCount(data) }, (_, leg) => view.getBigInt64(leg * RECORD_BYTES));
}

/**
 * Sums of the legs in a block of level 0 that are effective on day `through` or before (null: on
 * any day) and not after `position` in the log.
 */
export function legBlockSums(data: Uint8Array, through: number | null, position: bigint): Sums {
  const view = viewOf(data);
  const bytes = legCount(data) * RECORD_BYTES;
  let debits = 0n;
  let credits = 0n;
  for (let at = 0; at < bytes; at += RECORD_BYTES) {
    if (through !== null && view.getInt32(at + 8) > through) continue;
    if (view.getBigInt64(at) > position) break;
    const amount = view.getBigInt64(at + 12);
    if (amount > 0n) debits += amount;
    else credits -= amount;
  }
  return { debits, credits };
}

/** Sums of a block of level 1 or above, of all legs effective on day `through` or before. */
export function dayBlockSums(data: Uint8Array, through: number | null): Sums {
  const block = dayBlock(data);
  let below = 0;
  let above = block.count;
  while (below < above) {
    const middle = (below + above) >>> 1;
    if (through === null || block.day(middle) <= through) below = middle + 1;
    else above = middle;
  }
  return below === 0 ? NO_SUMS : block.sums(below - 1);
}

/** The block of `level` (1 or above) that covers these full blocks of the level below. */
export function mergeBlocks(level: number, parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length !== FAN_OUT) throw new Error(`${parts.length} blocks cannot be merged`);
  const byDay = new Map<number, { debits: bigint; credits: bigint }>();
  for (const part of parts) {
    const days = level === 1 ? daysOfLegs(part) : daysOfDays(part);
    for (const { day, debits, credits } of days) {
      const sums = byDay.get(day);
      if (sums === undefined) byDay.set(day, { debits, credits });
      else {
        sums.debits += debits;
        sums.credits += credits;
      }
    }
  }
  return encodeDays([...byDay].sort(([one], [other]) => one - other));
}

/** Blocks that together cover the first `blocks` full blocks of level 0. */
export function coverOf(blocks: number): readonly Readonly<{ level: number; place: number }>[] {
  const cover: { level: number; place: number }[] = [];
  let left = blocks;
  for (let level = 0; left > 0; level++) {
    for (let place = left - (left % FAN_OUT); place < left; place++) cover.push({ level, place });
    left = Math.floor(left / FAN_OUT);
  }
  return cover;
}

type DayAmounts = Readonly<{ day: number; debits: bigint; credits: bigint }>;

function* daysOfLegs(data: Uint8Array): Iterable<DayAmounts> {
  const view = viewOf(data);
  for (let leg = 0; leg < legCount(data); leg++) {
    const amount = view.getBigInt64(leg * RECORD_BYTES + 12);
    const day = view.getInt32(leg * RECORD_BYTES + 8);
    yield amount > 0n
      ? { day, debits: amount, credits: 0n }
      : { day, debits: 0n, credits: -amount };
  }
}

function* daysOfDays(data: Uint8Array): Iterable<DayAmounts> {
  const block = dayBlock(data);
  let before = NO_SUMS;
  for (let record = 0; record < block.count; record++) {
    const sums = block.sums(record);
    yield {
      day: block.day(record),
      debits: sums.debits - before.debits,
      credits: sums.credits - before.credits,
    };
    before = sums;
  }
}

/** First byte: how many bytes a sum takes, 8 or 16. Then records of day, debits, credits. */
function encodeDays(
  days: readonly (readonly [number, Readonly<{ debits: bigint; credits: bigint }>])[],
): Uint8Array {
  let debits = 0n;
  let credits = 0n;
  const running = days.map(([day, sums]) => {
    debits += sums.debits;
    credits += sums.credits;
    return { day, debits, credits };
  });
  const width = (debits > credits ? debits : credits) < 2n ** 64n ? 8 : 16;
  const record = DAY_BYTES + 2 * width;
  const data = new Uint8Array(1 + running.length * record);
  const view = new DataView(data.buffer);
  view.setUint8(0, width);
  running.forEach((sums, index) => {
    const at = 1 + index * record;
    view.setInt32(at, sums.day);
    writeSum(view, at + DAY_BYTES, width, sums.debits);
    writeSum(view, at + DAY_BYTES + width, width, sums.credits);
  });
  return data;
}

function dayBlock(data: Uint8Array): Readonly<{
  count: number;
  day(record: number): number;
  sums(record: number): Sums;
}> {
  const view = viewOf(data);
  const width = data[0];
  if (width !== 8 && width !== 16) throw new Error('a merged side block is damaged');
  const bytes = DAY_BYTES + 2 * width;
  return {
    count: (data.byteLength - 1) / bytes,
    day: (record) => view.getInt32(1 + record * bytes),
    sums: (record) => {
      const at = 1 + record * bytes + DAY_BYTES;
      return { debits: readSum(view, at, width), credits: readSum(view, at + width, width) };
    },
  };
}

function writeSum(view: DataView, at: number, width: 8 | 16, sum: bigint): void {
  if (width === 16) view.setBigUint64(at, sum >> 64n);
  view.setBigUint64(at + width - 8, BigInt.asUintN(64, sum));
}

function readSum(view: DataView, at: number, width: 8 | 16): bigint {
  const low = view.getBigUint64(at + width - 8);
  return width === 8 ? low : (view.getBigUint64(at) << 64n) | low;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

import type { Row, ViewReader } from '../../shared/ports/view-store.js';
import { readSideBlock, sideBlocksTable, sideLegsTable } from '../../shared/views/journal.js';
import { BLOCK_LEGS, FAN_OUT, mergeBlocks, OpenBlock } from '../../shared/views/side-blocks.js';
import type { ChainTail } from './chain-tails.js';

const LEGS_IN_BLOCK = BigInt(BLOCK_LEGS);
const BLOCKS_IN_BLOCK = BigInt(FAN_OUT);

/** A side leg to be written: the index within its entry, day number, signed minor units. */
export type SideLeg = Readonly<{ position: bigint; leg: bigint; day: number; amount: bigint }>;

/** Collects what the side legs of one batch change. */
export class SideWriter {
  private readonly legs: Row[] = [];
  private readonly growing = new Set<ChainTail>();
  private readonly blocks = new Map<string, Row>();

  constructor(private readonly reader: ViewReader) {}

  /** Adds a side leg to its chain. */
  async add(tail: ChainTail, { position, leg, day, amount }: SideLeg): Promise<void> {
    this.legs.push([tail.chain, BigInt(day), position, leg, amount]);
    const block = (tail.block ??= await this.lastBlock(tail));
    block.add(position, day, amount);
    if (amount > 0n) tail.sideDebits += amount;
    else tail.sideCredits -= amount;
    tail.sidePosition = position;
    tail.sideCount += 1n;
    if (!block.full) {
      this.growing.add(tail);
      return;
    }
    this.putLegBlock(tail, block);
    this.growing.delete(tail);
    tail.block = new OpenBlock();
    await this.merge(tail);
  }

  /** The rows to be put. */
  puts(): readonly Readonly<{ table: typeof sideLegsTable; rows: readonly Row[] }>[] {
    for (const tail of this.growing) {
      if (tail.block === undefined) throw new Error('a growing block is missing');
      this.putLegBlock(tail, tail.block);
    }
    return [
      { table: sideLegsTable, rows: this.legs },
      { table: sideBlocksTable, rows: [...this.blocks.values()] },
    ];
  }

  private async lastBlock(tail: ChainTail): Promise<OpenBlock> {
    if (tail.sideCount % LEGS_IN_BLOCK === 0n) return new OpenBlock();
    return new OpenBlock(await this.data(0n, tail.sideCount / LEGS_IN_BLOCK, tail.chain));
  }

  private putLegBlock(tail: ChainTail, block: OpenBlock): void {
    const place = (tail.sideCount - 1n) / LEGS_IN_BLOCK;
    this.put([0n, place, tail.chain, block.firstPosition, block.data()]);
  }

  /** Writes every block of the upper levels that has just become complete. */
  private async merge(tail: ChainTail): Promise<void> {
    let full = tail.sideCount / LEGS_IN_BLOCK;
    for (let level = 1; full % BLOCKS_IN_BLOCK === 0n; level++) {
      const parts: Uint8Array[] = [];
      for (let place = full - BLOCKS_IN_BLOCK; place < full; place++) {
        parts.push(await this.data(BigInt(level - 1), place, tail.chain));
      }
      full /= BLOCKS_IN_BLOCK;
      const first = await this.row(BigInt(level - 1), (full - 1n) * BLOCKS_IN_BLOCK, tail.chain);
      const { firstPosition } = readSideBlock(first);
      const data = mergeBlocks(level, parts);
      this.put([BigInt(level), full - 1n, tail.chain, firstPosition, data]);
    }
  }

  private put(row: Row): void {
    const [level, place, chain] = row;
    this.blocks.set(`${String(level)}/${String(place)}/${String(chain)}`, row);
  }

  private async data(level: bigint, place: bigint, chain: bigint): Promise<Uint8Array> {
    return readSideBlock(await this.row(level, place, chain)).data;
  }

  private async row(level: bigint, place: bigint, chain: bigint): Promise<Row> {
    const row =
      this.blocks.get(`${level}/${place}/${chain}`) ??
      (await this.reader.get(sideBlocksTable, [level, place, chain]));
    if (row === undefined) {
      throw new Error(`block ${level}/${place} of the side legs of chain ${chain} is missing`);
    }
    return row;
  }
}

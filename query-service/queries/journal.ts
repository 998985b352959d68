import { decodeEvent } from '../../shared/events/codec.js';
import type { AccountId } from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import {
  legsTable,
  readLeg,
  readSideBlock,
  sideBlocksTable,
  type ChainRow,
} from '../../shared/views/journal.js';
import { legPositions } from '../../shared/views/side-blocks.js';
import type { JournalItem, Page } from './answers.js';
import { ownCheckpoint } from './as-of.js';
import { chainsOf, definitionOf } from './chart.js';
import { numberOf, openCursor, sealCursor } from './cursor.js';
import { eventsAt, journalItem } from './entries.js';
import { checkLimit, type LogReader, type QueryParts } from './parts.js';

/** Entries after a position, of the whole ledger or of one account; `limit` is 1 to 500. */
export type JournalQuery = Readonly<{
  after?: bigint;
  account?: AccountId;
  limit: number;
  cursor?: string;
}>;

/** Positions above `after`, up to `through`, at least `enough` of them if there are so many. */
type Stretch = Readonly<{ after: bigint; through: bigint; enough: number }>;

/**
 * Entries in log order, as far as the views have come.
 * @throws {QueryRefused} an undeclared code, or a cursor of another question
 */
export async function journal(parts: QueryParts, query: JournalQuery): Promise<Page<JournalItem>> {
  checkLimit(query.limit);
  const { after = 0n, account, limit, cursor } = query;
  const question = ['journal', String(after), account ?? ''];
  const start = cursor === undefined ? after : numberOf(cursor, openCursor(question, cursor)[0]);
  return parts.views.snapshot(async (reader) => {
    const through = await ownCheckpoint(parts, reader);
    const stretch = { after: start, through, enough: limit + 1 };
    const items =
      account === undefined
        ? await entriesOfLog(parts.log, stretch)
        : await entriesOfAccount(reader, parts.log, account, stretch);
    const shown = items.slice(0, limit);
    const last = items.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown,
      nextCursor: last === undefined ? null : sealCursor(question, [String(last.position)]),
    };
  });
}

async function entriesOfLog(log: LogReader, stretch: Stretch): Promise<readonly JournalItem[]> {
  const items: JournalItem[] = [];
  let { after } = stretch;
  while (items.length < stretch.enough && after < stretch.through) {
    const events = await log.readAll(after, stretch.enough);
    for (const event of events) {
      if (event.position > stretch.through) return items;
      const item = journalItem(decodeEvent(event));
      if (item !== undefined) items.push(item);
      after = event.position;
    }
    if (events.length === 0) break;
  }
  return items;
}

async function entriesOfAccount(
  reader: ViewReader,
  log: LogReader,
  account: AccountId,
  stretch: Stretch,
): Promise<readonly JournalItem[]> {
  await definitionOf(reader, account);
  const found = new Set<bigint>();
  for (const chain of await chainsOf(reader, account)) {
    for (const position of await mainPositions(reader, chain, stretch)) found.add(position);
    for (const position of await sidePositions(reader, chain, stretch)) found.add(position);
  }
  const positions = [...found]
    .sort((one, other) => (one < other ? -1 : 1))
    .slice(0, stretch.enough);
  const events = await eventsAt(log, positions);
  return [...events.values()].map(journalItem).filter((item) => item !== undefined);
}

async function mainPositions(
  reader: ViewReader,
  { chain }: ChainRow,
  { after, through, enough }: Stretch,
): Promise<ReadonlySet<bigint>> {
  const found = new Set<bigint>();
  let from = after + 1n;
  for (;;) {
    const range = { index: 'key', prefix: [chain], from: [from], to: [through], limit: enough };
    const rows = await reader.scan(legsTable, range);
    for (const { position } of rows.map(readLeg)) {
      found.add(position);
      // Other legs of the same entry say nothing new.
      from = position + 1n;
    }
    if (rows.length < enough || found.size >= enough) return found;
  }
}

async function sidePositions(
  reader: ViewReader,
  { chain, sideCount }: ChainRow,
  { after, through, enough }: Stretch,
): Promise<ReadonlySet<bigint>> {
  const found = new Set<bigint>();
  if (sideCount === 0n) return found;
  // Every leg before the last block that begins at or before `after` is not after it either.
  let [row] = await reader.lastOfEach(sideBlocksTable, 'first', [[0n, chain]], after);
  row ??= await reader.get(sideBlocksTable, [0n, 0n, chain]);
  while (row !== undefined && found.size < enough) {
    const { place, data, firstPosition } = readSideBlock(row);
    if (firstPosition > through) return found;
    for (const position of legPositions(data)) {
      if (position > after && position <= through) found.add(position);
    }
    row = await reader.get(sideBlocksTable, [0n, place + 1n, chain]);
  }
  return found;
}

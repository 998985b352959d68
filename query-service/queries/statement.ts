import {
  normalBalance,
  type AccountDefinition,
  type AccountId,
} from '../../shared/ledger/account.js';
import { formatDay, knownDayNumber, type Day } from '../../shared/ledger/day.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { NO_SUMS, type ChainRow, type Sums } from '../../shared/views/journal.js';
import {
  QueryRefused,
  type AnsweredAsOf,
  type AsOf,
  type BalanceRow,
  type Statement,
  type StatementItem,
} from './answers.js';
import { cutOf, knownText, type Cut } from './as-of.js';
import { balanceRow, chainsOf, definitionOf, isMoved } from './chart.js';
import { noCursor, numberOf, openCursor, sealCursor, sumOf } from './cursor.js';
import { eventsAt, journalItem } from './entries.js';
import { checkLimit, type LogReader, type QueryParts } from './parts.js';
import { nextLegs, type Place, type StatementLeg } from './statement-legs.js';
import { sumsOfRows } from './sums.js';

/** Effective days `from` and `to` are both included; `limit` is 1 to 500. */
export type StatementQuery = Readonly<{
  from?: Day;
  to?: Day;
  known?: AsOf['known'];
  currency?: string;
  limit: number;
  cursor?: string;
}>;

/** Where a page ended: the position the statement reflects, the last item, balances after it. */
type Resume = Readonly<{ known: bigint; last: Place; balances: ReadonlyMap<string, bigint> }>;

/**
 * The legs of one account in order of effective day, position and leg, with the balance after each.
 * All pages reflect the log as it was known for the first one.
 * @throws {QueryRefused} an undeclared code, a cursor of another question, a future `known`
 */
export async function statement(
  parts: QueryParts,
  account: AccountId,
  query: StatementQuery,
): Promise<Statement> {
  checkLimit(query.limit);
  checkDays(query);
  const question = questionOf(account, query);
  const resume = query.cursor === undefined ? undefined : readPlace(question, query.cursor);
  return parts.views.snapshot(async (reader) => {
    const { cut, answered } = await cutOfPage(parts, reader, query, resume);
    const definition = await definitionOf(reader, account);
    const chains = (await chainsOf(reader, account)).filter(
      ({ currency }) => query.currency === undefined || currency === query.currency,
    );
    const ends = await openingAndClosing(reader, chains, query, cut);
    const start = resume === undefined ? firstPlace(query) : after(resume.last);
    const legs = await nextLegs(reader, chains, { start, cut, limit: query.limit + 1 });
    const shown = legs.slice(0, query.limit);
    const balances = new Map([...debitBalances(ends.opening), ...(resume?.balances ?? [])]);
    const items = await itemsOf(parts.log, { account, definition }, shown, balances);
    const last = legs.length > query.limit ? shown.at(-1) : undefined;
    const rows = (sums: ReadonlyMap<string, Sums>): readonly BalanceRow[] =>
      [...sums].map(([currency, sum]) => balanceRow(definition, currency, sum));
    return {
      account,
      opening: rows(ends.opening),
      items,
      closing: rows(ends.closing),
      nextCursor: last === undefined ? null : writePlace(question, cut.position, last, balances),
      asOf: answered,
    };
  });
}

function checkDays({ from, to }: StatementQuery): void {
  if (from === undefined || to === undefined) return;
  if (knownDayNumber(from) <= knownDayNumber(to)) return;
  throw new QueryRefused('VALIDATION_FAILED', 'from', from, 'it is after the last day asked for');
}

async function cutOfPage(
  parts: QueryParts,
  reader: ViewReader,
  query: StatementQuery,
  resume: Resume | undefined,
): Promise<Readonly<{ cut: Cut; answered: AnsweredAsOf }>> {
  const { to, known } = query;
  const effective = to === undefined ? {} : { effective: to };
  if (resume === undefined) {
    return cutOf(parts, reader, known === undefined ? effective : { ...effective, known });
  }
  const beyond = resume.known < 0n || resume.known > (await parts.log.head());
  if (beyond) throw noCursor(query.cursor ?? '');
  const page = await cutOf(parts, reader, { ...effective, known: { position: resume.known } });
  return { cut: page.cut, answered: { ...page.answered, known: knownText(known) } };
}

/** Sums before the first day and up to the last, of the currencies that had moved by the last. */
async function openingAndClosing(
  reader: ViewReader,
  chains: readonly ChainRow[],
  { from }: StatementQuery,
  cut: Cut,
): Promise<Readonly<{ opening: Map<string, Sums>; closing: Map<string, Sums> }>> {
  const before = { ...cut, through: from === undefined ? null : knownDayNumber(from) - 1 };
  const openings = from === undefined ? [] : await sumsOfRows(reader, chains, before);
  const closings = await sumsOfRows(reader, chains, cut);
  const opening = new Map<string, Sums>();
  const closing = new Map<string, Sums>();
  chains.forEach(({ currency }, index) => {
    const sum = closings[index] ?? NO_SUMS;
    if (!isMoved(sum)) return;
    opening.set(currency, openings[index] ?? NO_SUMS);
    closing.set(currency, sum);
  });
  return { opening, closing };
}

/** Makes the items of these legs, and moves the balances on to the last of them. */
async function itemsOf(
  log: LogReader,
  { account, definition }: Readonly<{ account: AccountId; definition: AccountDefinition }>,
  legs: readonly StatementLeg[],
  balances: Map<string, bigint>,
): Promise<readonly StatementItem[]> {
  const events = await eventsAt(
    log,
    legs.map(({ position }) => position),
  );
  return legs.map(({ day, position, leg, amount, currency }) => {
    const event = events.get(position);
    const item = event === undefined ? undefined : journalItem(event);
    const posted = item?.legs[Number(leg)];
    const side = amount > 0n ? 'debit' : 'credit';
    const magnitude = amount > 0n ? amount : -amount;
    const agrees =
      posted?.account === account &&
      posted.currency === currency &&
      posted.amount === magnitude &&
      posted.side === side;
    if (item === undefined || !agrees) {
      throw new Error(`leg ${leg} at position ${position} is not what the log says`);
    }
    const balance = (balances.get(currency) ?? 0n) + amount;
    balances.set(currency, balance);
    return {
      effectiveDate: formatDay(Number(day)),
      position,
      recordedAt: item.recordedAt,
      entryId: item.id,
      description: item.description,
      side,
      amount: magnitude,
      currency,
      balance: normalBalance(definition.type, balance, 0n),
      stream: item.stream,
    };
  });
}

function debitBalances(sums: ReadonlyMap<string, Sums>): Map<string, bigint> {
  return new Map([...sums].map(([currency, { debits, credits }]) => [currency, debits - credits]));
}

function firstPlace({ from }: StatementQuery): Place | undefined {
  if (from === undefined) return undefined;
  return { day: BigInt(knownDayNumber(from)), position: 0n, leg: 0n };
}

function after({ day, position, leg }: Place): Place {
  return { day, position, leg: leg + 1n };
}

function questionOf(account: AccountId, query: StatementQuery): readonly string[] {
  const { from = '', to = '', known, currency = '' } = query;
  return ['statement', account, from, to, knownText(known) ?? '', currency];
}

function writePlace(
  question: readonly string[],
  known: bigint,
  { day, position, leg }: Place,
  balances: ReadonlyMap<string, bigint>,
): string {
  const numbers = [known, day, position, leg].map(String);
  const rest = [...balances].flatMap(([currency, balance]) => [currency, String(balance)]);
  return sealCursor(question, [...numbers, ...rest]);
}

function readPlace(question: readonly string[], cursor: string): Resume {
  const [known, day, position, leg, ...rest] = openCursor(question, cursor);
  const balances = new Map<string, bigint>();
  for (let index = 0; index < rest.length; index += 2) {
    balances.set(rest[index] ?? '', sumOf(cursor, rest[index + 1]));
  }
  const number = (text: string | undefined): bigint => numberOf(cursor, text);
  const last = { day: number(day), position: number(position), leg: number(leg) };
  return { known: number(known), last, balances };
}

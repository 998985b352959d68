import type { z } from 'zod';
import type {
  AccountBalances,
  AccountItem,
  AnsweredAsOf,
  BalanceRow,
  EventItem,
  JournalItem,
  Page,
  Statement,
  StatementItem,
  Trace,
  TraceNode,
  TrialBalance,
} from '../queries/answers.js';
import type * as schemas from './schemas.js';

/*
 * Answers as they are sent: amounts and positions as decimal strings, instants in RFC 3339. That
 * each agrees with its schema is checked by the compiler.
 */

type Sent<Schema extends z.ZodType> = z.output<Schema>;

const time = (ms: number): string => new Date(ms).toISOString();

/** Balances of an account, as sent. */
export function sentBalances(answer: AccountBalances): Sent<typeof schemas.balancesAnswer> {
  return {
    account: answer.account,
    balances: answer.balances.map(sentBalance),
    asOf: sentAsOf(answer.asOf),
  };
}

/** A trial balance, as sent. */
export function sentTrialBalance(answer: TrialBalance): Sent<typeof schemas.trialBalanceAnswer> {
  return {
    rows: answer.rows.map((row) => ({
      account: row.account,
      name: row.name,
      type: row.type,
      ...sentBalance(row),
    })),
    totals: answer.totals.map(({ currency, debits, credits }) => ({
      currency,
      debits: debits.toString(),
      credits: credits.toString(),
    })),
    asOf: sentAsOf(answer.asOf),
  };
}

/** A statement, as sent. */
export function sentStatement(answer: Statement): Sent<typeof schemas.statementAnswer> {
  return {
    account: answer.account,
    opening: answer.opening.map(sentBalance),
    items: answer.items.map(sentStatementItem),
    closing: answer.closing.map(sentBalance),
    nextCursor: answer.nextCursor,
    asOf: sentAsOf(answer.asOf),
  };
}

/** One line of a statement, as sent. */
function sentStatementItem(item: StatementItem): Sent<typeof schemas.statementItem> {
  return {
    ...item,
    position: item.position.toString(),
    recordedAt: time(item.recordedAt),
    amount: item.amount.toString(),
    balance: item.balance.toString(),
  };
}

/** Accounts, as sent. */
export function sentAccounts(page: Page<AccountItem>): Sent<typeof schemas.accountsAnswer> {
  return { items: [...page.items], nextCursor: page.nextCursor };
}

/** An entry of the journal, as sent. */
export function sentEntry(item: JournalItem): Sent<typeof schemas.journalItem> {
  return {
    ...item,
    revision: item.revision.toString(),
    position: item.position.toString(),
    recordedAt: time(item.recordedAt),
    occurredAt: time(item.occurredAt),
    metadata: { ...item.metadata },
    legs: item.legs.map((leg) => ({ ...leg, amount: leg.amount.toString() })),
  };
}

/** Entries, as sent. */
export function sentJournal(page: Page<JournalItem>): Sent<typeof schemas.journalAnswer> {
  return { items: page.items.map(sentEntry), nextCursor: page.nextCursor };
}

/** An event, as sent. */
export function sentEvent(item: EventItem): Sent<typeof schemas.eventItem> {
  return {
    eventId: item.eventId,
    stream: item.stream,
    revision: item.revision.toString(),
    position: item.position.toString(),
    type: item.type,
    schemaVersion: item.schemaVersion,
    occurredAt: item.occurredAt === null ? null : time(item.occurredAt),
    effectiveDate: item.effectiveDate,
    recordedAt: time(item.recordedAt),
    actor: item.actor,
    commandId: item.commandId,
    correlationId: item.correlationId,
    causationId: item.causationId,
    data: item.data,
    ...(item.undecodable === undefined ? {} : { undecodable: item.undecodable }),
  };
}

/** Events, as sent. */
export function sentEvents(page: Page<EventItem>): Sent<typeof schemas.eventsAnswer> {
  return { items: page.items.map(sentEvent), nextCursor: page.nextCursor };
}

/** A trace, as sent. */
export function sentTrace(answer: Trace): Sent<typeof schemas.traceAnswer> {
  return { ...answer, roots: answer.roots.map(sentNode) };
}

type Node = Sent<typeof schemas.traceAnswer>['roots'][number];

function sentNode(node: TraceNode): Node {
  return { event: sentEvent(node.event), children: node.children.map(sentNode) };
}

function sentBalance(row: BalanceRow): Sent<typeof schemas.balancesAnswer>['balances'][number] {
  return {
    currency: row.currency,
    debits: row.debits.toString(),
    credits: row.credits.toString(),
    balance: row.balance.toString(),
  };
}

/** What an answer is as of, as sent. */
export function sentAsOf(asOf: AnsweredAsOf): Sent<typeof schemas.asOfAnswer> {
  return { ...asOf, position: asOf.position.toString() };
}

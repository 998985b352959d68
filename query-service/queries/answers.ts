import type { AccountId, AccountType, Side } from '../../shared/ledger/account.js';
import type { Day } from '../../shared/ledger/day.js';

/** The two time axes of a question. Absent: everything, as known now. */
export type AsOf = Readonly<{
  /** Facts up to the end of this accounting day. */
  effective?: Day;
  /** What was known at an instant (ms since 1970), or once this position had been recorded. */
  known?: Readonly<{ instant: number }> | Readonly<{ position: bigint }>;
}>;

/** What a question was answered as of. `known` is absent when the question left it open. */
export type AnsweredAsOf = Readonly<{
  effective: Day | null;
  known: string | null;
  /** Position of the last event the answer takes account of. */
  position: bigint;
}>;

export type BalanceRow = Readonly<{
  currency: string;
  debits: bigint;
  credits: bigint;
  /** On the normal side of the account's type. */
  balance: bigint;
}>;

export type AccountBalances = Readonly<{
  account: AccountId;
  balances: readonly BalanceRow[];
  asOf: AnsweredAsOf;
}>;

export type TrialBalance = Readonly<{
  rows: readonly (BalanceRow & Readonly<{ account: AccountId; name: string; type: AccountType }>)[];
  totals: readonly Readonly<{ currency: string; debits: bigint; credits: bigint }>[];
  asOf: AnsweredAsOf;
}>;

export type StatementItem = Readonly<{
  effectiveDate: Day;
  position: bigint;
  recordedAt: number;
  entryId: string;
  description: string;
  side: Side;
  amount: bigint;
  currency: string;
  /** After this item, in statement order. */
  balance: bigint;
  stream: string;
}>;

/** Opening and closing are per currency, in order of currency. */
export type Statement = Readonly<{
  account: AccountId;
  opening: readonly BalanceRow[];
  items: readonly StatementItem[];
  closing: readonly BalanceRow[];
  nextCursor: string | null;
  asOf: AnsweredAsOf;
}>;

export type AccountItem = Readonly<{
  id: string;
  code: string;
  name: string;
  type: AccountType;
  guarded: boolean;
}>;

export type JournalItem = Readonly<{
  id: string;
  stream: string;
  revision: bigint;
  position: bigint;
  recordedAt: number;
  effectiveDate: Day;
  occurredAt: number;
  description: string;
  reverses: string | null;
  metadata: Readonly<Record<string, string>>;
  legs: readonly Readonly<{
    account: AccountId;
    side: Side;
    amount: bigint;
    currency: string;
  }>[];
}>;

export type Page<Item> = Readonly<{ items: readonly Item[]; nextCursor: string | null }>;

/** The question cannot be answered as asked. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
  constructor(
    readonly code: 'NOT_FOUND' | 'VALIDATION_FAILED' | 'READ_MODEL_BEHIND',
    readonly field: string,
    readonly value: string,
    readonly reason: string,
  ) {
    super(`${field}: ${reason}`);
  }
}

/**
 * An event of the log as it is stored. One that this program cannot decode is shown all the same,
 * with what could be read of it and the reason in `undecodable`.
 */
export type EventItem = Readonly<{
  eventId: string;
  stream: string;
  revision: bigint;
  position: bigint;
  type: string;
  /** Milliseconds since 1970. */
  recordedAt: number;
  schemaVersion: number | null;
  /** Milliseconds since 1970; when it was recorded, where the event says nothing else. */
  occurredAt: number | null;
  effectiveDate: string | null;
  actor: string | null;
  commandId: string | null;
  correlationId: string | null;
  causationId: string | null;
  /** JSON value as stored; the bare text where it is no JSON. */
  data: unknown;
  undecodable?: string;
}>;

/** An event, and the events it led to, in log order. */
export type TraceNode = Readonly<{ event: EventItem; children: readonly TraceNode[] }>;

/** Every event of one request; the roots are those that a command led to directly. */
export type Trace = Readonly<{
  correlationId: string;
  roots: readonly TraceNode[];
  /** Number of events in the tree. */
  events: number;
  /** There are more events than a trace shows. */
  truncated: boolean;
}>;

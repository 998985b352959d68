import type { AccountDefinition, AccountId } from '../ledger/account.js';
import type { Day } from '../ledger/day.js';
import type { JournalEntry } from '../ledger/entry.js';
import type { Currency } from '../ledger/currency.js';
import type { Fact, Labels, Monetary } from './kind.js';
import { isPaymentEvent, type OrderClaimed, type PaymentEvent } from './payment.js';

export type { Labels } from './kind.js';

/** A code was added to the chart. Stream `account-{code}`. */
export type AccountDeclared = Fact<'AccountDeclared', AccountDefinition>;

/**
 * An entry was posted: in `entry-{id}`, or, when it reduces a guarded account, in `account-{id}` of
 * that account. `reverses` is the id of the entry it undoes.
 */
export type EntryPosted = Monetary<
  'EntryPosted',
  { id: string; description: string; reverses?: string; metadata?: Labels }
>;

/**
 * The id of an entry was taken in `entry-{id}` for an entry whose legs belong into the stream of a
 * guarded account. It is there, if at all, after `afterRevision` (-1: from the start).
 */
export type EntryClaimed = Fact<
  'EntryClaimed',
  { id: string; stream: string; afterRevision: bigint }
>;

/** Money of a guarded account was set aside on `{account}:held`. Stream of the account. */
export type HoldPlaced = Monetary<
  'HoldPlaced',
  {
    id: string;
    account: AccountId;
    amount: bigint;
    currency: Currency;
    /** Milliseconds since 1970. From then on the hold can only be released. */
    expiresAt: number;
    description: string;
  }
>;

/** Held money was spent, wholly or in part; what was not spent went back. */
export type HoldSettled = Monetary<'HoldSettled', { id: string; settled: bigint; to: AccountId }>;

/** Held money went back to the account. */
export type HoldReleased = Monetary<'HoldReleased', { id: string; reason: 'released' | 'expired' }>;

/** The events of accounts and entries, which know nothing of payments. */
export type BookEvent =
  AccountDeclared | EntryPosted | EntryClaimed | HoldPlaced | HoldSettled | HoldReleased;

export type LedgerEvent = BookEvent | OrderClaimed | PaymentEvent;

/** What every event carries beside its data. */
export type EventMetadata = Readonly<{
  schemaVersion: number;
  commandId: string;
  correlationId: string;
  /** The command or event that directly led to this one; the command itself by default. */
  causationId: string;
  actor: string;
  /** When it was true, in ms since 1970; absent: when it was recorded. */
  occurredAt?: number;
  /** The accounting day, in the ledger's time zone. */
  effectiveDate: Day;
  /** W3C trace context of the request. */
  traceparent?: string;
  /** Digest of what the caller asked, to tell a retry from another request. */
  fingerprint?: string;
}>;

/** The journal entry of an event, if it moves money. */
export function entryOf({ data }: LedgerEvent): JournalEntry | undefined {
  return 'entry' in data ? data.entry : undefined;
}

/** Whether an event is of accounts and entries. */
export function isBookEvent(event: LedgerEvent): event is BookEvent {
  return event.type !== 'OrderClaimed' && !isPaymentEvent(event);
}

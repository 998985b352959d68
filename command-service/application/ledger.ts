import type { AccountDefinition, AccountId } from '../../shared/ledger/account.js';
import type { Day } from '../../shared/ledger/day.js';
import type { LegInput } from '../../shared/ledger/entry.js';
import type { Labels } from '../../shared/events/event.js';
import type { Refusal } from '../domain/refusal.js';

export type { Refusal } from '../domain/refusal.js';

/** What the command side offers to whoever takes requests: HTTP, the importer, the bench. */
export interface Ledger {
  declareAccount(definition: AccountDefinition, context: CommandContext): Promise<Answer<Declared>>;
  postEntry(command: PostEntry, context: CommandContext): Promise<Answer<Posted>>;
  /** Each entry stands or falls alone; the answers are in the order of the commands. */
  postEntries(
    commands: readonly PostEntry[],
    context: CommandContext,
  ): Promise<readonly Answer<Posted>[]>;
  reverseEntry(command: ReverseEntry, context: CommandContext): Promise<Answer<Posted>>;
  placeHold(command: PlaceHold, context: CommandContext): Promise<Answer<Held>>;
  settleHold(command: SettleHold, context: CommandContext): Promise<Answer<Held>>;
  releaseHold(command: ReleaseHold, context: CommandContext): Promise<Answer<Held>>;
}

/** Who asks, and under which request. */
export type CommandContext = Readonly<{
  actor: string;
  correlationId: string;
  /** Default: the command itself. */
  causationId?: string;
  traceparent?: string;
}>;

export type PostEntry = Readonly<{
  /** The entry's id and its key for ever: the caller's own, or derived from an Idempotency-Key. */
  id: string;
  description: string;
  legs: readonly LegInput[];
  /** Default: today in the ledger's time zone. */
  effectiveDate?: Day;
  /** Milliseconds since 1970. Default: when it is recorded. */
  occurredAt?: number;
  metadata?: Labels;
}>;

export type ReverseEntry = Readonly<{
  /** Of the entry to undo. */
  id: string;
  /** Identifies the request, so that a retry is told from a second reversal. */
  commandId: string;
  reason: string;
  effectiveDate?: Day;
}>;

export type PlaceHold = Readonly<{
  id: string;
  account: AccountId;
  amount: bigint;
  currency: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  description: string;
}>;

export type SettleHold = Readonly<{
  account: AccountId;
  id: string;
  commandId: string;
  /** The account that gets the money. */
  to: AccountId;
  /** Default: all that is held. The rest goes back to the account. */
  amount?: bigint;
}>;

export type ReleaseHold = Readonly<{ account: AccountId; id: string; commandId: string }>;

/** `replayed`: the command had been carried out before, and this is what it answered then. */
export type Answer<Value> =
  | Readonly<{ kind: 'done'; value: Value; replayed: boolean }>
  | Readonly<{ kind: 'refused'; refusal: Refusal }>;

export type Declared = Readonly<{ definition: AccountDefinition; position: bigint }>;

export type Posted = Readonly<{
  id: string;
  stream: string;
  revision: bigint;
  position: bigint;
  recordedAt: number;
  effectiveDate: Day;
}>;

export type Held = Readonly<{
  id: string;
  account: AccountId;
  status: 'held' | 'settled' | 'released' | 'expired';
  /** What is held; once settled, what was paid out. */
  amount: bigint;
  currency: string;
  /** Milliseconds since 1970; while it is held. */
  expiresAt?: number;
  stream: string;
  revision: bigint;
  position: bigint;
  recordedAt: number;
}>;

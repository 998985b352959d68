import {
  isAccountId,
  normalSide,
  type AccountDefinition,
  type AccountId,
  type Side,
} from '../../shared/ledger/account.js';
import {
  isEntry,
  journalEntry,
  type JournalEntry,
  type LegInput,
} from '../../shared/ledger/entry.js';
import { refuse, refuseEntry, type Refusal } from './refusal.js';

/** Money set aside and not yet settled or released. `expiresAt` in ms since 1970. */
export type OpenHold = Readonly<{
  id: string;
  amount: bigint;
  currency: string;
  expiresAt: number;
}>;

/** The account that holds an account's held money. */
function heldAccount(account: AccountId): string {
  return `${account}:held`;
}

/** The entry that sets money aside. */
export function placingEntry(
  account: AccountId,
  definition: AccountDefinition,
  amount: bigint,
  currency: string,
): JournalEntry | Refusal {
  const [grows, shrinks] = sides(definition);
  if (!isAccountId(heldAccount(account))) {
    return refuse('ACCOUNT_MALFORMED', 'the account id leaves no room for ":held"', {
      field: 'account',
      value: account,
      reason: 'too long',
    });
  }
  return entryOr([
    { account, side: shrinks, amount, currency },
    { account: heldAccount(account), side: grows, amount, currency },
  ]);
}

/** The entry that pays held money out to `to`; what is not paid goes back to the account. */
export function settlingEntry(
  account: AccountId,
  definition: AccountDefinition,
  hold: OpenHold,
  to: AccountId,
  settled: bigint,
): JournalEntry | Refusal {
  const { currency } = hold;
  const [grows, shrinks] = sides(definition);
  const rest = hold.amount - settled;
  return entryOr([
    { account: heldAccount(account), side: shrinks, amount: hold.amount, currency },
    { account: to, side: grows, amount: settled, currency },
    ...(rest > 0n ? [{ account, side: grows, amount: rest, currency }] : []),
  ]);
}

/** The entry that gives held money back. It undoes one that was an entry, so it is one. */
export function releasingEntry(
  account: AccountId,
  definition: AccountDefinition,
  hold: OpenHold,
): JournalEntry {
  const { amount, currency } = hold;
  const [grows, shrinks] = sides(definition);
  const made = journalEntry([
    { account: heldAccount(account), side: shrinks, amount, currency },
    { account, side: grows, amount, currency },
  ]);
  if (!isEntry(made)) throw new Error(`the release of hold ${hold.id} is no entry: ${made.reason}`);
  return made;
}

function sides(definition: AccountDefinition): readonly [grows: Side, shrinks: Side] {
  return normalSide(definition.type) === 'debit' ? ['debit', 'credit'] : ['credit', 'debit'];
}

function entryOr(legs: readonly LegInput[]): JournalEntry | Refusal {
  const made = journalEntry(legs);
  return isEntry(made) ? made : refuseEntry(made);
}

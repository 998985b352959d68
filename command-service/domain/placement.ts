import {
  codeOf,
  normalBalance,
  type AccountDefinition,
  type AccountId,
} from '../../shared/ledger/account.js';
import type { JournalEntry } from '../../shared/ledger/entry.js';
import { refuse, type FieldError, type Refusal } from './refusal.js';

/** The declared codes, by code. */
export type Chart = Readonly<{ get(code: string): AccountDefinition | undefined }>;

/**
 * Which stream an entry belongs into: `free` can break no rule and gets a stream of its own;
 * `guarded` reduces this account, whose stream therefore decides. `unknown` names codes that nobody
 * here has heard of, which is worth a second look once the log has been read to its end.
 */
export type Placement =
  | Readonly<{ kind: 'free' }>
  | Readonly<{ kind: 'guarded'; account: AccountId; definition: AccountDefinition }>
  | Readonly<{ kind: 'unknown' | 'refused'; refusal: Refusal }>;

const FREE: Placement = { kind: 'free' };

/** Finds the stream an entry belongs into, or why it may not be posted at all. */
export function placeEntry(entry: JournalEntry, chart: Chart): Placement {
  let guarded = false;
  for (const leg of entry.legs) {
    const definition = chart.get(codeOf(leg.account));
    if (definition === undefined)
      return { kind: 'unknown', refusal: unknownAccounts(entry, chart) };
    if (definition.guarded) guarded = true;
    if (definition.currencies.length > 0 && !definition.currencies.includes(leg.currency)) {
      return { kind: 'refused', refusal: currencyNotAllowed(entry, chart) };
    }
  }
  return guarded ? placeGuarded(entry, chart) : FREE;
}

/** Whether the account is moved by holds only: `…:held` below a guarded code. */
export function isReserved(account: AccountId, definition: AccountDefinition): boolean {
  return definition.guarded && account.endsWith(':held');
}

/** What an entry adds to an account, per currency, as debits less credits in minor units. */
export function netChanges(entry: JournalEntry, account: AccountId): ReadonlyMap<string, bigint> {
  const changes = new Map<string, bigint>();
  for (const leg of entry.legs) {
    if (leg.account !== account) continue;
    const before = changes.get(leg.currency) ?? 0n;
    changes.set(leg.currency, leg.side === 'debit' ? before + leg.amount : before - leg.amount);
  }
  return changes;
}

/** An amount of debits less credits, as seen from the account's normal side. */
export function onNormalSide(definition: AccountDefinition, net: bigint): bigint {
  return normalBalance(definition.type, net, 0n);
}

/** Whether the entry takes from the account's balance in any currency. */
export function reduces(
  entry: JournalEntry,
  account: AccountId,
  definition: AccountDefinition,
): boolean {
  for (const net of netChanges(entry, account).values()) {
    if (onNormalSide(definition, net) < 0n) return true;
  }
  return false;
}

function placeGuarded(entry: JournalEntry, chart: Chart): Placement {
  const reduced = new Map<AccountId, AccountDefinition>();
  for (const [index, leg] of entry.legs.entries()) {
    const definition = chart.get(codeOf(leg.account));
    if (definition?.guarded !== true) continue;
    if (isReserved(leg.account, definition)) {
      return { kind: 'refused', refusal: accountReserved(leg.account, `legs[${index}].account`) };
    }
    if (reduces(entry, leg.account, definition)) reduced.set(leg.account, definition);
  }
  const [first, second] = reduced;
  if (first === undefined) return FREE;
  if (second === undefined) return { kind: 'guarded', account: first[0], definition: first[1] };
  return { kind: 'refused', refusal: multipleGuarded([...reduced.keys()]) };
}

/** The refusal of an account that only holds may move. */
export function accountReserved(account: AccountId, field: string): Refusal {
  const reason = 'money that is held is moved by settling or releasing the hold';
  return refuse('ACCOUNT_RESERVED', `${account} is moved by holds only`, {
    field,
    value: account,
    reason,
  });
}

/** The refusal of a command that would reduce two guarded accounts at once. */
export function multipleGuarded(accounts: readonly AccountId[]): Refusal {
  return refuse(
    'MULTIPLE_GUARDED_ACCOUNTS',
    'an entry may reduce one guarded account; hold on the others first',
    ...accounts.map((account) => ({ field: 'legs', value: account, reason: 'is reduced' })),
  );
}

/** The refusal of codes that were never declared, each leg named. */
function unknownAccounts(entry: JournalEntry, chart: Chart): Refusal {
  const errors: FieldError[] = [];
  for (const [index, leg] of entry.legs.entries()) {
    if (chart.get(codeOf(leg.account)) !== undefined) continue;
    const reason = `the code ${codeOf(leg.account)} is not declared`;
    errors.push({ field: `legs[${index}].account`, value: leg.account, reason });
  }
  return refuse('ACCOUNT_UNKNOWN', 'an account of the entry is not declared', ...errors);
}

function currencyNotAllowed(entry: JournalEntry, chart: Chart): Refusal {
  const errors: FieldError[] = [];
  for (const [index, leg] of entry.legs.entries()) {
    const definition = chart.get(codeOf(leg.account));
    if (definition === undefined || definition.currencies.length === 0) continue;
    if (definition.currencies.includes(leg.currency)) continue;
    errors.push(...notAllowed(`legs[${index}].currency`, leg.currency, definition).errors);
  }
  return refuse('CURRENCY_NOT_ALLOWED', 'an account does not allow the currency', ...errors);
}

/** The refusal of a currency that a code does not list. */
export function notAllowed(
  field: string,
  currency: string,
  { code, currencies }: AccountDefinition,
): Refusal {
  const reason = `${code} allows ${currencies.join(', ')}`;
  return refuse('CURRENCY_NOT_ALLOWED', reason, { field, value: currency, reason });
}

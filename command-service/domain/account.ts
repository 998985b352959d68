import type { AccountDefinition, AccountId } from '../../shared/ledger/account.js';
import { isCurrency } from '../../shared/ledger/currency.js';
import type { JournalEntry } from '../../shared/ledger/entry.js';
import {
  isBookEvent,
  entryOf,
  type EntryPosted,
  type HoldPlaced,
  type HoldReleased,
  type HoldSettled,
  type LedgerEvent,
} from '../../shared/events/event.js';
import { accepted, refused, REPEATED, type Decider, type Decision } from './decider.js';
import { placingEntry, releasingEntry, settlingEntry, type OpenHold } from './hold.js';
import { multipleGuarded, netChanges, notAllowed, onNormalSide, reduces } from './placement.js';
import { refuse, type Refusal } from './refusal.js';

/** What the own stream of an account says about it. */
export type AccountState = Readonly<{
  /** Set in the stream of a code. */
  declared?: AccountDefinition;
  /** Debits less credits per currency, of the entries in this stream alone. */
  net: ReadonlyMap<string, bigint>;
  holds: ReadonlyMap<string, OpenHold>;
}>;

export type AccountCommand =
  | Readonly<{ type: 'declare'; definition: AccountDefinition }>
  /** An entry that reduces the account. */
  | Readonly<{ type: 'post'; event: EntryPosted }>
  | Readonly<{
      type: 'place';
      id: string;
      amount: bigint;
      currency: string;
      expiresAt: number;
      description: string;
    }>
  /** `amount` absent: all that is held. `target` is the definition of `to`. */
  | Readonly<{
      type: 'settle';
      id: string;
      to: AccountId;
      target: AccountDefinition;
      amount?: bigint | undefined;
    }>
  | Readonly<{ type: 'release'; id: string }>
  /** Gives back every hold that has run out. */
  | Readonly<{ type: 'expire' }>;

/** What a decision needs beside the stream. `now` in ms since 1970. */
export type AccountFacts = Readonly<{
  definition: AccountDefinition;
  now: number;
  /** Debits less credits that are known to have come by other streams: never more than there is. */
  elsewhere(currency: string): bigint;
}>;

const MAX_RELEASES = 200;

/** The decider of `account-` streams: of a declared code, and of a guarded account below one. */
export function accountDecider(
  account: AccountId,
): Decider<AccountState, LedgerEvent, AccountCommand, AccountFacts> {
  return {
    initial: { net: new Map(), holds: new Map() },
    evolve: (state, event) => evolve(account, state, event),
    decide: (command, state, facts) => decide(account, command, state, facts),
  };
}

function evolve(account: AccountId, state: AccountState, event: LedgerEvent): AccountState {
  if (!isBookEvent(event)) throw new Error(`${event.type} is no event of an account`);
  const entry = entryOf(event);
  const net = entry === undefined ? state.net : addNet(state.net, entry, account);
  switch (event.type) {
    case 'AccountDeclared':
      return { ...state, declared: event.data };
    case 'EntryPosted':
      return { ...state, net };
    case 'HoldPlaced': {
      const { id, amount, currency, expiresAt } = event.data;
      const holds = new Map(state.holds).set(id, { id, amount, currency, expiresAt });
      return { ...state, net, holds };
    }
    case 'HoldSettled':
    case 'HoldReleased': {
      const holds = new Map(state.holds);
      if (!holds.delete(event.data.id)) throw new Error(`hold ${event.data.id} is closed twice`);
      return { ...state, net, holds };
    }
    case 'EntryClaimed':
      return state;
  }
}

function addNet(
  before: ReadonlyMap<string, bigint>,
  entry: JournalEntry,
  account: AccountId,
): ReadonlyMap<string, bigint> {
  const net = new Map(before);
  for (const [currency, change] of netChanges(entry, account)) {
    net.set(currency, (net.get(currency) ?? 0n) + change);
  }
  return net;
}

function decide(
  account: AccountId,
  command: AccountCommand,
  state: AccountState,
  facts: AccountFacts,
): Decision {
  switch (command.type) {
    case 'declare':
      return declare(command.definition, state);
    case 'post': {
      const { event } = command;
      return spend(account, event, event.data.entry, state, facts);
    }
    case 'place':
      return place(account, command, state, facts);
    case 'settle':
      return settle(account, command, state, facts);
    case 'release': {
      const hold = state.holds.get(command.id);
      if (hold === undefined) return refused(holdUnknown(command.id));
      return accepted(released(account, hold, 'released', facts));
    }
    case 'expire': {
      const releases = expired(account, state, facts);
      return releases.length > 0 ? accepted(...releases) : refused(nothingExpired(account));
    }
  }
}

function declare(definition: AccountDefinition, { declared }: AccountState): Decision {
  if (declared !== undefined) {
    return sameDefinition(declared, definition) ? REPEATED : refused(accountExists(declared));
  }
  const unknown = definition.currencies.find((currency) => !isCurrency(currency));
  if (unknown === undefined) return accepted({ type: 'AccountDeclared', data: definition });
  const reason = 'not an ISO 4217 currency';
  return refused(
    refuse('CURRENCY_UNKNOWN', reason, { field: 'currencies', value: unknown, reason }),
  );
}

/** Whether two definitions of a code say the same. */
export function sameDefinition(a: AccountDefinition, b: AccountDefinition): boolean {
  return (
    a.code === b.code &&
    a.name === b.name &&
    a.type === b.type &&
    a.guarded === b.guarded &&
    a.floor === b.floor &&
    a.currencies.length === b.currencies.length &&
    a.currencies.every((currency) => b.currencies.includes(currency))
  );
}

/** The refusal of a code that is declared as something else. */
export function accountExists(declared: AccountDefinition): Refusal {
  const { code, name, type } = declared;
  const reason = `declared as ${type} "${name}"`;
  return refuse('ACCOUNT_EXISTS', `${code} is declared already, and differently`, {
    field: 'code',
    value: code,
    reason,
  });
}

/** Adds an event that reduces the account, giving back expired holds first where that helps. */
function spend(
  account: AccountId,
  event: EntryPosted | HoldPlaced,
  entry: JournalEntry,
  state: AccountState,
  facts: AccountFacts,
): Decision {
  if (shortfall(account, entry, state, facts) === undefined) return accepted(event);
  const releases = expired(account, state, facts);
  const after = releases.reduce((folded, release) => evolve(account, folded, release), state);
  const refusal = shortfall(account, entry, after, facts);
  return refusal === undefined ? accepted(...releases, event) : refused(refusal);
}

function shortfall(
  account: AccountId,
  entry: JournalEntry,
  state: AccountState,
  { definition, elsewhere }: AccountFacts,
): Refusal | undefined {
  for (const [currency, net] of netChanges(entry, account)) {
    const change = onNormalSide(definition, net);
    if (change >= 0n) continue;
    const known = (state.net.get(currency) ?? 0n) + elsewhere(currency);
    const available = onNormalSide(definition, known) - definition.floor;
    if (available + change < 0n) return insufficient(account, currency, available, -change);
  }
  return undefined;
}

function insufficient(account: AccountId, currency: string, available: bigint, asked: bigint) {
  return refuse(
    'INSUFFICIENT_BALANCE',
    `${account} has ${available} ${currency} available, ${asked} are asked for`,
    { field: 'account', value: account, reason: `${asked} ${currency} are asked for` },
    { field: 'available', value: String(available), reason: `${currency} above the floor` },
  );
}

function place(
  account: AccountId,
  command: Extract<AccountCommand, { type: 'place' }>,
  state: AccountState,
  facts: AccountFacts,
): Decision {
  const { id, amount, currency, expiresAt, description } = command;
  if (expiresAt <= facts.now) return refused(holdExpired(id));
  const { currencies } = facts.definition;
  if (currencies.length > 0 && !currencies.includes(currency)) {
    return refused(notAllowed('currency', currency, facts.definition));
  }
  const entry = placingEntry(account, facts.definition, amount, currency);
  if ('code' in entry) return refused(entry);
  if (!isCurrency(currency)) throw new Error(`an entry was made in ${currency}, no currency`);
  const data = { id, account, amount, currency, expiresAt, description, entry };
  return spend(account, { type: 'HoldPlaced', data }, entry, state, facts);
}

function settle(
  account: AccountId,
  command: Extract<AccountCommand, { type: 'settle' }>,
  state: AccountState,
  facts: AccountFacts,
): Decision {
  const hold = state.holds.get(command.id);
  if (hold === undefined) return refused(holdUnknown(command.id));
  if (hold.expiresAt <= facts.now) return refused(holdExpired(hold.id));
  const settled = command.amount ?? hold.amount;
  if (settled > hold.amount) {
    return refused(insufficient(account, hold.currency, hold.amount, settled));
  }
  const entry = settlingEntry(account, facts.definition, hold, command.to, settled);
  if ('code' in entry) return refused(entry);
  const { currencies, guarded } = command.target;
  if (currencies.length > 0 && !currencies.includes(hold.currency)) {
    return refused(notAllowed('to', hold.currency, command.target));
  }
  if (guarded && reduces(entry, command.to, command.target)) {
    return refused(multipleGuarded([account, command.to]));
  }
  const event: HoldSettled = {
    type: 'HoldSettled',
    data: { id: hold.id, settled, to: command.to, entry },
  };
  return accepted(event);
}

/** Releases of holds that have run out; so many at once that they fit an append. */
function expired(account: AccountId, state: AccountState, facts: AccountFacts): HoldReleased[] {
  return [...state.holds.values()]
    .filter((hold) => hold.expiresAt <= facts.now)
    .slice(0, MAX_RELEASES)
    .map((hold) => released(account, hold, 'expired', facts));
}

function released(
  account: AccountId,
  hold: OpenHold,
  reason: 'released' | 'expired',
  { definition }: AccountFacts,
): HoldReleased {
  const entry = releasingEntry(account, definition, hold);
  return { type: 'HoldReleased', data: { id: hold.id, reason, entry } };
}

/** The refusal of a hold that was never placed on the account. */
function holdUnknown(id: string): Refusal {
  return refuse('NOT_FOUND', `there is no hold ${id} on the account`, {
    field: 'id',
    value: id,
    reason: 'unknown',
  });
}

/** The refusal of a hold whose time is over. */
export function holdExpired(id: string): Refusal {
  const reason = 'its time is over';
  return refuse('HOLD_EXPIRED', `hold ${id} has expired`, { field: 'id', value: id, reason });
}

/** The refusal of a hold that was settled or released by another command. */
export function holdClosed(id: string): Refusal {
  const reason = 'settled or released before';
  return refuse('HOLD_CLOSED', `hold ${id} is closed`, { field: 'id', value: id, reason });
}

function nothingExpired(account: AccountId): Refusal {
  return refuse('NOT_FOUND', `no hold on ${account} has run out`);
}

import type { DecodedEvent } from '../../shared/events/codec.js';
import { isBookEvent, type LedgerEvent } from '../../shared/events/event.js';
import { codeOf, type AccountDefinition, type AccountId } from '../../shared/ledger/account.js';
import type { Day } from '../../shared/ledger/day.js';
import type { JournalEntry, Leg } from '../../shared/ledger/entry.js';
import { holdClosed, holdExpired } from '../domain/account.js';
import { refused, REPEATED, type Decision } from '../domain/decider.js';
import { judge, keyReused, type Request } from '../domain/entry.js';
import { accountReserved, isReserved } from '../domain/placement.js';
import { refuse, type Refusal } from '../domain/refusal.js';
import { inProgress, type InFlight } from './batch.js';
import { holdStream } from './claims.js';
import { holdFingerprint, settlementFingerprint } from './fingerprint.js';
import type { GuardedAccounts } from './guarded.js';
import type { JobDefinition, Place } from './job.js';
import type { Answer, CommandContext, Held, PlaceHold, ReleaseHold, SettleHold } from './ledger.js';

/** Places, settles and releases holds on guarded accounts, and ends those that have run out. */
export class Holds {
  constructor(
    readonly guarded: GuardedAccounts,
    readonly inFlight: InFlight,
    readonly today: () => Day,
  ) {}

  async place(command: PlaceHold, context: CommandContext): Promise<Answer<Held>> {
    const { account, id } = command;
    const found = await this.#guardedAccount(account, 'account');
    if ('message' in found) return { kind: 'refused', refusal: found };
    const fingerprint = holdFingerprint(command);
    const request: Request = { id, commandId: id, fingerprint };
    const today = this.today();
    return this.#submit(account, found, {
      command: { type: 'place', ...command },
      origin: { commandId: id, context, effectiveDate: today, fingerprint },
      today,
      id,
      claim: { stream: holdStream(account, id), opens: request },
      judge: (stored) =>
        stored.event.type === 'HoldPlaced' && stored.event.data.id === id
          ? judge(request, stored.metadata)
          : undefined,
      value: (event, place) => held(account, event, place),
    });
  }

  async settle(command: SettleHold, context: CommandContext): Promise<Answer<Held>> {
    const { account, id, commandId, to, amount } = command;
    const found = await this.#guardedAccount(account, 'account');
    if ('message' in found) return { kind: 'refused', refusal: found };
    const target = await this.#definition(to, 'to');
    if ('message' in target) return { kind: 'refused', refusal: target };
    if (isReserved(to, target)) return { kind: 'refused', refusal: accountReserved(to, 'to') };
    const fingerprint = settlementFingerprint(command);
    const today = this.today();
    return this.#submit(account, found, {
      command: { type: 'settle', id, to, target, amount },
      origin: { commandId, context, effectiveDate: today, fingerprint },
      today,
      id,
      claim: { stream: holdStream(account, id) },
      judge: (stored) => judgeClosing(stored, id, 'HoldSettled', { commandId, fingerprint }),
      value: (event, place) => held(account, event, place),
    });
  }

  async release(command: ReleaseHold, context: CommandContext): Promise<Answer<Held>> {
    const { account, id, commandId } = command;
    const found = await this.#guardedAccount(account, 'account');
    if ('message' in found) return { kind: 'refused', refusal: found };
    const today = this.today();
    return this.#submit(account, found, {
      command: { type: 'release', id },
      origin: { commandId, context, effectiveDate: today },
      today,
      id,
      claim: { stream: holdStream(account, id) },
      judge: (stored) => judgeClosing(stored, id, 'HoldReleased', { commandId }),
      value: (event, place) => held(account, event, place),
    });
  }

  /** Gives back every hold that has run out by `now`, in ms since 1970. */
  async expire(now: number, context: CommandContext): Promise<void> {
    const { knowledge } = this.guarded.ports.follower;
    await Promise.all(
      [...knowledge.expired(now)].map((account) => this.#expireOf(account, context)),
    );
  }

  async #expireOf(account: AccountId, context: CommandContext): Promise<void> {
    const definition = this.guarded.ports.follower.knowledge.get(codeOf(account));
    if (definition === undefined) throw new Error(`holds on ${account}, which is not declared`);
    const today = this.today();
    const job: JobDefinition<undefined> = {
      command: { type: 'expire' },
      origin: { commandId: this.guarded.ports.ids(), context, effectiveDate: today },
      today,
      id: account,
      judge: () => undefined,
      value: () => undefined,
    };
    // One append ends so many; it is refused when there is nothing left to end.
    while ((await this.guarded.submit(account, definition, job)).kind === 'done');
  }

  /** One command about a hold at a time: the next one has to know what became of the first. */
  async #submit(
    account: AccountId,
    definition: AccountDefinition,
    job: JobDefinition<Held> & { claim: { stream: string } },
  ): Promise<Answer<Held>> {
    const { id, claim } = job;
    if (this.inFlight.has(claim.stream)) return { kind: 'refused', refusal: inProgress(id) };
    this.inFlight.set(claim.stream, this);
    try {
      return await this.guarded.submit(account, definition, job);
    } finally {
      this.inFlight.delete(claim.stream);
    }
  }

  async #guardedAccount(account: AccountId, field: string): Promise<AccountDefinition | Refusal> {
    const definition = await this.#definition(account, field);
    if ('message' in definition) return definition;
    if (isReserved(account, definition)) return accountReserved(account, field);
    if (definition.guarded) return definition;
    const reason = `${definition.code} is not guarded`;
    return refuse('ACCOUNT_NOT_GUARDED', reason, { field, value: account, reason });
  }

  async #definition(account: AccountId, field: string): Promise<AccountDefinition | Refusal> {
    const { follower } = this.guarded.ports;
    const known = follower.knowledge.get(codeOf(account));
    if (known !== undefined) return known;
    await follower.catchUp();
    const reason = `the code ${codeOf(account)} is not declared`;
    return (
      follower.knowledge.get(codeOf(account)) ??
      refuse('ACCOUNT_UNKNOWN', reason, { field, value: account, reason })
    );
  }
}

/** What a stored event means for a command that would close a hold. */
function judgeClosing(
  { event, metadata }: DecodedEvent,
  id: string,
  closes: 'HoldSettled' | 'HoldReleased',
  by: Readonly<{ commandId: string; fingerprint?: string }>,
): Decision | undefined {
  if (event.type !== 'HoldSettled' && event.type !== 'HoldReleased') return undefined;
  if (event.data.id !== id) return undefined;
  if (event.type === 'HoldReleased' && event.data.reason === 'expired') {
    return refused(holdExpired(id));
  }
  if (metadata.commandId !== by.commandId) return refused(holdClosed(id));
  const same = event.type === closes && metadata.fingerprint === by.fingerprint;
  return same ? REPEATED : refused(keyReused(by.commandId));
}

function held(account: AccountId, event: LedgerEvent, place: Place): Held {
  const { stream, revision, position, recordedAt } = place;
  const at = { account, stream, revision, position, recordedAt };
  if (!isBookEvent(event)) throw new Error(`a hold was answered with ${event.type}`);
  switch (event.type) {
    case 'HoldPlaced': {
      const { id, amount, currency, expiresAt } = event.data;
      return { id, status: 'held', amount, currency, expiresAt, ...at };
    }
    case 'HoldSettled': {
      const { id, settled, entry } = event.data;
      return { id, status: 'settled', amount: settled, currency: heldLeg(entry).currency, ...at };
    }
    case 'HoldReleased': {
      const { id, reason, entry } = event.data;
      const { amount, currency } = heldLeg(entry);
      return { id, status: reason, amount, currency, ...at };
    }
    case 'AccountDeclared':
    case 'EntryPosted':
    case 'EntryClaimed':
      throw new Error(`a hold was answered with ${event.type}`);
  }
}

/** The leg on the held account: the first of every entry that closes a hold. */
function heldLeg({ legs: [leg] }: JournalEntry): Leg {
  if (leg === undefined) throw new Error('the entry of a hold has no legs');
  return leg;
}

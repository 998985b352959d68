import { setTimeout as pauseFor } from 'node:timers/promises';
import type { AccountDefinition } from '../../shared/ledger/account.js';
import { BUILT_IN_CHART } from '../../shared/ledger/chart.js';
import { formatDay } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import type { AccountPorts } from './account-queue.js';
import { AccountStates } from './account-states.js';
import { Batch, inProgress, type InFlight } from './batch.js';
import { declareAccount } from './declarations.js';
import { EntryPoster, type Days } from './entries.js';
import { Follower } from './follower.js';
import { reversalId } from './fingerprint.js';
import type { PaymentWatch } from './payment-watch.js';
import { GuardedAccounts } from './guarded.js';
import { Holds } from './holds.js';
import type {
  Answer,
  CommandContext,
  Declared,
  Held,
  Ledger,
  PlaceHold,
  Posted,
  PostEntry,
  ReleaseHold,
  ReverseEntry,
  SettleHold,
} from './ledger.js';

export type LedgerOptions = Readonly<{
  store: EventStore;
  clock: Clock;
  ids: Ids;
  /** IANA name of the ledger's time zone: where accounting days begin and end. */
  zone: string;
  /** From 0 to below 1; default: the system's. */
  random?: () => number;
  /** Default: a timer. */
  pause?: (milliseconds: number) => Promise<void>;
  /** Where what is known of the log is kept over a restart. Only a cache; default: nowhere. */
  snapshotFile?: string;
  /** Events between two snapshots; default: two million. */
  snapshotEvery?: number;
  /** Folded accounts to remember; default: 10,000. */
  rememberedAccounts?: number;
}>;

export type LedgerMetrics = Readonly<{
  /** Position up to which the log is known here. */
  position: bigint;
  /** How often reading the log broke off, or a snapshot could not be written. */
  faults: number;
  requestsInFlight: number;
  busyAccounts: number;
  rememberedAccounts: number;
  codes: number;
  guardedBalances: number;
  openHolds: number;
  /** Events that this program cannot read. */
  undecodable: number;
}>;

/** A ledger at work in this process. */
export interface OpenLedger extends Ledger {
  /** Gives back every hold that has run out. To be called now and then; the clock says what time it is. */
  expireHolds(): Promise<void>;
  metrics(): LedgerMetrics;
  /** What of the payments in the log has to be looked after. */
  readonly payments: PaymentWatch;
  /** Drops every folded account: they are only a cache. */
  forget(): void;
  /** Finishes what was asked before and stops reading the log. The store stays open. */
  close(): Promise<void>;
}

const SYSTEM: CommandContext = { actor: 'system', correlationId: 'janitor' };
const GENESIS: CommandContext = { actor: 'system', correlationId: 'genesis' };

/**
 * Opens the command side on a log: reads the log (or its tail, after a snapshot), and declares the
 * built-in chart where that has not been done.
 * @throws what reading or writing the log throws
 */
export async function openLedger(options: LedgerOptions): Promise<OpenLedger> {
  const { store, clock, ids, zone, snapshotFile } = options;
  const { random = Math.random, pause = pauseFor, snapshotEvery = 2_000_000 } = options;
  ledgerDay(clock(), zone);
  const follower = await Follower.open({ store, pause, snapshotFile, snapshotEvery });
  const states = new AccountStates(store, options.rememberedAccounts ?? 10_000);
  const ledger = new RunningLedger({ store, clock, ids, random, pause, follower, states }, zone);
  const missing = BUILT_IN_CHART.filter(({ code }) => follower.knowledge.get(code) === undefined);
  await Promise.all(missing.map((definition) => ledger.declareAccount(definition, GENESIS)));
  return ledger;
}

class RunningLedger implements OpenLedger {
  readonly #inFlight: InFlight = new Map();
  readonly #guarded: GuardedAccounts;
  readonly #poster: EntryPoster;
  readonly #holds: Holds;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    readonly ports: AccountPorts,
    readonly zone: string,
  ) {
    this.#guarded = new GuardedAccounts(ports);
    this.#poster = new EntryPoster(ports, this.#guarded);
    this.#holds = new Holds(this.#guarded, this.#inFlight, () => this.#days().today);
  }

  declareAccount(
    definition: AccountDefinition,
    context: CommandContext,
  ): Promise<Answer<Declared>> {
    return this.#track(() => declareAccount(this.ports, definition, context, this.#days().today));
  }

  async postEntry(command: PostEntry, context: CommandContext): Promise<Answer<Posted>> {
    const [answer] = await this.postEntries([command], context);
    if (answer === undefined) throw new Error(`entry ${command.id} was not answered`);
    return answer;
  }

  postEntries(
    commands: readonly PostEntry[],
    context: CommandContext,
  ): Promise<readonly Answer<Posted>[]> {
    const batch = new Batch(this.#poster, this.#inFlight, commands, context, this.#days());
    return this.#track(() => batch.run());
  }

  reverseEntry(command: ReverseEntry, context: CommandContext): Promise<Answer<Posted>> {
    return this.#track(() => this.#reverse(command, context));
  }

  placeHold(command: PlaceHold, context: CommandContext): Promise<Answer<Held>> {
    return this.#track(() => this.#holds.place(command, context));
  }

  settleHold(command: SettleHold, context: CommandContext): Promise<Answer<Held>> {
    return this.#track(() => this.#holds.settle(command, context));
  }

  releaseHold(command: ReleaseHold, context: CommandContext): Promise<Answer<Held>> {
    return this.#track(() => this.#holds.release(command, context));
  }

  expireHolds(): Promise<void> {
    return this.#track(() => this.#holds.expire(this.ports.clock(), SYSTEM));
  }

  metrics(): LedgerMetrics {
    const { follower, states } = this.ports;
    const { codes, balances, holds, undecodable } = follower.knowledge.sizes();
    return {
      position: follower.position,
      faults: follower.faults,
      requestsInFlight: this.#inFlight.size,
      busyAccounts: this.#guarded.busy,
      rememberedAccounts: states.size,
      codes,
      guardedBalances: balances,
      openHolds: holds,
      undecodable,
    };
  }

  get payments(): PaymentWatch {
    return this.ports.follower.knowledge.payments;
  }

  forget(): void {
    this.ports.states.forget();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await this.ports.follower.close();
  }

  async #reverse(command: ReverseEntry, context: CommandContext): Promise<Answer<Posted>> {
    const id = reversalId(command.id);
    if (this.#inFlight.has(id)) return { kind: 'refused', refusal: inProgress(command.id) };
    this.#inFlight.set(id, command);
    try {
      const prepared = await this.#poster.prepareReversal(command, context, this.#days());
      if ('code' in prepared) return { kind: 'refused', refusal: prepared };
      return await this.#poster.post(prepared);
    } finally {
      this.#inFlight.delete(id);
    }
  }

  #days(): Days {
    const today = ledgerDay(this.ports.clock(), this.zone);
    return { today: formatDay(today), last: formatDay(today + 1) };
  }

  async #track<Value>(begin: () => Promise<Value>): Promise<Value> {
    if (this.#closed) throw new Error('the ledger is closed');
    const work = begin();
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }
}

import type { DecodedEvent } from '../../shared/events/codec.js';
import type { LedgerEvent } from '../../shared/events/event.js';
import type { AccountDefinition, AccountId } from '../../shared/ledger/account.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore, NewEvent } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import { accountDecider, type AccountFacts, type AccountState } from '../domain/account.js';
import { idTaken, judgeOpening } from '../domain/entry.js';
import { refuse, type Refusal } from '../domain/refusal.js';
import { accountStream, type AccountStates } from './account-states.js';
import { claim, findId, readOpening } from './claims.js';
import type { Follower } from './follower.js';
import { handle, type Appended, type Folded, type HandleOptions, type Plan } from './handle.js';
import type { PendingJob, Place } from './job.js';
import { newEvent } from './record.js';

export type AccountPorts = HandleOptions &
  Readonly<{
    store: EventStore;
    clock: Clock;
    ids: Ids;
    follower: Follower;
    states: AccountStates;
  }>;

/** What one append may hold: far below what any store takes. */
const MAX_EVENTS = 500;
const MAX_BYTES = 512 * 1024;

/**
 * The commands of one append decided one after the other, each on what those before it left.
 * Refusals count only before the first acceptance: what comes after rests on events that are not in
 * the log yet, so it is decided in the next turn.
 */
type Draft = Readonly<{
  accepted: readonly PendingJob[];
  refused: readonly (readonly [PendingJob, Refusal])[];
  events: readonly NewEvent[];
  /** Per event: the event itself, and the command it answers, if any. */
  parts: readonly (readonly [LedgerEvent, PendingJob | undefined])[];
  state: AccountState;
}>;

/**
 * The commands for one guarded account, in this process. They wait in one queue, are folded, decided
 * and appended together: one append, and one round of claims, for many commands.
 */
export class AccountQueue {
  readonly #waiting: PendingJob[] = [];

  constructor(
    readonly account: AccountId,
    readonly definition: AccountDefinition,
    readonly ports: AccountPorts,
  ) {}

  add(job: PendingJob): void {
    this.#waiting.push(job);
  }

  /**
   * Works until nobody waits, and calls `idle` in the very turn in which it stops. Never throws: a
   * fault goes to the commands it hit.
   */
  async run(idle: () => void): Promise<void> {
    while (this.#waiting.length > 0) {
      const jobs = this.#waiting.splice(0, MAX_EVENTS);
      try {
        const group = new Group(this, jobs);
        await group.run();
        this.#waiting.unshift(...jobs.filter((job) => !job.settled));
      } catch (fault) {
        for (const job of jobs) if (!job.settled) job.fail(fault);
      }
    }
    idle();
  }
}

/** One turn of the queue. Commands it leaves unsettled are for the next turn. */
class Group {
  /** Whether the state was read from the log in this turn, not from the cache. */
  #fresh = false;
  /** The state after which the follower has read the log to its end. */
  #caughtUpAfter: Folded<AccountState> | undefined;

  constructor(
    readonly queue: AccountQueue,
    readonly jobs: readonly PendingJob[],
  ) {}

  async run(): Promise<void> {
    const { account, ports } = this.queue;
    const source = {
      stream: accountStream(account),
      // A state that was forgotten is folded anew, and what was appended meanwhile shows then only.
      read: () => ports.states.read(account, (event) => this.#observe(event)),
      refresh: (folded: Folded<AccountState>) =>
        ports.states.refresh(account, folded, (event) => this.#observe(event)),
    };
    const handled = await handle(source, (folded) => this.#plan(folded), ports);
    if (handled.kind === 'handled') return;
    const message = `${account} is written by others again and again; try again`;
    for (const job of this.jobs) {
      if (!job.settled) job.refuse(refuse('CONTENTION', message));
    }
  }

  /** Somebody else appended: it may have been one of our own commands, sent there as well. */
  #observe(event: DecodedEvent): void {
    for (const job of this.jobs) job.recognise(event);
  }

  async #plan(folded: Folded<AccountState>): Promise<Plan<void>> {
    let draft = this.#draft(folded);
    while (await this.#settleEarlier(draft, folded)) draft = this.#draft(folded);
    if (draft.refused.length > 0) {
      // No refusal rests on what was known some time ago: first the own stream is read, and then
      // the rest of the log. In the other order, money that came in and went out again in between
      // would count as gone, not as come.
      if (!this.#fresh) {
        this.#fresh = true;
        return { kind: 'refresh' };
      }
      if (this.#caughtUpAfter !== folded) {
        await this.queue.ports.follower.catchUp();
        this.#caughtUpAfter = folded;
        return this.#plan(folded);
      }
    }
    for (const [job, refusal] of draft.refused) job.refuse(refusal);
    const { events } = draft;
    if (events.length === 0) return { kind: 'answer', outcome: undefined };
    return { kind: 'append', events, appended: (result) => this.#appended(draft, folded, result) };
  }

  #draft({ state: before }: Folded<AccountState>): Draft {
    const { account } = this.queue;
    const decider = accountDecider(account);
    const facts = this.#facts();
    const accepted: PendingJob[] = [];
    const refused: (readonly [PendingJob, Refusal])[] = [];
    const events: NewEvent[] = [];
    const parts: (readonly [LedgerEvent, PendingJob | undefined])[] = [];
    let state = before;
    let bytes = 0;
    for (const job of this.jobs) {
      if (job.settled) continue;
      const decision = decider.decide(job.definition.command, state, facts);
      if (decision.kind === 'refused' && events.length === 0) refused.push([job, decision.refusal]);
      if (decision.kind !== 'accepted') continue;
      const made = this.#newEvents(decision.events, job);
      for (const { data, metadata } of made) {
        bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata) + 64;
      }
      const full = events.length + made.length > MAX_EVENTS || bytes > MAX_BYTES;
      if (full && events.length > 0) break;
      accepted.push(job);
      events.push(...made);
      for (const [index, event] of decision.events.entries()) {
        state = decider.evolve(state, event);
        // What goes before the last event makes room for it: holds that had run out.
        parts.push([event, index === decision.events.length - 1 ? job : undefined]);
      }
    }
    return { accepted, refused, events, parts, state };
  }

  /** What goes before the command's own event gives back holds, and that happens today. */
  #newEvents(events: readonly LedgerEvent[], { definition }: PendingJob): readonly NewEvent[] {
    const { origin, today } = definition;
    const { commandId, context } = origin;
    const { ids } = this.queue.ports;
    return events.map((event, index) =>
      index === events.length - 1
        ? newEvent(event, origin, ids)
        : newEvent(event, { commandId, context, effectiveDate: today }, ids),
    );
  }

  #facts(): AccountFacts {
    const { account, definition, ports } = this.queue;
    const { knowledge } = ports.follower;
    return {
      definition,
      now: ports.clock(),
      elsewhere: (currency) => knowledge.elsewhere(account, currency),
    };
  }

  /**
   * Makes sure that no command is carried out twice, and none is refused that was carried out
   * before: accepted ones claim their ids, refused ones look for an earlier claim.
   * @returns whether a command was settled, so that the others are to be decided again
   */
  async #settleEarlier(draft: Draft, folded: Folded<AccountState>): Promise<boolean> {
    const unclear = draft.accepted.filter((job) => !job.cleared);
    const final = this.#caughtUpAfter === folded;
    const refused = final ? draft.refused.filter(([job]) => !job.lookedUp) : [];
    await Promise.all([
      ...unclear.map((job) => this.#clear(job, folded)),
      ...refused.map(([job]) => this.#lookUp(job, folded)),
    ]);
    const asked = [...unclear, ...refused.map(([job]) => job)];
    return asked.some((job) => job.settled);
  }

  /** Claims the id; where it is claimed already, looks whether its event is there. */
  async #clear(job: PendingJob, folded: Folded<AccountState>): Promise<void> {
    const { claim: claimed, id, origin } = job.definition;
    if (claimed?.opens !== undefined) {
      const data = {
        id,
        stream: accountStream(this.queue.account),
        afterRevision: folded.revision,
      };
      const free = await claim(this.queue.ports, claimed.stream, data, origin);
      if (!free) await this.#lookUp(job, folded);
    }
    job.cleared = true;
  }

  async #lookUp(job: PendingJob, folded: Folded<AccountState>): Promise<void> {
    const { claim: claimed, id } = job.definition;
    job.lookedUp = true;
    if (claimed === undefined) return;
    const { store } = this.queue.ports;
    const opening = await readOpening(store, claimed.stream);
    if (opening === undefined || opening.state.kind === 'none') return;
    if (claimed.opens !== undefined) {
      const decision = judgeOpening(claimed.opens, opening.state);
      if (decision.kind === 'refused') {
        job.refuse(decision.refusal);
        return;
      }
    }
    if (opening.state.kind === 'posted') {
      job.recognise(opening.event);
      return;
    }
    const { stream, afterRevision } = opening.state;
    // A reversal is found again where its claim points to; here it would be posted each time.
    if (claimed.opens?.reverses !== undefined && stream !== accountStream(this.queue.account)) {
      job.refuse(idTaken(id));
      return;
    }
    for await (const stored of findId(store, stream, id, afterRevision, folded.revision)) {
      job.recognise(stored);
    }
  }

  async #appended(draft: Draft, folded: Folded<AccountState>, result: Appended): Promise<void> {
    const { account, ports } = this.queue;
    ports.states.remember(account, { state: draft.state, revision: result.revision });
    const stream = accountStream(account);
    const places = await this.#places(folded.revision + 1n, result);
    for (const [index, [event, job]] of draft.parts.entries()) {
      const place = places[index];
      if (place === undefined) throw new Error(`an event just appended is missing in ${stream}`);
      job?.appended(event, { ...place, stream });
    }
  }

  /** An append answers the place of its last event alone; the others are read back. */
  async #places(
    from: bigint,
    { revision, position, recordedAt }: Appended,
  ): Promise<readonly Omit<Place, 'stream'>[]> {
    if (from === revision) return [{ revision, position, recordedAt }];
    const stream = accountStream(this.queue.account);
    const limit = Number(revision - from) + 1;
    return this.queue.ports.store.readStream(stream, { direction: 'forwards', from, limit });
  }
}

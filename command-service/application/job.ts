import type { DecodedEvent } from '../../shared/events/codec.js';
import type { LedgerEvent } from '../../shared/events/event.js';
import type { Day } from '../../shared/ledger/day.js';
import type { AccountCommand } from '../domain/account.js';
import type { Decision } from '../domain/decider.js';
import type { Request } from '../domain/entry.js';
import type { Refusal } from '../domain/refusal.js';
import type { Answer } from './ledger.js';
import type { Origin } from './record.js';

/** Where an event stands in the log. */
export type Place = Readonly<{
  stream: string;
  revision: bigint;
  position: bigint;
  recordedAt: number;
}>;

/** How a command for an account's stream is recognised, and answered. */
export type JobDefinition<Value> = Readonly<{
  command: AccountCommand;
  origin: Origin;
  /** In the ledger's time zone. */
  today: Day;
  /** The id it is about: of the entry or the hold. */
  id: string;
  /**
   * The stream that tells since which revision there can be something about the id, and the request
   * to open it, where this command does. Absent: the command is about no id.
   */
  claim?: Readonly<{ stream: string; opens?: Request }>;
  /**
   * What a stored event means for the command: it is the command's own (`repeated`), or it rules
   * the command out; undefined when it says nothing.
   */
  judge(event: DecodedEvent): Decision | undefined;
  /** The answer that goes with the command's own event. */
  value(event: LedgerEvent, place: Place, origin: Pick<Origin, 'effectiveDate'>): Value;
}>;

/** A command waiting for its turn in the stream of an account, whatever its answer is. */
export interface PendingJob {
  readonly definition: Omit<JobDefinition<unknown>, 'judge' | 'value'>;
  /** Whether the stream is known not to hold the command's event, up to the revision folded. */
  cleared: boolean;
  /** Whether a refusal may stand: no earlier run of the command is in the log. */
  lookedUp: boolean;
  readonly settled: boolean;
  /** Lets a stored event settle the command, where it can. */
  recognise(stored: DecodedEvent): void;
  /** The command's own event has been appended. */
  appended(event: LedgerEvent, place: Place): void;
  refuse(refusal: Refusal): void;
  fail(fault: unknown): void;
}

/** A {@link PendingJob} with the answer its caller waits for. */
export class Job<Value> implements PendingJob {
  cleared = false;
  lookedUp = false;
  settled = false;
  readonly answer: Promise<Answer<Value>>;
  #resolve: (answer: Answer<Value>) => void = () => undefined;
  #reject: (fault: unknown) => void = () => undefined;

  constructor(readonly definition: JobDefinition<Value>) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  recognise(stored: DecodedEvent): void {
    const decision = this.definition.judge(stored);
    if (decision === undefined || this.settled) return;
    if (decision.kind === 'refused') this.refuse(decision.refusal);
    if (decision.kind === 'repeated') this.#done(stored.event, stored, stored.metadata, true);
  }

  appended(event: LedgerEvent, place: Place): void {
    this.#done(event, place, this.definition.origin, false);
  }

  refuse(refusal: Refusal): void {
    this.settled = true;
    this.#resolve({ kind: 'refused', refusal });
  }

  fail(fault: unknown): void {
    this.settled = true;
    this.#reject(fault);
  }

  #done(
    event: LedgerEvent,
    place: Place,
    origin: Pick<Origin, 'effectiveDate'>,
    replayed: boolean,
  ): void {
    this.settled = true;
    const value = this.definition.value(event, place, origin);
    this.#resolve({ kind: 'done', value, replayed });
  }
}

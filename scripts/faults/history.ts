import type { LogEvent, LogLeg } from './log-event.js';

/** What the sender of an entry knows about it. */
export type Knowledge =
  /** Sent, and no answer came: it may be in the log or not. */
  | Readonly<{ kind: 'unknown' }>
  | Readonly<{ kind: 'acknowledged'; id: string; position: string }>
  | Readonly<{ kind: 'refused'; code: string }>;

/** An entry that was sent: how to find it in the log, and what it must look like there. */
export type SentEntry = {
  /** The description of an entry, or `reverses {id}` for a reversal. Unique. */
  readonly mark: string;
  readonly legs: readonly LogLeg[];
  knowledge: Knowledge;
};

/** Code of the guarded accounts: none of them may ever be below zero. */
export const GUARDED = 'wallet';

/**
 * All that the clients of a ledger know, and all that has been seen in its log. Holds one against
 * the other: this is the judge of every fault run, so it trusts nothing but what it is shown.
 */
export class History {
  readonly sent: SentEntry[] = [];
  readonly #seen = new Map<string, LogEvent[]>();
  readonly #texts = new Map<string, string>();
  readonly #revisions = new Map<string, bigint>();
  readonly #eventIds = new Set<string>();
  readonly #guarded = new Map<string, bigint>();
  readonly #sums = new Map<string, { debits: bigint; credits: bigint }>();
  readonly #problems: string[] = [];
  #last = 0n;

  /** Position of the newest event seen. */
  get last(): bigint {
    return this.#last;
  }

  /** How many events have been seen. */
  get size(): number {
    return this.#texts.size;
  }

  /** Debits and credits of every account and currency, `account currency`, by our own addition. */
  get sums(): ReadonlyMap<string, Readonly<{ debits: bigint; credits: bigint }>> {
    return this.#sums;
  }

  send(mark: string, legs: readonly LogLeg[]): SentEntry {
    const entry: SentEntry = { mark, legs, knowledge: { kind: 'unknown' } };
    this.sent.push(entry);
    return entry;
  }

  /** Takes the events after {@link last}, in log order. */
  see(events: readonly LogEvent[]): void {
    for (const event of events) this.#see(event);
  }

  /** The whole log read again from its start must be what was seen bit by bit. */
  seeAgain(events: readonly LogEvent[]): void {
    if (events.length !== this.size) {
      this.#problems.push(`the log has ${events.length} events, ${this.size} were seen`);
    }
    for (const { position, text } of events) {
      if (this.#texts.get(position) !== text) {
        this.#problems.push(`the event at position ${position} has changed`);
      }
    }
  }

  /** Everything that is not as it must be, in plain words. Empty: all is well. */
  problems(): readonly string[] {
    return [...this.#problems, ...this.sent.flatMap((entry) => this.#judge(entry))];
  }

  #judge(entry: SentEntry): readonly string[] {
    const found = this.#seen.get(entry.mark) ?? [];
    const [event] = found;
    const { knowledge } = entry;
    if (found.length > 1) return [`${entry.mark} is in the log ${found.length} times`];
    if (event !== undefined && !sameLegs(event.data.entry?.legs ?? [], entry.legs)) {
      return [`${entry.mark} is in the log with other legs`];
    }
    switch (knowledge.kind) {
      case 'unknown':
        return [];
      case 'refused':
        return event === undefined ? [] : [`${entry.mark} was refused and is in the log`];
      case 'acknowledged': {
        if (event === undefined) return [`${entry.mark} was acknowledged and is lost`];
        const { id, position } = knowledge;
        return event.data.id === id && event.position === position
          ? []
          : [`${entry.mark} was acknowledged as ${id} at ${position}, and is elsewhere`];
      }
    }
  }

  #see(event: LogEvent): void {
    const position = BigInt(event.position);
    if (position <= this.#last) this.#problems.push(`position ${position} after ${this.#last}`);
    this.#last = position;
    this.#texts.set(event.position, event.text);
    if (this.#eventIds.has(event.eventId)) this.#problems.push(`event ${event.eventId} twice`);
    this.#eventIds.add(event.eventId);
    const before = this.#revisions.get(event.stream) ?? -1n;
    const revision = BigInt(event.revision);
    if (revision !== before + 1n) {
      this.#problems.push(`${event.stream}: revision ${revision} follows ${before}`);
    }
    this.#revisions.set(event.stream, revision);
    const { entry, reverses, description = '' } = event.data;
    if (entry === undefined) return;
    this.#post(event.position, entry.legs);
    const mark = reverses === undefined ? description : `reverses ${reverses}`;
    const seen = this.#seen.get(mark);
    if (seen === undefined) this.#seen.set(mark, [event]);
    else seen.push(event);
  }

  #post(position: string, legs: readonly LogLeg[]): void {
    const differences = new Map<string, bigint>();
    for (const { account, side, amount, currency } of legs) {
      const minor = BigInt(amount);
      const signed = side === 'debit' ? minor : -minor;
      differences.set(currency, (differences.get(currency) ?? 0n) + signed);
      const sum = this.#sums.get(`${account} ${currency}`) ?? { debits: 0n, credits: 0n };
      if (side === 'debit') sum.debits += minor;
      else sum.credits += minor;
      this.#sums.set(`${account} ${currency}`, sum);
      if (account.startsWith(`${GUARDED}:`))
        this.#guard(`${account} ${currency}`, -signed, position);
    }
    for (const [currency, difference] of differences) {
      if (difference !== 0n) this.#problems.push(`unbalanced in ${currency} at ${position}`);
    }
  }

  #guard(account: string, change: bigint, position: string): void {
    const balance = (this.#guarded.get(account) ?? 0n) + change;
    this.#guarded.set(account, balance);
    if (balance < 0n) this.#problems.push(`${account} is at ${balance} at position ${position}`);
  }
}

function sameLegs(one: readonly LogLeg[], other: readonly LogLeg[]): boolean {
  const text = (legs: readonly LogLeg[]): string =>
    legs.map((leg) => [leg.account, leg.side, leg.amount, leg.currency].join(' ')).join('\n');
  return text(one) === text(other);
}

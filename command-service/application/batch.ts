import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppendResult } from '../../shared/ports/event-store.js';
import { keyReused } from '../domain/entry.js';
import { refuse, type Refusal } from '../domain/refusal.js';
import type { Days, EntryPoster, Prepared } from './entries.js';
import type { Answer, CommandContext, Posted, PostEntry } from './ledger.js';

/** Entries handled before others get their turn: some milliseconds of work. */
const SLICE = 1000;

/** Who has an id in hand: one object per request. */
export type InFlight = Map<string, object>;

/**
 * Posts many entries in one request. Each stands or falls alone. The appends of all are in flight at
 * once, so that the store makes them durable together.
 */
export class Batch {
  readonly #answers: (Answer<Posted> | undefined)[];
  /** Entries whose id was in the batch before. */
  readonly #repeats: number[] = [];
  readonly #taken: string[] = [];

  constructor(
    readonly poster: EntryPoster,
    readonly inFlight: InFlight,
    readonly commands: readonly PostEntry[],
    readonly context: CommandContext,
    readonly days: Days,
  ) {
    this.#answers = new Array<Answer<Posted> | undefined>(commands.length);
  }

  /** @throws the first fault of the store; entries may have been stored all the same */
  async run(): Promise<readonly Answer<Posted>[]> {
    try {
      const faults: unknown[] = [];
      const slices: Promise<void>[] = [];
      for (let start = 0; start < this.commands.length; start += SLICE) {
        if (start > 0) await nextTurn();
        slices.push(this.#slice(start, faults));
      }
      await Promise.all(slices);
      if (faults.length > 0) throw faults[0];
      await this.#spendWhatCame();
      if (this.#repeats.length > 0) await this.#answerRepeats();
      return this.#answers.map((answer) => {
        if (answer === undefined) throw new Error('an entry of a batch was not answered');
        return answer;
      });
    } finally {
      for (const id of this.#taken) this.inFlight.delete(id);
    }
  }

  /** Never throws: the appends of other slices are under way. */
  async #slice(start: number, faults: unknown[]): Promise<void> {
    const end = Math.min(start + SLICE, this.commands.length);
    const appends: Promise<AppendResult>[] = [];
    const appending: (readonly [number, Prepared])[] = [];
    const others: Promise<void>[] = [];
    try {
      for (let index = start; index < end; index++) {
        const prepared = this.#prepare(index);
        if (prepared === undefined) continue;
        if (prepared.placement.kind === 'free') {
          appending.push([index, prepared]);
          appends.push(this.poster.append(prepared));
        } else {
          others.push(this.#answer(index, this.poster.post(prepared), faults));
        }
      }
    } catch (fault) {
      faults.push(fault);
    }
    // One wait for all of them; a wait for each would cost more than the entry itself.
    const results = await Promise.allSettled(appends);
    for (const [at, [index, prepared]] of appending.entries()) {
      const result = results[at];
      if (result?.status === 'rejected') faults.push(result.reason);
      if (result?.status !== 'fulfilled') continue;
      const answer = this.poster.appended(prepared, result.value);
      if (answer instanceof Promise) others.push(this.#answer(index, answer, faults));
      else this.#answers[index] = answer;
    }
    await Promise.all(others);
  }

  /**
   * All are in hand at once, yet money that one entry brings to a guarded account may be spent by a
   * later one of the batch: what was refused for want of it is decided again once it has come.
   */
  async #spendWhatCame(): Promise<void> {
    const all = [...this.commands.keys()];
    if (!all.some((index) => this.#isShort(index))) return;
    let posted = new Set(all.filter((index) => this.#answers[index]?.kind === 'done'));
    while (posted.size > 0) {
      const moved = new Set<string>();
      const again: (readonly [number, Prepared])[] = [];
      for (const index of all) {
        const command = this.#command(index);
        if (posted.has(index)) for (const { account } of command.legs) moved.add(account);
        if (!this.#isShort(index)) continue;
        const prepared = this.poster.prepare(command, this.context, this.days);
        if ('code' in prepared || prepared.placement.kind !== 'guarded') continue;
        if (moved.has(prepared.placement.account)) again.push([index, prepared]);
      }
      const faults: unknown[] = [];
      await Promise.all(
        again.map(([index, prepared]) => this.#answer(index, this.poster.post(prepared), faults)),
      );
      if (faults.length > 0) throw faults[0];
      posted = new Set(again.map(([index]) => index).filter((index) => !this.#isShort(index)));
    }
  }

  #isShort(index: number): boolean {
    const answer = this.#answers[index];
    return answer?.kind === 'refused' && answer.refusal.code === 'INSUFFICIENT_BALANCE';
  }

  /** Never rejects: it may fail long before anybody waits for it, which would end the process. */
  async #answer(index: number, answer: Promise<Answer<Posted>>, faults: unknown[]): Promise<void> {
    try {
      this.#answers[index] = await answer;
    } catch (fault) {
      faults.push(fault);
    }
  }

  /** The entry, ready to be posted; undefined when it is answered, or comes again later. */
  #prepare(index: number): Prepared | undefined {
    const command = this.#command(index);
    const holder = this.inFlight.get(command.id);
    if (holder === this) {
      this.#repeats.push(index);
      return undefined;
    }
    const prepared =
      holder === undefined
        ? this.poster.prepare(command, this.context, this.days)
        : inProgress(command.id);
    if ('code' in prepared) {
      this.#answers[index] = { kind: 'refused', refusal: prepared };
      return undefined;
    }
    this.inFlight.set(command.id, this);
    this.#taken.push(command.id);
    return prepared;
  }

  /** Ids that were in the batch before: what became of the first decides. */
  async #answerRepeats(): Promise<void> {
    const before = new Map<string, number>();
    for (const [index, { id }] of this.commands.entries()) {
      if (!before.has(id)) before.set(id, index);
    }
    for (const index of this.#repeats) {
      const prepared = this.poster.prepare(this.#command(index), this.context, this.days);
      const first = before.get(this.#command(index).id) ?? index;
      this.#answers[index] = await this.#repeat(prepared, first);
      if (this.#answers[index].kind === 'done') before.set(this.#command(index).id, index);
    }
  }

  async #repeat(prepared: Prepared | Refusal, first: number): Promise<Answer<Posted>> {
    if ('code' in prepared) return { kind: 'refused', refusal: prepared };
    const answer = this.#answers[first];
    const same = this.poster.prepare(this.#command(first), this.context, this.days);
    if (answer?.kind !== 'done' || 'code' in same) return this.poster.post(prepared);
    if (same.request.fingerprint === prepared.request.fingerprint) {
      return { ...answer, replayed: true };
    }
    return { kind: 'refused', refusal: keyReused(prepared.request.id) };
  }

  #command(index: number): PostEntry {
    const command = this.commands[index];
    if (command === undefined) throw new Error(`the batch has no entry ${index}`);
    return command;
  }
}

/** The refusal of a request whose first run has not ended. */
export function inProgress(id: string): Refusal {
  return refuse('REQUEST_IN_PROGRESS', 'the same request is running', {
    field: 'id',
    value: id,
    reason: 'not answered yet',
  });
}

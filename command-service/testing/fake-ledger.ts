import { isDay } from '../../shared/ledger/day.js';
import type { Answer, Held, Ledger, Posted, PostEntry } from '../application/ledger.js';
import { refuse, type RefusalCode } from '../domain/refusal.js';

type Behaviour = RefusalCode | Error | 'replay' | undefined;

/** A ledger that does as it is told, and remembers what it was asked. */
export class FakeLedger implements Ledger {
  readonly asked: unknown[] = [];
  /** What it does with everything from now on. */
  next: Behaviour;

  declareAccount: Ledger['declareAccount'] = (definition, context) =>
    this.#answer([definition, context], { definition, position: 7n });

  postEntry: Ledger['postEntry'] = (command, context) =>
    this.#answer([command, context], posted(command));

  postEntries: Ledger['postEntries'] = (commands, context) =>
    Promise.all(
      commands.map((command, index) => {
        if (command.id.startsWith('unbalanced')) return refusal<Posted>('UNBALANCED');
        return this.#answer([command, context], posted(command, BigInt(index)));
      }),
    );

  reverseEntry: Ledger['reverseEntry'] = (command, context) =>
    this.#answer([command, context], posted(command));

  placeHold: Ledger['placeHold'] = (command, context) =>
    this.#answer([command, context], held({ ...command, status: 'held' }));

  settleHold: Ledger['settleHold'] = (command, context) =>
    this.#answer([command, context], held({ ...command, status: 'settled' }));

  releaseHold: Ledger['releaseHold'] = (command, context) =>
    this.#answer([command, context], held({ ...command, status: 'released' }));

  async #answer<Value>(asked: unknown, value: Value): Promise<Answer<Value>> {
    this.asked.push(asked);
    const { next } = this;
    if (next instanceof Error) throw next;
    if (next === undefined) return { kind: 'done', value, replayed: false };
    return next === 'replay' ? { kind: 'done', value, replayed: true } : refusal(next);
  }
}

async function refusal<Value>(code: RefusalCode): Promise<Answer<Value>> {
  const error = { field: 'legs', value: 'KRW', reason: `because ${code}` };
  return { kind: 'refused', refusal: refuse(code, `refused: ${code}`, error) };
}

function posted({ id }: Pick<PostEntry, 'id'>, offset = 0n): Posted {
  const effectiveDate = '2026-03-31';
  if (!isDay(effectiveDate)) throw new Error('no day');
  const place = { stream: `entry-${id}`, revision: 0n, position: 40n + offset };
  return { id, ...place, recordedAt: 1_774_915_200_000, effectiveDate };
}

function held({ id, account, status }: Pick<Held, 'id' | 'account' | 'status'>): Held {
  const money = { amount: 3_000n, currency: 'KRW' };
  const place = { stream: `account-${account}`, revision: 4n, position: 44n };
  return { id, account, status, ...money, ...place, recordedAt: 1_774_915_200_000 };
}

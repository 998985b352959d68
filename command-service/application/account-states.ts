import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import type { AccountId } from '../../shared/ledger/account.js';
import type { EventStore, RecordedEvent } from '../../shared/ports/event-store.js';
import { accountDecider, type AccountState } from '../domain/account.js';
import type { Folded } from './handle.js';

const PAGE = 1000;

/**
 * Folded account streams, the most recently used ones remembered. Only a cache: what is forgotten
 * is read again, and what is out of date meets a conflict or a refresh.
 */
export class AccountStates {
  readonly #states = new Map<AccountId, Folded<AccountState>>();

  constructor(
    readonly store: EventStore,
    readonly capacity: number,
  ) {}

  /** The state remembered, else folded from the log and shown to `observe`. */
  async read(
    account: AccountId,
    observe?: (event: DecodedEvent) => void,
  ): Promise<Folded<AccountState>> {
    const known = this.#states.get(account);
    if (known !== undefined) return known;
    const { initial } = accountDecider(account);
    return this.refresh(account, { state: initial, revision: -1n }, observe);
  }

  /** Folds what was appended since, shows it to `observe`, and remembers the new state. */
  async refresh(
    account: AccountId,
    folded: Folded<AccountState>,
    observe?: (event: DecodedEvent) => void,
  ): Promise<Folded<AccountState>> {
    const decider = accountDecider(account);
    let { state, revision } = folded;
    for await (const recorded of readRecorded(this.store, accountStream(account), revision + 1n)) {
      const event = decodeEvent(recorded);
      state = decider.evolve(state, event.event);
      revision = event.revision;
      observe?.(event);
    }
    const result = { state, revision };
    this.remember(account, result);
    return result;
  }

  /** Remembers a state, unless a later one is known. */
  remember(account: AccountId, folded: Folded<AccountState>): void {
    const known = this.#states.get(account);
    if (known !== undefined && known.revision > folded.revision) return;
    this.#states.delete(account);
    this.#states.set(account, folded);
    if (this.#states.size <= this.capacity) return;
    // A map keeps the order of insertion: the first is the one longest unused.
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      return;
    }
  }

  forget(): void {
    this.#states.clear();
  }

  get size(): number {
    return this.#states.size;
  }
}

/** The stream of an account. */
export function accountStream(account: AccountId | ''): string {
  return `account-${account}`;
}

/** Events of a stream from a revision on, up to and including `last` where given, page by page. */
export async function* readRecorded(
  store: EventStore,
  stream: string,
  from: bigint,
  last?: bigint,
): AsyncGenerator<RecordedEvent> {
  for (let next = from; last === undefined || next <= last; next += BigInt(PAGE)) {
    const limit = last === undefined || last - next >= PAGE ? PAGE : Number(last - next) + 1;
    const page = await store.readStream(stream, { direction: 'forwards', from: next, limit });
    yield* page;
    if (page.length < limit) return;
  }
}

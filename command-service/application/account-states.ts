import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import type { AccountId } from '../../shared/ledger/account.js';
import type { EventStore, RecordedEvent } from '../../shared/ports/event-store.js';
import { accountDecider, type AccountState } from '../domain/account.js';
import type { Folded } from './handle.js';
import { Remembered } from './remembered.js';

const PAGE = 1000;

/** Folded account streams, the most recently used ones remembered. */
export class AccountStates {
  readonly #states: Remembered<AccountId, AccountState>;

  constructor(
    readonly store: EventStore,
    capacity: number,
  ) {
    this.#states = new Remembered(capacity);
  }

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

  remember(account: AccountId, folded: Folded<AccountState>): void {
    this.#states.set(account, folded);
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

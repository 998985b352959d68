import type { AccountDefinition, AccountId } from '../../shared/ledger/account.js';
import { AccountQueue, type AccountPorts } from './account-queue.js';
import { Job, type JobDefinition } from './job.js';
import type { Answer } from './ledger.js';

/** The queues of guarded accounts that are at work. */
export class GuardedAccounts {
  readonly #queues = new Map<AccountId, Readonly<{ queue: AccountQueue; work: Promise<void> }>>();

  constructor(readonly ports: AccountPorts) {}

  /** Puts a command into the account's queue. */
  submit<Value>(
    account: AccountId,
    definition: AccountDefinition,
    command: JobDefinition<Value>,
  ): Promise<Answer<Value>> {
    const job = new Job(command);
    const working = this.#queues.get(account);
    if (working !== undefined) {
      working.queue.add(job);
      return job.answer;
    }
    const queue = new AccountQueue(account, definition, this.ports);
    queue.add(job);
    // Begun when the caller's turn is over, so that a whole batch goes into one group.
    this.#queues.set(account, { queue, work: this.#work(account, queue) });
    return job.answer;
  }

  async #work(account: AccountId, queue: AccountQueue): Promise<void> {
    await Promise.resolve();
    await queue.run(() => this.#queues.delete(account));
  }

  /** Accounts with commands waiting or running. */
  get busy(): number {
    return this.#queues.size;
  }
}

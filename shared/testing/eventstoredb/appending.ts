import type { AppendOutcome } from './esdb-log.js';
import type { AppendFault } from './misbehaviour.js';
import {
  notLeaderFailure,
  unavailableFailure,
  unimplementedFailure,
  type Failure,
} from './failures.js';

/** How one call says what became of it. */
export interface Caller {
  answer(outcome: AppendOutcome): void;
  /** The server waited too long for itself. */
  timedOut(): void;
  notReady(): void;
  noLeader(): void;
  /** The whole call fails. */
  fail(failure: Failure): void;
  /** The call ends, and nothing was said. */
  end(): void;
  /** The connection is gone. */
  reset(): void;
}

/**
 * Carries an append or a delete out and answers it, or does to it what was planned.
 *
 * @param store writes to the log; of an append only so many of its events
 */
export function carryOut(
  fault: AppendFault | undefined,
  store: (events?: number) => AppendOutcome,
  caller: Caller,
): void {
  if (fault === undefined) {
    caller.answer(store());
    return;
  }
  const storeIf = (stored: boolean) => (stored ? store() : undefined);
  switch (fault.kind) {
    case 'lost-answer':
      store();
      return;
    case 'late-answer': {
      const outcome = store();
      setTimeout(() => caller.answer(outcome), fault.ms).unref();
      return;
    }
    case 'stored-late':
      setTimeout(() => caller.answer(store()), fault.ms).unref();
      return;
    case 'no-answer':
      return;
    case 'half-close':
      storeIf(fault.stored);
      caller.end();
      return;
    case 'reset':
      storeIf(fault.stored);
      caller.reset();
      return;
    case 'partly-stored':
      caller.answer(asConflict(store(fault.events)));
      return;
    case 'not-leader':
      caller.fail(notLeaderFailure(fault.host, fault.port));
      return;
    case 'no-leader':
      caller.noLeader();
      return;
    case 'timed-out':
      storeIf(fault.stored);
      caller.timedOut();
      return;
    case 'unavailable':
      storeIf(fault.stored);
      caller.fail(unavailableFailure());
      return;
    case 'not-ready':
      caller.notReady();
      return;
    case 'unimplemented':
      caller.fail(unimplementedFailure());
  }
}

function asConflict(outcome: AppendOutcome): AppendOutcome {
  return outcome.kind === 'appended'
    ? { kind: 'wrong-version', actual: outcome.revision }
    : outcome;
}

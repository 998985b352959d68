import type { LedgerEvent } from '../../shared/events/event.js';
import type { Refusal } from './refusal.js';

/**
 * The pure functions of an aggregate. Time, ids and look-ups come in as arguments (`facts`), so that
 * the same history, command and facts give the same decision for ever.
 */
export interface Decider<State, Event, Command, Facts> {
  readonly initial: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, facts: Facts): Decision;
}

/** `repeated`: the history holds this very command already, so there is nothing to add to it. */
export type Decision =
  | Readonly<{ kind: 'accepted'; events: readonly LedgerEvent[] }>
  | Readonly<{ kind: 'repeated' }>
  | Readonly<{ kind: 'refused'; refusal: Refusal }>;

/** The decision to add these events. */
export function accepted(...events: readonly LedgerEvent[]): Decision {
  return { kind: 'accepted', events };
}

/** The decision to add nothing, for this reason. */
export function refused(refusal: Refusal): Decision {
  return { kind: 'refused', refusal };
}

export const REPEATED: Decision = { kind: 'repeated' };

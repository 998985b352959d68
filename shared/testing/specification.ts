import { expect } from 'chai';

/** What of a decider a specification calls: its pure functions. */
type Subject<State, Event, Command, Facts, Decided> = Readonly<{
  initial: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, facts: Facts): Decided;
}>;

/** The ways a decision can go; deciders of any service answer so. */
type Outcome =
  | Readonly<{ kind: 'accepted'; events: readonly unknown[] }>
  | Readonly<{ kind: 'repeated' }>
  | Readonly<{ kind: 'refused'; refusal: Readonly<{ code: string }> }>;

/**
 * Tests of a decider read like this:
 * `specification(decider, facts).given(placed).when(release).then(released)`.
 */
export function specification<State, Event, Command, Facts, Decided extends Outcome>(
  decider: Subject<State, Event, Command, Facts, Decided>,
  facts: Facts,
): Given<Event, Command, Decided> {
  return {
    given: (...history) => ({
      when(command) {
        const fold = () =>
          history.reduce((state, event) => decider.evolve(state, event), decider.initial);
        const decision = decider.decide(command, fold(), facts);
        // A pure function says the same to the same: also when it is asked again.
        expect(decider.decide(command, fold(), facts)).to.deep.equal(decision);
        return then(decision);
      },
    }),
  };
}

export type Given<Event, Command, Decided> = Readonly<{
  given(...history: readonly Event[]): Readonly<{ when(command: Command): Then<Decided> }>;
}>;

export type Then<Decided> = Readonly<{
  /** Exactly these events, in this order. */
  then(...events: readonly unknown[]): void;
  thenRepeated(): void;
  thenRefused(code: string): Extract<Decided, { kind: 'refused' }>['refusal'];
}>;

function then<Decided extends Outcome>(decision: Decided): Then<Decided> {
  return {
    then: (...events) => {
      expect(decision).to.deep.equal({ kind: 'accepted', events });
    },
    thenRepeated: () => {
      expect(decision).to.deep.equal({ kind: 'repeated' });
    },
    thenRefused: (code) => {
      if (!isRefused(decision)) throw new Error(`${decision.kind}, not refused with ${code}`);
      expect(decision.refusal.code).to.equal(code);
      return decision.refusal;
    },
  };
}

function isRefused<Decided extends Outcome>(
  decision: Decided,
): decision is Extract<Decided, { kind: 'refused' }> {
  return decision.kind === 'refused';
}

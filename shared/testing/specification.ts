import { expect } from 'chai';

/** The ways a decision can go; deciders of any service answer so. */
type Outcome<Refusal> =
  | Readonly<{ kind: 'accepted'; events: readonly unknown[] }>
  | Readonly<{ kind: 'repeated' }>
  | Readonly<{ kind: 'refused'; refusal: Refusal }>;

/** What of a decider a specification calls: its pure functions. */
type Subject<State, Event, Command, Facts, Refusal> = Readonly<{
  initial: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, facts: Facts): Outcome<Refusal>;
}>;

export type Given<Event, Command, Refusal> = Readonly<{
  given(...history: readonly Event[]): Readonly<{ when(command: Command): Then<Refusal> }>;
}>;

export type Then<Refusal> = Readonly<{
  /** Exactly these events, in this order. */
  then(...events: readonly unknown[]): void;
  thenRepeated(): void;
  thenRefused(code: string): Refusal;
}>;

/**
 * Tests of a decider read like this:
 * `specification(decider, facts).given(placed).when(release).then(released)`.
 */
export function specification<
  State,
  Event,
  Command,
  Facts,
  Refusal extends Readonly<{ code: string }>,
>(
  decider: Subject<State, Event, Command, Facts, Refusal>,
  facts: Facts,
): Given<Event, Command, Refusal> {
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

function then<Refusal extends Readonly<{ code: string }>>(
  decision: Outcome<Refusal>,
): Then<Refusal> {
  return {
    then: (...events) => {
      expect(decision).to.deep.equal({ kind: 'accepted', events });
    },
    thenRepeated: () => {
      expect(decision).to.deep.equal({ kind: 'repeated' });
    },
    thenRefused: (code) => {
      if (decision.kind !== 'refused') throw new Error(`${decision.kind}, not ${code}`);
      expect(decision.refusal.code).to.equal(code);
      return decision.refusal;
    },
  };
}

/** How an append or a delete goes wrong. `stored`: the log has it all the same. */
export type AppendFault = Readonly<
  | { kind: 'lost-answer' }
  | { kind: 'late-answer'; ms: number }
  /** It is stored only after a while, and answered then. */
  | { kind: 'stored-late'; ms: number }
  /** Nothing is stored and nothing is said. */
  | { kind: 'no-answer' }
  /** The server ends its side of the call in peace, with the answer still owed. */
  | { kind: 'half-close'; stored: boolean }
  | { kind: 'reset'; stored: boolean }
  /** Only the first events are stored, and the answer is a wrong version. */
  | { kind: 'partly-stored'; events: number }
  | { kind: 'not-leader'; host: string; port: number }
  /** It is not the leader, and knows none to name. */
  | { kind: 'no-leader' }
  /** The server gives up waiting for itself. */
  | { kind: 'timed-out'; stored: boolean }
  /** The call fails, as when a proxy stands before a server that is gone. */
  | { kind: 'unavailable'; stored: boolean }
  /** The server answers that it is not ready. */
  | { kind: 'not-ready' }
  | { kind: 'unimplemented' }
>;

/** How a stream of events ends before its time. */
export type Cut = 'end' | 'reset' | 'unavailable' | 'timed-out' | 'too-slow';

export type ReadFault = Readonly<
  | { kind: 'no-answer' }
  /** So long before each event. */
  | { kind: 'slow'; ms: number }
  /** After so many events. */
  | { kind: 'cut'; after: number; how: Cut }
  | { kind: 'not-leader'; host: string; port: number }
  | { kind: 'no-leader' }
>;

export type SubscriptionFault = Readonly<
  | ReadFault
  /** So many events up to the position asked for come again. */
  | { kind: 'repeated'; events: number }
>;

export type FeaturesFault = Readonly<
  { kind: 'without-batch' } | { kind: 'unimplemented' | 'unavailable' | 'no-answer' }
>;

type Faults = {
  append: AppendFault;
  delete: AppendFault;
  read: ReadFault;
  subscription: SubscriptionFault;
  features: FeaturesFault;
};

/** The kinds of calls. */
export type CallKind = keyof Faults;

/** What goes wrong with the next calls of a kind: with one by default, or with `times` of them. */
export type Misbehaviour = {
  [Kind in CallKind]: Readonly<{ on: Kind; times?: number }> & Faults[Kind];
}[CallKind];

/** A misbehaviour under way. */
export interface Plan {
  /** Resolves when it has happened for the first time. */
  readonly met: Promise<void>;
  /** From now on everything is well again. */
  end(): void;
}

type Pending = { fault: Misbehaviour; left: number; meet: () => void };

/** What is to go wrong, in the order it was asked for, and how many calls there were. */
export class Misbehaviours {
  readonly #pending: Pending[] = [];
  readonly #calls = new Map<CallKind, number>();

  plan(fault: Misbehaviour): Plan {
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const pending = { fault, left: fault.times ?? 1, meet };
    this.#pending.push(pending);
    return { met, end: () => this.#end(pending) };
  }

  /** Counts a call, and answers with what is to go wrong with it. */
  next<Kind extends CallKind>(kind: Kind): Extract<Misbehaviour, { on: Kind }> | undefined {
    this.#calls.set(kind, this.calls(kind) + 1);
    for (const pending of this.#pending) {
      const { fault } = pending;
      if (!isOn(fault, kind)) continue;
      pending.left -= 1;
      if (pending.left <= 0) this.#end(pending);
      pending.meet();
      return fault;
    }
    return undefined;
  }

  calls(kind: CallKind): number {
    return this.#calls.get(kind) ?? 0;
  }

  #end(pending: Pending): void {
    const index = this.#pending.indexOf(pending);
    if (index >= 0) this.#pending.splice(index, 1);
  }
}

function isOn<Kind extends CallKind>(
  fault: Misbehaviour,
  kind: Kind,
): fault is Extract<Misbehaviour, { on: Kind }> {
  return fault.on === kind;
}

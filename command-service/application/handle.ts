import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
} from '../../shared/ports/event-store.js';

/** A stream folded up to a revision; -1 for a stream that has no events. */
export type Folded<State> = Readonly<{ state: State; revision: bigint }>;

/** How a stream is read and folded. `refresh` goes on from where an earlier fold ended. */
export interface Source<State> {
  readonly stream: string;
  read(): Promise<Folded<State>>;
  refresh(folded: Folded<State>): Promise<Folded<State>>;
}

export type Appended = Extract<AppendResult, { kind: 'appended' }>;

/**
 * What to do on a state: append these events; nothing, for the outcome is known; or look again,
 * because a refusal should not rest on a state that may be out of date.
 */
export type Plan<Outcome> =
  | Readonly<{
      kind: 'append';
      events: readonly NewEvent[];
      appended(result: Appended): Outcome | Promise<Outcome>;
    }>
  | Readonly<{ kind: 'answer'; outcome: Outcome }>
  | Readonly<{ kind: 'refresh' }>;

/** `mismatch`: the caller asked for another revision than there is. `contention`: given up. */
export type Handled<Outcome> =
  | Readonly<{ kind: 'handled'; outcome: Outcome }>
  | Readonly<{ kind: 'mismatch'; actual: bigint }>
  | Readonly<{ kind: 'contention' }>;

export type HandleOptions = Readonly<{
  store: EventStore;
  /** From 0 to below 1. */
  random: () => number;
  pause: (milliseconds: number) => Promise<void>;
  /** The revision the caller's command is meant for (If-Match): decided once, never again. */
  ifRevision?: bigint;
}>;

const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 4;

/**
 * The one way a command becomes events: read the stream and fold it, decide, append at the revision
 * read; where somebody else was first, read what they wrote and decide again, a bounded number of
 * times with growing pauses of random length.
 */
export async function handle<State, Outcome>(
  source: Source<State>,
  decide: (folded: Folded<State>) => Plan<Outcome> | Promise<Plan<Outcome>>,
  { store, random, pause, ifRevision }: HandleOptions,
): Promise<Handled<Outcome>> {
  let folded = await source.read();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (ifRevision !== undefined && folded.revision !== ifRevision) {
      return { kind: 'mismatch', actual: folded.revision };
    }
    let plan = await decide(folded);
    while (plan.kind === 'refresh') {
      folded = await source.refresh(folded);
      plan = await decide(folded);
    }
    if (plan.kind === 'answer') return { kind: 'handled', outcome: plan.outcome };
    const result = await store.append(source.stream, expecting(folded.revision), plan.events);
    if (result.kind === 'appended') {
      return { kind: 'handled', outcome: await plan.appended(result) };
    }
    if (attempt > 0) await pause(random() * FIRST_PAUSE_MS * 2 ** attempt);
    folded = await source.refresh(folded);
  }
  return { kind: 'contention' };
}

function expecting(revision: bigint): ExpectedRevision {
  return revision === -1n ? 'no-stream' : revision;
}

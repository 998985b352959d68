import type { EventMetadata, LedgerEvent } from '../../shared/events/event.js';
import { accepted, refused, REPEATED, type Decider, type Decision } from './decider.js';
import { refuse, type Refusal } from './refusal.js';

/** A request to use an id: what is compared when the id turns out to be taken. */
export type Request = Readonly<{
  id: string;
  commandId: string;
  fingerprint: string;
  /** The entry it undoes: then the id follows from that entry, and only one request gets it. */
  reverses?: string;
}>;

/** Opens the stream of an id: with the entry itself, or with a claim for one that is elsewhere. */
export type OpenEntry = Readonly<{ request: Request; event: LedgerEvent }>;

/** What an `entry-` stream says: the id is free, taken by the entry itself, or claimed for one. */
export type EntryState =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'posted'; by: Requested; reverses: string | undefined }>
  | Readonly<{ kind: 'claimed'; by: Requested; stream: string; afterRevision: bigint }>;

/** Who made an event, as far as it is needed to know a repetition. */
export type Requested = Pick<EventMetadata, 'commandId' | 'fingerprint'>;

/** An event with its metadata: the request's identity is there, not in the data. */
type Stored = Readonly<{ event: LedgerEvent; metadata: Requested }>;

/** The stream of an id is opened once. Whoever comes later repeats, or is another request. */
export const entryDecider: Decider<EntryState, Stored, OpenEntry, undefined> = {
  initial: { kind: 'none' },
  evolve(state, { event, metadata }) {
    if (event.type === 'EntryPosted') {
      return { kind: 'posted', by: metadata, reverses: event.data.reverses };
    }
    if (event.type === 'EntryClaimed') {
      const { stream, afterRevision } = event.data;
      return { kind: 'claimed', by: metadata, stream, afterRevision };
    }
    return state;
  },
  decide({ request, event }, state) {
    return state.kind === 'none' ? accepted(event) : judgeOpening(request, state);
  },
};

/** Whether a request may go on where the stream of its id has been opened. */
export function judgeOpening(
  request: Request,
  state: Exclude<EntryState, { kind: 'none' }>,
): Decision {
  // The claim of a reversal whose entry was then refused binds nobody: the entry decides.
  if (state.kind === 'claimed' && request.reverses !== undefined) return REPEATED;
  if (state.kind === 'posted' && state.reverses !== request.reverses) {
    return refused(idTaken(request.id));
  }
  return judge(request, state.by);
}

/** Whether a request is the one that made the event under its id. */
export function judge(request: Request, stored: Requested): Decision {
  if (request.reverses !== undefined && stored.commandId !== request.commandId) {
    return refused(alreadyReversed(request.reverses, request.id));
  }
  if (stored.fingerprint === request.fingerprint) return REPEATED;
  return refused(keyReused(request.reverses === undefined ? request.id : request.commandId));
}

/** The refusal of a reversal whose id somebody gave to another entry, and the other way round. */
export function idTaken(id: string): Refusal {
  return refuse('IDEMPOTENCY_KEY_REUSED', `the id ${id} was used for another entry`, {
    field: 'id',
    value: id,
    reason: 'the stored entry is no reversal of the same entry',
  });
}

/** The refusal of a request that carries the key of another one. */
export function keyReused(key: string): Refusal {
  return refuse('IDEMPOTENCY_KEY_REUSED', 'this key was used for another request', {
    field: 'id',
    value: key,
    reason: 'the stored request differs',
  });
}

function alreadyReversed(id: string, by: string): Refusal {
  return refuse('ALREADY_REVERSED', `entry ${id} is reversed already`, {
    field: 'id',
    value: by,
    reason: `reversed by entry ${by}`,
  });
}

import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import type { EntryClaimed } from '../../shared/events/event.js';
import type { AccountId } from '../../shared/ledger/account.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import { entryDecider, type EntryState } from '../domain/entry.js';
import { readRecorded } from './account-states.js';
import { newEvent, type Origin } from './record.js';

/** The stream an entry's id opens, once. */
export function entryStream(id: string): string {
  return `entry-${id}`;
}

/** The stream a hold's id opens, once. A slash is in neither an account nor an id. */
export function holdStream(account: AccountId, id: string): string {
  return `hold-${account}/${id}`;
}

/** What opened the stream of an id, and what it means. */
export type Opening = Readonly<{ state: EntryState; event: DecodedEvent }>;

/** Reads the stream of an id: it was opened by one event, or not at all. */
export async function readOpening(store: EventStore, stream: string): Promise<Opening | undefined> {
  const [recorded] = await store.readStream(stream, { direction: 'forwards', limit: 1 });
  if (recorded === undefined) return undefined;
  const event = decodeEvent(recorded);
  return { state: entryDecider.evolve(entryDecider.initial, event), event };
}

/** Events of a stream, after one revision and up to another, whose data has this id. */
export async function* findId(
  store: EventStore,
  stream: string,
  id: string,
  after: bigint,
  upTo?: bigint,
): AsyncGenerator<DecodedEvent> {
  // Far cheaper than decoding a long stream for the one event that is looked for.
  const text = `"id":${JSON.stringify(id)}`;
  for await (const recorded of readRecorded(store, stream, after + 1n, upTo)) {
    if (recorded.data.includes(text)) yield decodeEvent(recorded);
  }
}

/** The entry with this id, wherever it stands. */
export async function findEntry(store: EventStore, id: string): Promise<DecodedEvent | undefined> {
  const opening = await readOpening(store, entryStream(id));
  if (opening === undefined) return undefined;
  if (opening.state.kind !== 'claimed') return opening.event;
  const { stream, afterRevision } = opening.state;
  for await (const stored of findId(store, stream, id, afterRevision)) {
    if (stored.event.type === 'EntryPosted' && stored.event.data.id === id) return stored;
  }
  return undefined;
}

/**
 * Takes an id for an event that belongs into `inStream`, after `afterRevision` of it.
 * @returns whether the id was free
 */
export async function claim(
  { store, ids }: Readonly<{ store: EventStore; ids: Ids }>,
  stream: string,
  data: EntryClaimed['data'],
  origin: Origin,
): Promise<boolean> {
  const event = newEvent({ type: 'EntryClaimed', data }, origin, ids);
  const result = await store.append(stream, 'no-stream', [event]);
  return result.kind === 'appended';
}

import { entryOf, type LedgerEvent } from '../../shared/events/event.js';

/**
 * A topic and the events it carries: `entries` are all that move money. The version is that of the
 * shape of its messages; where it is in the name, another version is another topic beside it.
 */
export type Topic = Readonly<{
  name: string;
  version: number;
  carries: readonly LedgerEvent['type'][] | 'entries';
}>;

/** Everything that is published, and where. To publish more is to add to this table. */
export const TOPICS: readonly Topic[] = [
  { name: 'payment.requested.v1', version: 1, carries: ['PaymentRequested'] },
  { name: 'payment.authorized', version: 1, carries: ['PaymentAuthorized'] },
  { name: 'payment.captured', version: 1, carries: ['PaymentCaptured'] },
  { name: 'payment.refunded', version: 1, carries: ['RefundSucceeded'] },
  { name: 'ledger.entry.v1', version: 1, carries: 'entries' },
];

/** What could not be published or handled. */
export const DEAD_LETTERS = 'sagae.dead-letter.v1';

/** The topics that have to be there. */
export const TOPIC_NAMES: readonly string[] = [...TOPICS.map(({ name }) => name), DEAD_LETTERS];

const ENTRIES = TOPICS.filter(({ carries }) => carries === 'entries');

/** The topics an event is published to. */
export function topicsOf(event: LedgerEvent): readonly Topic[] {
  const named = BY_TYPE.get(event.type) ?? [];
  return entryOf(event) === undefined ? named : [...named, ...ENTRIES];
}

const BY_TYPE: ReadonlyMap<string, readonly Topic[]> = byType();

function byType(): ReadonlyMap<string, readonly Topic[]> {
  const types = new Map<string, Topic[]>();
  for (const topic of TOPICS) {
    if (topic.carries === 'entries') continue;
    for (const type of topic.carries) types.set(type, [...(types.get(type) ?? []), topic]);
  }
  return types;
}

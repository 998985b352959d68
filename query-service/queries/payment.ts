import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import {
  evolvePayment,
  NO_PAYMENT,
  paymentEventOf,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import { paymentStream } from '../../shared/payments/stream.js';
import {
  QueryRefused,
  type AnsweredAsOf,
  type AsOf,
  type EventItem,
  type JournalItem,
  type Page,
} from './answers.js';
import { knownText, refuse } from './as-of.js';
import { numberOf, openCursor, sealCursor } from './cursor.js';
import { journalItem } from './entries.js';
import { streamEvents, type StreamQuery } from './events.js';
import { checkLimit, type LogReader, type QueryParts } from './parts.js';

/*
 * One payment, read straight from its stream: streams are short, and so a payment is never behind
 * what was answered to the command that changed it.
 */

/** As of both times, or at a revision of the payment's stream; never both ways at once. */
export type PaymentQuery = AsOf & Readonly<{ sequence?: bigint }>;

/** A payment as it was. */
export type PaymentThen = Readonly<{ payment: Payment; asOf: AnsweredAsOf }>;

/** Of a list straight from the log: `position` is that of the last event it takes account of. */
export type LogPage<Item> = Page<Item> & Readonly<{ position: bigint }>;

/** A page of what a payment has many of; `limit` is 1 to 500. */
export type PageQuery = Readonly<{ limit: number; cursor?: string }>;

/** Events read at a time. */
const PAGE = 500;

/**
 * A payment as it was: as known then, with the facts up to a day; or at a revision.
 * @throws {QueryRefused} there is, or was, no such payment; `known` or `sequence` is yet to come
 */
export async function payment(
  parts: QueryParts,
  id: string,
  query: PaymentQuery,
): Promise<PaymentThen> {
  const { events, position } = await eventsOfPayment(parts.log, id);
  const then =
    query.sequence === undefined
      ? asOfBoth(parts, query, events, position)
      : atRevision(query.sequence, query, events);
  const folded = fold(then.events);
  if (folded.kind !== 'payment') throw notThere(id, 'there was no such payment then');
  const { effective, known } = query;
  const asOf = {
    effective: effective ?? null,
    known: knownText(known),
    position: then.position ?? folded.position,
  };
  return { payment: folded, asOf };
}

/**
 * The events of a payment, as the log has them.
 * @throws {QueryRefused} there is no such payment
 */
export async function paymentEvents(
  { log }: QueryParts,
  id: string,
  query: StreamQuery,
): Promise<LogPage<EventItem>> {
  const position = await log.head();
  const stream = paymentStream(id);
  const [first] = await log.readStream(stream, { direction: 'forwards', limit: 1 });
  if (first === undefined || first.type === 'PaymentAbandoned') throw notThere(id);
  return { ...(await streamEvents(log, stream, query)), position };
}

/**
 * The entries of a payment, in the order in which they were posted.
 * @throws {QueryRefused} there is no such payment, or a cursor of another question
 */
export async function paymentEntries(
  { log }: QueryParts,
  id: string,
  query: PageQuery,
): Promise<LogPage<JournalItem>> {
  const { events, position } = await eventsOfPayment(log, id);
  const items = events.map(journalItem).filter((item) => item !== undefined);
  return { ...pageOf(['payment-entries', id], items, query), position };
}

/** All events of a payment, and the position up to which there are no more. */
export async function eventsOfPayment(
  log: LogReader,
  id: string,
): Promise<Readonly<{ events: readonly DecodedEvent[]; position: bigint }>> {
  // The head first: whatever of this payment lies below it is in the stream by now.
  const head = await log.head();
  const events: DecodedEvent[] = [];
  for (;;) {
    const from = BigInt(events.length);
    const options = { direction: 'forwards', from, limit: PAGE } as const;
    const read = await log.readStream(paymentStream(id), options);
    events.push(...read.map(decodeEvent));
    if (read.length < PAGE) break;
  }
  const [first, last] = [events.at(0), events.at(-1)];
  if (first === undefined || last === undefined || first.event.type === 'PaymentAbandoned') {
    throw notThere(id);
  }
  return { events, position: last.position > head ? last.position : head };
}

/**
 * The page of items of one payment that a cursor begins, in order of revision.
 * @throws {QueryRefused} a cursor of another question
 */
export function pageOf<Item extends Readonly<{ revision: bigint }>>(
  question: readonly string[],
  items: readonly Item[],
  { limit, cursor }: PageQuery,
): Page<Item> {
  checkLimit(limit);
  const after = cursor === undefined ? -1n : numberOf(cursor, openCursor(question, cursor)[0]);
  const left = items.filter(({ revision }) => revision > after);
  const shown = left.slice(0, limit);
  const last = left.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown,
    nextCursor: last === undefined ? null : sealCursor(question, [String(last.revision)]),
  };
}

/** Events to fold. Without a position the answer is as of the last of them. */
type Then = Readonly<{ events: readonly DecodedEvent[]; position?: bigint }>;

function asOfBoth(
  { clock }: QueryParts,
  { effective, known }: AsOf,
  events: readonly DecodedEvent[],
  head: bigint,
): Then {
  const heard = events.filter((event) => isKnown(event, known));
  // Days of a payment never go back, so what is true by a day is a prefix of what is known.
  const later = heard.findIndex(
    ({ metadata }) => effective !== undefined && metadata.effectiveDate > effective,
  );
  const prefix = later === -1 ? heard : heard.slice(0, later);
  if (known === undefined) return { events: prefix, position: head };
  if ('instant' in known) {
    if (known.instant > clock()) throw refuse(known, 'it is in the future');
    return { events: prefix };
  }
  if (known.position > head) throw refuse(known, 'the log does not reach that far');
  return { events: prefix, position: known.position };
}

function isKnown({ position, recordedAt }: DecodedEvent, known: AsOf['known']): boolean {
  if (known === undefined) return true;
  return 'position' in known ? position <= known.position : recordedAt <= known.instant;
}

/** A revision that is yet to come is refused as a `known` that is: it may exist tomorrow. */
function atRevision(
  sequence: bigint,
  { effective, known }: AsOf,
  events: readonly DecodedEvent[],
): Then {
  if (effective !== undefined || known !== undefined) {
    throw refuseSequence(sequence, 'it says alone as of when; leave out effective and known');
  }
  const last = BigInt(events.length - 1);
  if (sequence > last) throw refuseSequence(sequence, `the last revision is ${last}`);
  return { events: events.filter(({ revision }) => revision <= sequence) };
}

function fold(events: readonly DecodedEvent[]): PaymentStream {
  return events.map(paymentEventOf).reduce(evolvePayment, NO_PAYMENT);
}

function refuseSequence(sequence: bigint, reason: string): QueryRefused {
  return new QueryRefused('VALIDATION_FAILED', 'sequence', String(sequence), reason);
}

function notThere(id: string, reason = 'there is no such payment'): QueryRefused {
  return new QueryRefused('NOT_FOUND', 'id', id, reason);
}

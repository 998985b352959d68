import { z } from 'zod';
import { ACCOUNT_TYPES } from '../ledger/account.js';
import type { RecordedEvent } from '../ports/event-store.js';
import { accountId, currency, day, encodeEntry, entry, integer, parse } from './codec-fields.js';
import { isBookEvent, type EventMetadata, type LedgerEvent } from './event.js';
import { decodePayment, encodePayment, paymentSchemas } from './payment-codec.js';
import { EventUndecodable, upcast } from './upcast.js';

/*
 * One codec per event type and version. Amounts and revisions are decimal strings in JSON and
 * bigint inside; nothing is guessed from the look of a text.
 */

/** The schemas of the current version of every event's data. */
export const schemas = {
  AccountDeclared: z.strictObject({
    code: z.string(),
    name: z.string(),
    type: z.enum(ACCOUNT_TYPES),
    guarded: z.boolean(),
    floor: integer,
    currencies: z.array(z.string()),
  }),
  EntryPosted: z.strictObject({
    id: z.string(),
    description: z.string(),
    entry,
    reverses: z.string().exactOptional(),
    metadata: z.record(z.string(), z.string()).exactOptional(),
  }),
  EntryClaimed: z.strictObject({ id: z.string(), stream: z.string(), afterRevision: integer }),
  HoldPlaced: z.strictObject({
    id: z.string(),
    account: accountId,
    amount: integer,
    currency,
    expiresAt: z.int(),
    description: z.string(),
    entry,
  }),
  HoldSettled: z.strictObject({ id: z.string(), settled: integer, to: accountId, entry }),
  HoldReleased: z.strictObject({ id: z.string(), reason: z.enum(['released', 'expired']), entry }),
  ...paymentSchemas,
} as const satisfies Record<LedgerEvent['type'], z.ZodType>;

/** The schema of every event's metadata. */
export const metadataSchema = z.strictObject({
  schemaVersion: z.int().positive(),
  commandId: z.string(),
  $correlationId: z.string(),
  $causationId: z.string().exactOptional(),
  actor: z.string(),
  occurredAt: z.iso.datetime({ precision: 3 }).exactOptional(),
  effectiveDate: day,
  traceparent: z.string().exactOptional(),
  fingerprint: z.string().exactOptional(),
});

/** An event of the log, decoded and brought to the current version. */
export type DecodedEvent = Readonly<{
  event: LedgerEvent;
  metadata: EventMetadata;
  eventId: string;
  stream: string;
  revision: bigint;
  position: bigint;
  recordedAt: number;
}>;

/**
 * Decodes a recorded event: metadata, then the chain of upcasters, then the codec of its type.
 * @throws {EventUndecodable} unknown type, unknown or future version, or data of another shape
 */
export function decodeEvent(recorded: RecordedEvent): DecodedEvent {
  const metadata = decodeMetadata(recorded);
  const current = upcast(recorded, metadata.schemaVersion, parseJson(recorded, recorded.data));
  const event = decodeData(recorded, current.type, current.data);
  const { eventId, stream, revision, position, recordedAt } = recorded;
  return { event, metadata, eventId, stream, revision, position, recordedAt };
}

/** JSON text of an event's data. */
export function encodeData(event: LedgerEvent): string {
  // The texts are put together by hand: this runs for every entry posted, and a JSON.stringify that
  // asks a replacer about every value takes several times as long. Amounts are decimal strings.
  if (!isBookEvent(event)) return encodePayment(event);
  switch (event.type) {
    case 'EntryPosted': {
      const { id, description, reverses, metadata } = event.data;
      const reversing = reverses === undefined ? '' : `,"reverses":${JSON.stringify(reverses)}`;
      const labels = metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`;
      const start = `{"id":${JSON.stringify(id)},"description":${JSON.stringify(description)}`;
      return `${start},"entry":${encodeEntry(event.data.entry)}${reversing}${labels}}`;
    }
    case 'EntryClaimed': {
      const { id, stream, afterRevision } = event.data;
      const start = `{"id":${JSON.stringify(id)},"stream":${JSON.stringify(stream)}`;
      return `${start},"afterRevision":"${afterRevision}"}`;
    }
    case 'AccountDeclared':
    case 'HoldPlaced':
    case 'HoldSettled':
    case 'HoldReleased':
      return JSON.stringify(event.data, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
  }
}

/** JSON text of an event's metadata. What equals its default is left out. */
export function encodeMetadata(metadata: EventMetadata): string {
  const { schemaVersion, commandId, correlationId, causationId, occurredAt } = metadata;
  const command = JSON.stringify(commandId);
  let text = `{"schemaVersion":${schemaVersion},"commandId":${command}`;
  text += `,"$correlationId":${JSON.stringify(correlationId)}`;
  if (causationId !== commandId) text += `,"$causationId":${JSON.stringify(causationId)}`;
  text += `,"actor":${JSON.stringify(metadata.actor)}`;
  if (occurredAt !== undefined) text += `,"occurredAt":"${instantText(occurredAt)}"`;
  text += `,"effectiveDate":"${metadata.effectiveDate}"`;
  const { traceparent, fingerprint } = metadata;
  if (traceparent !== undefined) text += `,"traceparent":${JSON.stringify(traceparent)}`;
  if (fingerprint !== undefined) text += `,"fingerprint":${JSON.stringify(fingerprint)}`;
  return `${text}}`;
}

/** @throws Error for an instant outside the years 0 to 9999, which could not be read again */
function instantText(ms: number): string {
  const text = new Date(ms).toISOString();
  if (text.length !== '2026-03-31T00:00:00.000Z'.length) throw new Error(`${ms} ms has no date`);
  return text;
}

function decodeMetadata(recorded: RecordedEvent): EventMetadata {
  const parsed = metadataSchema.safeParse(parseJson(recorded, recorded.metadata));
  if (!parsed.success) {
    throw new EventUndecodable(recorded.position, `metadata: ${z.prettifyError(parsed.error)}`);
  }
  const { $correlationId, $causationId, occurredAt, ...rest } = parsed.data;
  return {
    ...rest,
    correlationId: $correlationId,
    causationId: $causationId ?? rest.commandId,
    ...(occurredAt === undefined ? {} : { occurredAt: Date.parse(occurredAt) }),
  };
}

function decodeData(recorded: RecordedEvent, type: string, data: unknown): LedgerEvent {
  switch (type) {
    case 'AccountDeclared':
      return { type, data: parse(recorded, schemas.AccountDeclared, data) };
    case 'EntryPosted':
      return { type, data: parse(recorded, schemas.EntryPosted, data) };
    case 'EntryClaimed':
      return { type, data: parse(recorded, schemas.EntryClaimed, data) };
    case 'HoldPlaced':
      return { type, data: parse(recorded, schemas.HoldPlaced, data) };
    case 'HoldSettled':
      return { type, data: parse(recorded, schemas.HoldSettled, data) };
    case 'HoldReleased':
      return { type, data: parse(recorded, schemas.HoldReleased, data) };
    default:
      return decodePayment(recorded, type, data);
  }
}

function parseJson(recorded: RecordedEvent, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EventUndecodable(recorded.position, 'not JSON');
  }
}

import { crc32 } from 'node:zlib';
import { EventDamaged, type RecordedEvent } from '../../ports/event-store.js';

/** All an event consists of, in the order of {@link ROW_COLUMNS}. */
type EventCells = readonly [
  position: number,
  stream: string,
  type: string,
  recordedAt: number,
  data: string,
  metadata: string,
  revision: number,
  /** 32 hex digits in lower case, without the dashes of a UUID. */
  eventId: string,
];

/**
 * A stored event as it is read. The first six cells are what a fold of the log needs; the row is
 * handed on as it came, because copying costs.
 */
export type RawRow = readonly [...EventCells, checksum: number];

// The id is read as text: SQLite makes hex faster than a Buffer per row could be made.
export const ROW_COLUMNS =
  'position, stream, type, recorded_at, data, metadata, revision, lower(hex(event_id)), checksum';

/** Takes a {@link RawRow}. */
export const INSERT_EVENT = `INSERT INTO events
  (position, stream, type, recorded_at, data, metadata, revision, event_id, checksum)
  VALUES (?, ?, ?, ?, ?, ?, ?, unhex(?), ?)`;

/**
 * CRC-32 over everything an event consists of, as a signed 32-bit integer. The numbers and lengths
 * in front make the text unambiguous: no two different events have the same one.
 */
export function eventChecksum(event: readonly [...EventCells, ...unknown[]]): number {
  const [position, stream, type, recordedAt, data, metadata, revision, eventId] = event;
  const lengths = `${stream.length} ${type.length} ${data.length}`;
  const numbers = `${position} ${revision} ${recordedAt} ${eventId} ${lengths}`;
  return crc32(`${numbers}\n${stream}${type}${data}${metadata}`) | 0;
}

/** Whether a row has the types, the id and the checksum of an event that was stored here. */
export function isIntact(row: readonly unknown[]): row is RawRow {
  return isWellTyped(row) && row[8] === eventChecksum(row);
}

function isWellTyped(row: readonly unknown[]): row is RawRow {
  return (
    row.length === 9 &&
    typeof row[0] === 'number' &&
    typeof row[1] === 'string' &&
    typeof row[2] === 'string' &&
    typeof row[3] === 'number' &&
    typeof row[4] === 'string' &&
    typeof row[5] === 'string' &&
    typeof row[6] === 'number' &&
    typeof row[7] === 'string' &&
    row[7].length === 32
  );
}

/** @throws {EventDamaged} when the row is not what was stored */
export function intactRow(row: readonly unknown[]): RawRow {
  if (isIntact(row)) return row;
  throw new EventDamaged(positionOf(row), whatIsWrong(row));
}

/** The position a damaged row claims to have. */
export function positionOf(row: readonly unknown[]): bigint {
  const position = row[0];
  return typeof position === 'number' && Number.isInteger(position) ? BigInt(position) : 0n;
}

/** Why {@link isIntact} refused this row. */
export function whatIsWrong(row: readonly unknown[]): string {
  return isWellTyped(row)
    ? `the checksum of stream ${JSON.stringify(row[1])}, revision ${row[6]} does not match`
    : 'a column holds another type than was written';
}

/** @throws {EventDamaged} when the row is not what was stored */
export function recordedEvent(row: readonly unknown[]): RecordedEvent {
  const [position, stream, type, recordedAt, data, metadata, revision, hex] = intactRow(row);
  return {
    eventId: dashed(hex),
    type,
    data,
    metadata,
    stream,
    revision: BigInt(revision),
    position: BigInt(position),
    recordedAt,
  };
}

/** A UUID from its 32 hex digits. */
function dashed(hex: string): string {
  const head = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}`;
  return `${head}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 32 hex digits of a UUID. */
export function undashed(uuid: string): string {
  return uuid.replaceAll('-', '');
}

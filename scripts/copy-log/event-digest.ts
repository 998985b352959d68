import { createHash, hash } from 'node:crypto';
import type { RecordedEvent } from '../../shared/ports/event-store.js';

/**
 * The checksum of an event: SHA-256 over the UTF-8 of a JSON array without spaces of its id, stream,
 * revision, type, data, metadata (all as strings) and recorded time (a number, milliseconds since
 * 1970). The position is left out: each log has its own.
 */
function eventChecksum(event: Omit<RecordedEvent, 'position'>): Buffer {
  const { eventId, stream, revision, type, data, metadata, recordedAt } = event;
  const parts = [eventId, stream, revision.toString(), type, data, metadata, recordedAt];
  return hash('sha256', JSON.stringify(parts), 'buffer');
}

/** The checksum of a log: SHA-256 over the checksums of its events, in order. */
export class LogDigest {
  readonly #hash = createHash('sha256');

  add(event: RecordedEvent): void {
    this.#hash.update(eventChecksum(event));
  }

  /** In hexadecimal; nothing can be added after it. */
  result(): string {
    return this.#hash.digest('hex');
  }
}

import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent } from './esdb-event.js';
import type { EventFile } from './esdb-log.js';
import { recordedEvent, storedEvent } from './wire.js';

const LENGTH = 4;

/**
 * Keeps every append in a file, so that a killed server comes back with all it has answered. An
 * append cut short by a kill is dropped whole. It is not synced: this survives the process, not the
 * machine.
 */
export class AppendedFile implements EventFile {
  readonly stored: readonly StoredEvent[];
  readonly #file: number;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'events.esdb');
    this.#file = openSync(path, 'a+');
    const bytes = readFileSync(path);
    const stored: StoredEvent[] = [];
    let end = 0;
    for (const append of frames(bytes)) {
      for (const event of frames(append)) {
        stored.push(storedEvent(streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(event)));
      }
      end += LENGTH + append.length;
    }
    this.stored = stored;
    ftruncateSync(this.#file, end);
  }

  append(events: readonly StoredEvent[]): void {
    const framed = events.map((event) => frame(recordedEvent(event).serializeBinary()));
    const bytes = frame(Buffer.concat(framed));
    const written = writeSync(this.#file, bytes);
    if (written !== bytes.length) throw new Error('the file took only a part of an append');
  }

  close(): void {
    closeSync(this.#file);
  }
}

function frame(content: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** The contents of the whole frames; what is left of a last one that was cut short is not there. */
function* frames(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + LENGTH <= bytes.length;) {
    const start = at + LENGTH;
    at = start + bytes.readUInt32BE(at);
    if (at > bytes.length) return;
    yield bytes.subarray(start, at);
  }
}

import { randomUUID } from 'node:crypto';
import type { ProposedEvent, StoredEvent } from './esdb-event.js';
import {
  metaStreamOf,
  metadataEvent,
  readStreamMetadata,
  softDeleted,
  visibleFrom,
  withoutSoftDelete,
} from './stream-metadata.js';

export type Expected = bigint | 'no-stream' | 'any' | 'stream-exists';

export type Actual = bigint | 'no-stream';

export type AppendOutcome =
  | Readonly<{ kind: 'appended'; revision: Actual; position: bigint }>
  | Readonly<{ kind: 'wrong-version'; actual: Actual }>
  | Readonly<{ kind: 'deleted' }>;

export type StreamState =
  | Readonly<{ kind: 'there'; events: readonly StoredEvent[] }>
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'deleted' }>;

/** Where appended events are kept beyond the life of this process. */
export interface EventFile {
  readonly stored: readonly StoredEvent[];
  append(events: readonly StoredEvent[]): void;
}

/** The revision of a tombstone, and what a soft delete truncates before. */
export const DELETED = 2n ** 63n - 1n;

/**
 * A log with the rules of EventStoreDB: when an append counts as a repetition, what a delete leaves
 * behind, and positions that are places in a file.
 */
export class EsdbLog {
  readonly #all: StoredEvent[] = [];
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #tombstoned = new Set<string>();
  /** Where an id was stored last: all that "any revision" has to recognize a repetition by. */
  readonly #byId = new Map<string, StoredEvent>();
  readonly #followers = new Set<(events: readonly StoredEvent[]) => void>();
  readonly #now: () => number;
  readonly #file: EventFile | undefined;
  #end = 0n;

  /** @param now the server's clock, milliseconds since 1970 */
  constructor(now: () => number, file?: EventFile) {
    this.#now = now;
    this.#file = file;
    for (const event of file?.stored ?? []) this.#keep(event);
    if (this.#all.length > 0) return;
    this.#store('$epoch-information', [
      json('$epoch-information', { epochNumber: 0, epochPosition: 0 }),
    ]);
  }

  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): AppendOutcome {
    const decision = this.#decide(
      stream,
      expected,
      events.map(({ id }) => id),
    );
    if (decision.kind !== 'store') return decision;
    const wasSoftDeleted = this.#isSoftDeleted(stream);
    const next = this.#lastRevision(stream) + 1n;
    const original = stream.startsWith('$$') ? stream.slice(2) : undefined;
    const reopens = original !== undefined && this.#isSoftDeleted(original);
    const last = this.#store(stream, events).at(-1);
    if (wasSoftDeleted && last !== undefined) this.#undelete(stream, next);
    if (reopens) this.#undelete(original, this.#lastRevision(original) + 1n);
    return last === undefined
      ? { kind: 'appended', revision: this.#actual(stream), position: this.#end }
      : { kind: 'appended', revision: last.revision, position: last.position };
  }

  /** A soft delete; its position is that of the metadata that hides the events. */
  delete(stream: string, expected: Expected): AppendOutcome {
    const decision = this.#decide(stream, expected, [randomUUID()]);
    if (decision.kind !== 'store') return decision;
    const hidden = metadataEvent(randomUUID(), `{"$tb":${DELETED}}`);
    const [end] = this.#store(metaStreamOf(stream), [hidden]);
    return {
      kind: 'appended',
      revision: this.#actual(stream),
      position: end?.position ?? this.#end,
    };
  }

  tombstone(stream: string, expected: Expected): AppendOutcome {
    const decision = this.#decide(stream, expected, [randomUUID()]);
    if (decision.kind !== 'store') return decision;
    const [end] = this.#store(stream, [json('$streamDeleted', {})], DELETED);
    return { kind: 'appended', revision: DELETED, position: end?.position ?? this.#end };
  }

  /** What a read of the stream may see now. */
  stream(stream: string): StreamState {
    if (this.#tombstoned.has(stream)) return { kind: 'deleted' };
    const events = this.#streams.get(stream);
    if (events === undefined || this.#isSoftDeleted(stream)) return { kind: 'none' };
    const from = visibleFrom(stream, events, this.#metadata(stream), this.#ticks());
    return { kind: 'there', events: from === 0 ? events : events.slice(from) };
  }

  /** Every event in order of position; deleted ones stay until a scavenge, which is not here. */
  get all(): readonly StoredEvent[] {
    return this.#all;
  }

  /** The position the next event will have. */
  get end(): bigint {
    return this.#end;
  }

  /** Index in {@link all} of the first event at or above a position. */
  indexOf(position: bigint): number {
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#all[middle]?.position ?? position;
      if (at < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Tells of every append from now on, until the answered function is called. */
  follow(tell: (events: readonly StoredEvent[]) => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  #decide(
    stream: string,
    expected: Expected,
    ids: readonly string[],
  ): Readonly<{ kind: 'store' }> | AppendOutcome {
    if (this.#tombstoned.has(stream)) return { kind: 'deleted' };
    const current = this.#lastRevision(stream);
    if (expected === 'stream-exists' && current < 0n) {
      const hasMetadata = this.#lastRevision(metaStreamOf(stream)) >= 0n;
      if (!hasMetadata) return this.#wrongVersion(stream);
    }
    if (expected === 'any' || expected === 'stream-exists') return this.#decideById(stream, ids);
    const after = expected === 'no-stream' ? -1n : expected;
    if (after > current) return this.#wrongVersion(stream);
    if (after === current) return { kind: 'store' };
    return this.#decideRepetition(stream, expected, after, ids);
  }

  /** With no revision to go by, only ids that were all stored in this stream are a repetition. */
  #decideById(stream: string, ids: readonly string[]): Readonly<{ kind: 'store' }> | AppendOutcome {
    let last: StoredEvent | undefined;
    for (const [index, id] of ids.entries()) {
      const found = this.#byId.get(id);
      if (found?.stream !== stream) {
        return index === 0 ? { kind: 'store' } : this.#wrongVersion(stream);
      }
      last = found;
    }
    return last === undefined ? { kind: 'store' } : repeated(last);
  }

  /** A repetition has the same ids at the same revisions; of type and data nobody asks. */
  #decideRepetition(
    stream: string,
    expected: Expected,
    after: bigint,
    ids: readonly string[],
  ): Readonly<{ kind: 'store' }> | AppendOutcome {
    const events = this.#streams.get(stream) ?? [];
    let last: StoredEvent | undefined;
    for (const [index, id] of ids.entries()) {
      const found = events[Number(after) + 1 + index];
      if (found?.id !== id) {
        const isNew = index === 0 && expected === 'no-stream' && this.#isSoftDeleted(stream);
        return isNew ? { kind: 'store' } : this.#wrongVersion(stream);
      }
      last = found;
    }
    return last === undefined ? this.#wrongVersion(stream) : repeated(last);
  }

  #store(
    stream: string,
    events: readonly ProposedEvent[],
    revision = this.#lastRevision(stream) + 1n,
  ): readonly StoredEvent[] {
    const created = this.#ticks();
    let position = this.#end;
    const stored = events.map((event, index) => {
      const one = { ...event, stream, revision: revision + BigInt(index), position, created };
      position += sizeOf(one);
      return one;
    });
    if (stored.length === 0) return stored;
    this.#file?.append(stored);
    for (const event of stored) this.#keep(event);
    for (const tell of [...this.#followers]) tell(stored);
    return stored;
  }

  #keep(event: StoredEvent): void {
    this.#all.push(event);
    this.#byId.set(event.id, event);
    this.#end = event.position + sizeOf(event);
    if (event.revision === DELETED) {
      this.#tombstoned.add(event.stream);
      return;
    }
    const events = this.#streams.get(event.stream);
    if (events === undefined) this.#streams.set(event.stream, [event]);
    else events.push(event);
  }

  #undelete(stream: string, from: bigint): void {
    const text = withoutSoftDelete(this.#metadataEvent(stream), from);
    this.#store(metaStreamOf(stream), [metadataEvent(randomUUID(), text)]);
  }

  #isSoftDeleted(stream: string): boolean {
    return softDeleted(this.#metadata(stream));
  }

  #metadata(stream: string): ReturnType<typeof readStreamMetadata> {
    return readStreamMetadata(this.#metadataEvent(stream));
  }

  #metadataEvent(stream: string): StoredEvent | undefined {
    return this.#streams.get(metaStreamOf(stream))?.at(-1);
  }

  #lastRevision(stream: string): bigint {
    return BigInt(this.#streams.get(stream)?.length ?? 0) - 1n;
  }

  #actual(stream: string): Actual {
    const last = this.#lastRevision(stream);
    return last < 0n ? 'no-stream' : last;
  }

  #wrongVersion(stream: string): AppendOutcome {
    return { kind: 'wrong-version', actual: this.#actual(stream) };
  }

  #ticks(): bigint {
    return BigInt(this.#now()) * 10_000n;
  }
}

/** What an event takes in an append, as the limit on its size counts. */
export function appendSize({ type, data, metadata }: ProposedEvent): number {
  return data.length + metadata.length + type.length * 2;
}

function repeated({ revision, position }: StoredEvent): AppendOutcome {
  return { kind: 'appended', revision, position };
}

/** About what a record takes in a true log file; all that matters is that it is never nothing. */
function sizeOf({ stream, type, data, metadata }: StoredEvent): bigint {
  return BigInt(92 + stream.length + type.length + data.length + metadata.length);
}

function json(type: string, data: object): ProposedEvent {
  return {
    id: randomUUID(),
    type,
    contentType: 'application/json',
    data: Buffer.from(JSON.stringify(data)),
    metadata: new Uint8Array(),
  };
}

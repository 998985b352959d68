import type { AppendResult, ExpectedRevision, NewEvent } from '../../ports/event-store.js';
import { AppendTooLarge, MAX_APPEND_BYTES } from '../../ports/event-store.js';
import { ANSWER_LENGTH, APPENDED, type AppendBatch } from './event-messages.js';

/** Appends of one tick on their way to the writer thread, and those who wait for their answers. */
export class Outbox {
  readonly batch: AppendBatch;
  readonly #resolve: ((result: AppendResult) => void)[] = [];
  readonly #reject: ((reason: unknown) => void)[] = [];

  constructor(now: number | undefined) {
    this.batch = {
      kind: 'append',
      now,
      streams: [],
      expected: [],
      counts: [],
      eventIds: [],
      types: [],
      data: [],
      metadata: [],
    };
  }

  /** Number of events put so far. */
  get events(): number {
    return this.batch.eventIds.length;
  }

  put(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const { batch } = this;
    batch.streams.push(stream);
    batch.expected.push(expected === 'no-stream' ? -1 : Number(expected));
    batch.counts.push(events.length);
    for (const event of events) {
      batch.eventIds.push(event.eventId);
      batch.types.push(event.type);
      batch.data.push(event.data);
      batch.metadata.push(event.metadata);
    }
    return new Promise((resolve, reject) => {
      this.#resolve.push(resolve);
      this.#reject.push(reject);
    });
  }

  /** Settles every append from its numbers in `answers`. @returns where the next batch's begin */
  settle(answers: Float64Array, from: number): number {
    let at = from;
    for (const resolve of this.#resolve) {
      resolve(resultAt(answers, at));
      at += ANSWER_LENGTH;
    }
    return at;
  }

  fail(reason: Error): void {
    for (const reject of this.#reject) reject(reason);
  }
}

function resultAt(answers: Float64Array, at: number): AppendResult {
  const revision = number(answers, at + 1);
  if (number(answers, at) === APPENDED) {
    return {
      kind: 'appended',
      revision: BigInt(revision),
      position: BigInt(number(answers, at + 2)),
      recordedAt: number(answers, at + 3),
    };
  }
  return { kind: 'conflict', actual: revision === -1 ? 'no-stream' : BigInt(revision) };
}

function number(answers: Float64Array, at: number): number {
  const value = answers[at];
  if (value === undefined) throw new RangeError('the writer answered for fewer appends than asked');
  return value;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;

/** Why an append cannot be stored as it is; undefined: it can. */
export function refusalOf(
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): Error | undefined {
  if (events.length === 0) return new RangeError('an append needs at least one event');
  if (stream === '') return new RangeError('a stream needs a name');
  if (expected !== 'no-stream' && expected < 0n) return new RangeError('revisions start at 0');
  if (Number.isNaN(utf8Bytes(stream))) return noText();
  let bytes = 0;
  for (const { eventId, type, data, metadata } of events) {
    if (!UUID.test(eventId)) return new TypeError(`not a UUID in lower case: ${eventId}`);
    bytes += UUID_BYTES + utf8Bytes(type) + utf8Bytes(data) + utf8Bytes(metadata);
  }
  if (Number.isNaN(bytes)) return noText();
  if (bytes <= MAX_APPEND_BYTES) return undefined;
  return new AppendTooLarge(`${bytes} bytes in one append, at most ${MAX_APPEND_BYTES} go`);
}

function noText(): TypeError {
  return new TypeError('text with half a surrogate pair has no UTF-8');
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Length in UTF-8; NaN where half a surrogate pair would come back as another character. */
function utf8Bytes(text: string): number {
  const bytes = Buffer.byteLength(text, 'utf8');
  // As many bytes as characters: all of it is ASCII, and needs no second look.
  return bytes !== text.length && LONE_SURROGATE.test(text) ? NaN : bytes;
}

import type { Placed } from './producer-link.js';

/** What one message takes beside its texts: lengths, attributes, time. Generous. */
const RECORD_BYTES = 48;
const HEADER_BYTES = 10;
/** What a batch takes beside its messages. */
const BATCH_BYTES = 96;
/** The client copies the list of a partition once for each message of it. */
const MOST_IN_PARTITION = 1_000;

/** A message on its way, with its place in the call. */
export type Queued = Placed & Readonly<{ index: number; bytes: number }>;

/** Bytes of the texts of a message: it cannot take less. */
export function leastBytes({ message }: Placed): number {
  let bytes = Buffer.byteLength(message.key) + Buffer.byteLength(message.value);
  for (const [name, value] of Object.entries(message.headers)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + HEADER_BYTES;
  }
  return bytes;
}

/** Most bytes of a batch, which is what one partition gets, and of a round. */
export type Limits = Readonly<{ batch: number; round: number }>;

/**
 * Cuts messages into rounds: what may be sent together, so that no partition gets more than one
 * batch, and each gets its messages in order. A message above the limit goes alone. The limits are
 * asked for before every round.
 */
export function* rounds(
  messages: readonly Queued[],
  limits: () => Limits,
): Generator<readonly Queued[], void, void> {
  let left = messages;
  while (left.length > 0) {
    const round = new Round(limits());
    const later = left.filter((message) => !round.takes(message));
    yield round.messages;
    left = later;
  }
}

class Round {
  readonly messages: Queued[] = [];
  readonly #filled = new Map<string, { bytes: number; count: number }>();
  /** Partitions that had to leave one out: what follows has to wait behind it. */
  readonly #full = new Set<string>();
  #bytes = 0;

  constructor(private readonly limits: Limits) {}

  takes(queued: Queued): boolean {
    const partition = `${queued.message.topic}/${queued.partition}`;
    if (this.#full.has(partition)) return false;
    const filled = this.#filled.get(partition) ?? { bytes: BATCH_BYTES, count: 0 };
    const bytes = queued.bytes + RECORD_BYTES;
    const fits =
      filled.count === 0 ||
      (filled.count < MOST_IN_PARTITION && filled.bytes + bytes <= this.limits.batch);
    const hasRoom = this.messages.length === 0 || this.#bytes + bytes <= this.limits.round;
    if (!fits || !hasRoom) {
      this.#full.add(partition);
      return false;
    }
    filled.bytes += bytes;
    filled.count++;
    this.#filled.set(partition, filled);
    this.#bytes += bytes;
    this.messages.push(queued);
    return true;
  }
}

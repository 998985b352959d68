import { z } from 'zod';
import type { ProposedEvent, StoredEvent } from './esdb-event.js';

/** What the metadata of a stream says about which of its events are still to be seen. */
export type StreamMetadata = Readonly<{
  /** Events before this revision are hidden. */
  truncateBefore: number;
  maxCount: number;
  /** Seconds. */
  maxAge: number;
}>;

const asStored = z.looseObject({
  $tb: z.number().optional(),
  $maxCount: z.number().optional(),
  $maxAge: z.number().optional(),
});

const NOTHING: StreamMetadata = { truncateBefore: 0, maxCount: Infinity, maxAge: Infinity };
/** A soft delete truncates before 2^63 − 1, which JSON numbers round up to this. */
const EVERYTHING = 2 ** 63;

/** The metadata of a stream is the last event of this one. */
export function metaStreamOf(stream: string): string {
  return `$$${stream}`;
}

/** Metadata that cannot be read hides nothing. */
export function readStreamMetadata(event: StoredEvent | undefined): StreamMetadata {
  const parsed = asStored.safeParse(contentOf(event));
  if (!parsed.success) return NOTHING;
  const { $tb = 0, $maxCount = Infinity, $maxAge = Infinity } = parsed.data;
  return { truncateBefore: $tb, maxCount: $maxCount, maxAge: $maxAge };
}

export function softDeleted({ truncateBefore }: StreamMetadata): boolean {
  return truncateBefore >= EVERYTHING;
}

/** The same metadata, but hiding only what is before a revision. */
export function withoutSoftDelete(event: StoredEvent | undefined, from: bigint): string {
  const content = asStored.safeParse(contentOf(event));
  return JSON.stringify({ ...(content.success ? content.data : {}), $tb: Number(from) });
}

export function metadataEvent(id: string, text: string): ProposedEvent {
  return {
    id,
    type: '$metadata',
    contentType: 'application/json',
    data: Buffer.from(text),
    metadata: new Uint8Array(),
  };
}

/** Index of the first event of a stream that a read may see. */
export function visibleFrom(
  stream: string,
  events: readonly StoredEvent[],
  { truncateBefore, maxCount, maxAge }: StreamMetadata,
  ticks: bigint,
): number {
  // Of metadata only the last is ever seen.
  const atMost = stream.startsWith('$$') ? 1 : maxCount;
  const from = Math.max(truncateBefore, events.length - atMost, 0);
  if (maxAge === Infinity) return from;
  const oldest = ticks - BigInt(maxAge) * 10_000_000n;
  const young = events.findIndex(({ created }) => created >= oldest);
  return Math.max(from, young < 0 ? events.length : young);
}

function contentOf(event: StoredEvent | undefined): unknown {
  if (event === undefined) return {};
  try {
    return JSON.parse(Buffer.from(event.data).toString());
  } catch {
    return undefined;
  }
}

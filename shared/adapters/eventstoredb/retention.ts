import { z } from 'zod';
import type { WireEvent } from './wire.js';

const asMetadata = z.looseObject({
  $maxAge: z.unknown().optional(),
  $maxCount: z.unknown().optional(),
  $tb: z.unknown().optional(),
});

const SETTINGS = ['$maxAge', '$maxCount', '$tb'] as const;

/** What the metadata of one of our streams lets the server forget; `setting` undefined: nothing. */
export type Truncation = Readonly<{ stream: string; setting: string | undefined }>;

/** Undefined: the event is not metadata of one of our streams. */
export function truncationOf(event: WireEvent): Truncation | undefined {
  const { stream: metaStream, type } = event;
  if (type !== '$metadata' || !metaStream.startsWith('$$')) return undefined;
  const stream = metaStream.slice(2);
  if (stream.startsWith('$')) return undefined;
  return { stream, setting: settingIn(metadataIn(event)) };
}

/** The metadata of a stream, as it is written in an event; undefined: it is no JSON. */
export function metadataIn({ data }: WireEvent): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function settingIn(given: unknown): string | undefined {
  const metadata = asMetadata.safeParse(given);
  if (!metadata.success) return undefined;
  return SETTINGS.find((setting) => (metadata.data[setting] ?? 0) !== 0);
}

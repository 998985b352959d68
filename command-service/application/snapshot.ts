import { hash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import type { EventStore } from '../../shared/ports/event-store.js';
import { Knowledge, snapshotSchema } from './knowledge.js';

/** Knowledge up to a position of one certain log: the event there has this id. */
export type Snapshot = Readonly<{ position: bigint; eventId: string; knowledge: Knowledge }>;

/** Version of what is known, not of the file alone: raise it when more is to be known. */
const VERSION = 2;

const bodySchema = z.strictObject({
  version: z.literal(VERSION),
  position: z.string().regex(/^\d+$/),
  eventId: z.string(),
  knowledge: snapshotSchema,
});
const fileSchema = z.strictObject({ checksum: z.string(), body: z.string() });

/** Writes a snapshot beside the old one and puts it in its place, so that a crash leaves either. */
export async function saveSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  const { position, eventId, knowledge } = snapshot;
  const body = JSON.stringify({
    version: VERSION,
    position: String(position),
    eventId,
    knowledge: knowledge.toJSON(),
  });
  const beside = `${path}.${process.pid}.tmp`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(JSON.stringify({ checksum: checksum(body), body }));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

/**
 * Reads a snapshot. It is only a cache: one that is missing, damaged, of another version or of
 * another log is none.
 */
export async function loadSnapshot(path: string, store: EventStore): Promise<Snapshot | undefined> {
  try {
    const file = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    if (checksum(file.body) !== file.checksum) return undefined;
    const body = bodySchema.parse(JSON.parse(file.body));
    const position = BigInt(body.position);
    const [event] = await store.readAt([position]);
    if (event?.eventId !== body.eventId) return undefined;
    return { position, eventId: body.eventId, knowledge: Knowledge.fromJSON(body.knowledge) };
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return hash('sha256', text, 'hex');
}

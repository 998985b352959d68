import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AppendCalls } from './append-calls.js';
import type { Reads } from './reads.js';
import { metadataIn, truncationOf } from './retention.js';
import type { Place, WireEvent } from './wire.js';

const PAGE = 1000;

/** Streams of the ledger that the server was told to forget events of. */
export class StreamsTruncated extends Error {
  override readonly name = 'StreamsTruncated';
  constructor(readonly settings: ReadonlyMap<string, string>) {
    const some = [...settings].slice(0, 10).map(([stream, setting]) => `${stream} (${setting})`);
    super(
      `${settings.size} streams may lose events or have lost some: ${some.join(', ')}; ` +
        'a ledger keeps all of them: remove the settings and restore what is gone',
    );
  }
}

/** Its metadata is ours to use; the stream itself has no events. */
const CHECKS = '$$sagae-checks';

const asCheck = z.looseObject({ retentionCheckedTo: z.string().regex(/^\d{1,19}$/) });

/**
 * Refuses a log where the server may forget events: looks through the metadata of all streams. How
 * far that was done is kept in the log itself, so that the next start goes on from there.
 *
 * @param calls to keep it with; undefined: it is not kept
 * @throws {StreamsTruncated}
 */
export async function checkRetention(
  reads: Reads,
  calls: Pick<AppendCalls, 'append'> | undefined,
): Promise<void> {
  const head = await reads.head();
  const last = await reads.lastOf(CHECKS);
  const done = checkedTo(last);
  const truncated = await truncatedSince(reads, done);
  if (truncated.size > 0) throw new StreamsTruncated(truncated);
  if (calls !== undefined && head > done) await remember(calls, head, last);
}

function checkedTo(last: WireEvent | undefined): bigint {
  if (last === undefined) return 0n;
  const check = asCheck.safeParse(metadataIn(last));
  return check.success ? BigInt(check.data.retentionCheckedTo) : 0n;
}

async function truncatedSince(reads: Reads, position: bigint): Promise<Map<string, string>> {
  const truncated = new Map<string, string>();
  for (let from: Place = position === 0n ? 'start' : position; ;) {
    const page = await reads.ofType('$metadata', from, PAGE);
    for (const event of page) {
      const { stream, setting } = truncationOf(event) ?? {};
      if (stream === undefined) continue;
      // The newest metadata of a stream is what counts.
      if (setting === undefined) truncated.delete(stream);
      else truncated.set(stream, setting);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return truncated;
    from = last.position;
  }
}

/** Whatever comes of it: at worst the next start looks through more than it has to. */
async function remember(
  calls: Pick<AppendCalls, 'append'>,
  head: bigint,
  last: WireEvent | undefined,
): Promise<void> {
  const check = {
    eventId: randomUUID(),
    type: '$metadata',
    data: JSON.stringify({ retentionCheckedTo: head.toString() }),
    metadata: '{}',
  };
  await calls.append(CHECKS, last?.revision ?? 'no-stream', [check]).catch(() => undefined);
}

import { knownDayNumber } from '../../shared/ledger/day.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { ACCOUNTS_VIEW } from '../../shared/views/accounts.js';
import { instantPosition, instantsTable, JOURNAL_VIEW } from '../../shared/views/journal.js';
import { isOfLog } from '../../shared/views/last-event.js';
import { QueryRefused, type AnsweredAsOf, type AsOf } from './answers.js';
import type { QueryParts } from './parts.js';

/** The legs an answer takes account of: those up to a day, recorded up to a position. */
export type Cut = Readonly<{
  /** Day number; null: any day. */
  through: number | null;
  position: bigint;
}>;

/** Position up to which both the journal and the chart of accounts are complete. */
export async function ledgerCheckpoint(reader: ViewReader): Promise<bigint> {
  const journal = await reader.checkpoint(JOURNAL_VIEW);
  const accounts = await reader.checkpoint(ACCOUNTS_VIEW);
  return journal < accounts ? journal : accounts;
}

/**
 * {@link ledgerCheckpoint}, of views that were made from this log.
 * @throws {StoreUnavailable} they were made from another, so their figures are not ours
 */
export async function ownCheckpoint(parts: QueryParts, reader: ViewReader): Promise<bigint> {
  const checkpoint = await reader.checkpoint(JOURNAL_VIEW);
  if (!(await isOfLog(parts.log, reader, { view: JOURNAL_VIEW, checkpoint }))) {
    throw new StoreUnavailable('the views are of another log; rebuild them');
  }
  return ledgerCheckpoint(reader);
}

/**
 * What a question asks for in terms of the log.
 * @throws {QueryRefused} `known` is in the future, or not yet in the views
 */
export async function cutOf(
  parts: QueryParts,
  reader: ViewReader,
  { effective, known }: AsOf,
): Promise<Readonly<{ cut: Cut; answered: AnsweredAsOf }>> {
  const position = await knownPosition(parts, reader, known);
  const through = effective === undefined ? null : knownDayNumber(effective);
  return {
    cut: { through, position },
    answered: { effective: effective ?? null, known: knownText(known), position },
  };
}

/** How an answer repeats the `known` it was asked: an RFC 3339 instant or `position:N`. */
export function knownText(known: AsOf['known']): string | null {
  if (known === undefined) return null;
  if ('position' in known) return `position:${known.position}`;
  return new Date(known.instant).toISOString();
}

async function knownPosition(
  parts: QueryParts,
  reader: ViewReader,
  known: AsOf['known'],
): Promise<bigint> {
  const checkpoint = await ownCheckpoint(parts, reader);
  if (known === undefined) return checkpoint;
  if ('position' in known) {
    if (known.position > checkpoint) await refuseUnreached(parts, known.position);
    return known.position;
  }
  if (known.instant > parts.clock()) throw refuse(known, 'it is in the future');
  const [next] = await parts.log.readAll(checkpoint, 1);
  // What the views lack would belong to the answer, and be in it when asked again later.
  if (next !== undefined && next.recordedAt <= known.instant) throw behind(known);
  const position = await positionAt(reader, Math.floor(known.instant));
  return position < checkpoint ? position : checkpoint;
}

/** The last position recorded at or before an instant; 0 when there was none. */
async function positionAt(reader: ViewReader, instant: number): Promise<bigint> {
  const [row] = await reader.scan(instantsTable, {
    index: 'key',
    prefix: [],
    to: [BigInt(instant)],
    reverse: true,
    limit: 1,
  });
  return row === undefined ? 0n : instantPosition(row);
}

async function refuseUnreached(parts: QueryParts, position: bigint): Promise<never> {
  const known = { position };
  if (position > (await parts.log.head())) throw refuse(known, 'the log does not reach that far');
  throw behind(known);
}

function behind(known: NonNullable<AsOf['known']>): QueryRefused {
  const reason = 'the views have not come that far yet';
  return new QueryRefused('READ_MODEL_BEHIND', 'known', knownText(known) ?? '', reason);
}

/** The refusal of a `known` that cannot be answered, now or ever. */
export function refuse(known: NonNullable<AsOf['known']>, reason: string): QueryRefused {
  return new QueryRefused('VALIDATION_FAILED', 'known', knownText(known) ?? '', reason);
}

import { encodeData, encodeMetadata } from '../../shared/events/codec.js';
import type { EventMetadata, LedgerEvent } from '../../shared/events/event.js';
import { CURRENT_VERSION } from '../../shared/events/upcast.js';
import type { Day } from '../../shared/ledger/day.js';
import type { NewEvent } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import type { CommandContext } from './ledger.js';

/** The command an event comes from: all that its metadata says beside the version. */
export type Origin = Readonly<{
  commandId: string;
  context: CommandContext;
  effectiveDate: Day;
  occurredAt?: number | undefined;
  fingerprint?: string | undefined;
}>;

/** The metadata of an event that comes from a command. */
export function metadataOf(event: LedgerEvent, origin: Origin): EventMetadata {
  const { commandId, context, effectiveDate, occurredAt, fingerprint } = origin;
  const { actor, correlationId, causationId = commandId, traceparent } = context;
  return {
    schemaVersion: CURRENT_VERSION[event.type],
    commandId,
    correlationId,
    causationId,
    actor,
    effectiveDate,
    ...(occurredAt === undefined ? undefined : { occurredAt }),
    ...(traceparent === undefined ? undefined : { traceparent }),
    ...(fingerprint === undefined ? undefined : { fingerprint }),
  };
}

/**
 * The event as it goes into the log. Its id is new at every decision, and deliberately not derived
 * from the command: EventStoreDB answers *success* to an id it has seen and drops the data, so a
 * derived id would pass off another request with the same key as done.
 */
export function newEvent(event: LedgerEvent, origin: Origin, ids: Ids): NewEvent {
  const metadata = encodeMetadata(metadataOf(event, origin));
  return { eventId: ids(), type: event.type, data: encodeData(event), metadata };
}

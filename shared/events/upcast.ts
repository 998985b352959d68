import type { RecordedEvent } from '../ports/event-store.js';
import type { LedgerEvent } from './event.js';

/** The version this program writes of each type. A golden file holds every version ever written. */
export const CURRENT_VERSION: Readonly<Record<LedgerEvent['type'], number>> = {
  AccountDeclared: 1,
  EntryPosted: 1,
  EntryClaimed: 1,
  HoldPlaced: 1,
  HoldSettled: 1,
  HoldReleased: 1,
  OrderClaimed: 1,
  PaymentRequested: 1,
  AttemptStarted: 1,
  PaymentAuthorized: 1,
  AttemptDeclined: 1,
  CaptureStarted: 1,
  PaymentCaptured: 1,
  CaptureFailed: 1,
  VoidStarted: 1,
  PaymentVoided: 1,
  VoidFailed: 1,
  AuthorizationExpired: 1,
  RefundRequested: 1,
  RefundSucceeded: 1,
  RefundFailed: 1,
  OutcomeUnknown: 1,
  OutcomeNotFound: 1,
  AnswerContradicted: 1,
  PaymentAbandoned: 1,
};

/** The event cannot be read by this program: it is to be parked, never passed on. */
export class EventUndecodable extends Error {
  override readonly name = 'EventUndecodable';
  constructor(
    readonly position: bigint,
    readonly reason: string,
  ) {
    super(`event at position ${position} cannot be decoded: ${reason}`);
  }
}

/** An event's data in the shape of some version of some type. */
type Versioned = Readonly<{ type: string; data: unknown }>;

/** Takes data of one version to the next. Pure and total: it renames and defaults, never invents. */
type Upcaster = (event: Versioned) => Versioned;

/** `Type@version` → the step to `version + 1`. Empty until a second version of a type exists. */
const UPCASTERS: ReadonlyMap<string, Upcaster> = new Map();

/**
 * Brings an event's data to the current version of its type.
 * @throws {EventUndecodable} the type is unknown, or the version is from the future
 */
export function upcast(
  recorded: RecordedEvent,
  schemaVersion: number,
  data: unknown,
  current: Readonly<Record<string, number>> = CURRENT_VERSION,
  upcasters: ReadonlyMap<string, Upcaster> = UPCASTERS,
): Versioned {
  let event: Versioned = { type: recorded.type, data };
  for (let version = schemaVersion; ; version++) {
    // Own properties only: `constructor` is no type of ours.
    const latest = Object.hasOwn(current, event.type) ? current[event.type] : undefined;
    if (latest === undefined) {
      throw new EventUndecodable(recorded.position, `unknown type ${event.type}`);
    }
    if (version === latest) return event;
    const step = upcasters.get(`${event.type}@${version}`);
    if (version > latest || step === undefined) {
      throw new EventUndecodable(
        recorded.position,
        `version ${version} of ${event.type} is unknown; this program knows up to ${latest}`,
      );
    }
    event = step(event);
  }
}

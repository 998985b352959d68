import { encodeData, encodeMetadata } from '../../shared/events/codec.js';
import type { EventMetadata, LedgerEvent } from '../../shared/events/event.js';
import { isPaymentEvent } from '../../shared/events/payment.js';
import { formatDay, type Day } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import {
  evolvePayment,
  NO_PAYMENT,
  type Payment,
  type PaymentStream,
} from '../../shared/payments/payment.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore, NewEvent } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import { assertCaps, paymentDecider, type PaymentCommand } from '../domain/payment.js';
import { refuse, type Refusal } from '../domain/refusal.js';
import { handle, type Appended, type Plan } from './handle.js';
import type { PaymentStates } from './payment-states.js';
import { paymentStream } from './payment-watch.js';
import { metadataOf, type Origin } from './record.js';
import { Turns } from './turns.js';

/** Where the events of a command come from; its accounting day is found when it is decided. */
export type PaymentOrigin = Omit<Origin, 'effectiveDate'>;

export type Decided =
  | Readonly<{ kind: 'appended'; state: PaymentStream; events: readonly LedgerEvent[] }>
  | Readonly<{ kind: 'repeated'; state: PaymentStream }>
  | Readonly<{ kind: 'refused'; refusal: Refusal; state: PaymentStream }>
  /** The caller meant another revision. */
  | Readonly<{ kind: 'mismatch'; state: PaymentStream }>;

export type DecideOptions = Readonly<{
  /** The stream is most likely not there yet, so it is not read before the first try. */
  expectNew?: boolean;
  /** Whether the caller's condition (If-Match) allows this revision. */
  ifRevision?: (revision: bigint | undefined) => boolean;
}>;

/** An event to append, with its metadata before they became text. */
type Draft = Readonly<{ event: LedgerEvent; metadata: EventMetadata; stored: NewEvent }>;

/** Decides commands on payments and appends what they lead to. */
export class PaymentCommands {
  readonly #turns = new Turns();

  constructor(
    readonly ports: Readonly<{
      store: EventStore;
      clock: Clock;
      ids: Ids;
      zone: string;
      random: () => number;
      pause: (milliseconds: number) => Promise<void>;
      states: PaymentStates;
    }>,
  ) {}

  /**
   * Decides one command on the newest state that matters: a refusal or a repetition is never
   * answered from a state that may be out of date.
   */
  decide(
    id: string,
    command: PaymentCommand,
    origin: PaymentOrigin | ((state: PaymentStream) => PaymentOrigin),
    options: DecideOptions = {},
  ): Promise<Decided> {
    return this.#turns.run(id, () => this.#decide(id, command, origin, options));
  }

  async #decide(
    id: string,
    command: PaymentCommand,
    origin: PaymentOrigin | ((state: PaymentStream) => PaymentOrigin),
    { expectNew = false, ifRevision }: DecideOptions,
  ): Promise<Decided> {
    const { states, clock } = this.ports;
    let fresh = false;
    const source = {
      stream: paymentStream(id),
      read: async () => {
        const remembered = states.remembered(id);
        if (remembered !== undefined) return remembered;
        if (expectNew) return { state: NO_PAYMENT, revision: -1n };
        fresh = true;
        return states.read(id);
      },
      refresh: (folded: { state: PaymentStream; revision: bigint }) => {
        fresh = true;
        return states.refresh(id, folded);
      },
    };
    const handled = await handle<PaymentStream, Decided>(
      source,
      ({ state, revision }): Plan<Decided> => {
        if (ifRevision !== undefined && !fresh) return { kind: 'refresh' };
        const decision = paymentDecider.decide(command, state, { now: clock() });
        if (decision.kind !== 'accepted' && !fresh) return { kind: 'refresh' };
        switch (decision.kind) {
          case 'refused':
            return answer({ kind: 'refused', refusal: decision.refusal, state });
          case 'repeated':
            return answer({ kind: 'repeated', state });
          case 'accepted': {
            const { events } = decision;
            if (ifRevision?.(revision < 0n ? undefined : revision) === false) {
              return answer({ kind: 'mismatch', state });
            }
            const from = typeof origin === 'function' ? origin(state) : origin;
            const drafts = this.#draft(events, from, state);
            assertLegal(state, drafts, revision);
            return {
              kind: 'append',
              events: drafts.map(({ stored }) => stored),
              appended: (result) => {
                const after = fold(state, drafts, result);
                states.remember(id, { state: after, revision: result.revision });
                return { kind: 'appended', state: after, events };
              },
            };
          }
        }
      },
      this.ports,
    );
    if (handled.kind === 'handled') return handled.outcome;
    return { kind: 'refused', refusal: contention(), state: NO_PAYMENT };
  }

  /** The accounting day of a command: never before that of the payment's last event. */
  #day(state: PaymentStream): Day {
    const { clock, zone } = this.ports;
    const today = formatDay(ledgerDay(clock(), zone));
    return state.kind === 'payment' && state.day > today ? state.day : today;
  }

  /** Each event of one decision is caused by the one before it, the first by the command. */
  #draft(
    events: readonly LedgerEvent[],
    origin: PaymentOrigin,
    state: PaymentStream,
  ): readonly Draft[] {
    const effectiveDate = this.#day(state);
    let { context } = origin;
    return events.map((event) => {
      const metadata = metadataOf(event, { ...origin, context, effectiveDate });
      const eventId = this.ports.ids();
      context = { ...context, causationId: eventId };
      const data = encodeData(event);
      const stored = { eventId, type: event.type, data, metadata: encodeMetadata(metadata) };
      return { event, metadata, stored };
    });
  }
}

function answer(outcome: Decided): Plan<Decided> {
  return { kind: 'answer', outcome };
}

/** Nothing is appended that leads to a state that must not be. */
function assertLegal(state: PaymentStream, drafts: readonly Draft[], revision: bigint): void {
  const last = revision + BigInt(drafts.length);
  const after = fold(state, drafts, { revision: last, position: 0n, recordedAt: 0 });
  if (after.kind === 'payment') assertCaps(after);
}

function fold(
  before: PaymentStream,
  drafts: readonly Draft[],
  { revision, position, recordedAt }: Pick<Appended, 'revision' | 'position' | 'recordedAt'>,
): PaymentStream {
  const first = revision - BigInt(drafts.length) + 1n;
  return drafts.reduce((state, { event, metadata, stored: { eventId } }, index) => {
    if (!isPaymentEvent(event)) throw new Error(`${event.type} is no event of a payment`);
    // Of one append only the position of the last event is known, and only that one is kept.
    const place = { revision: first + BigInt(index), position, recordedAt };
    return evolvePayment(state, { event, metadata, eventId, ...place });
  }, before);
}

function contention(): Refusal {
  return refuse('CONTENTION', 'others changed this payment again and again; nothing was stored');
}

/** The payment in a stream where there must be one. */
export function paymentIn(state: PaymentStream): Payment {
  if (state.kind === 'payment') return state;
  throw new Error('the stream holds no payment');
}

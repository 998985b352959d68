import type { Clock } from '../../ports/clock.js';
import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
  RefundRequest,
} from '../../ports/payment-gateway.js';
import { isFileFault } from './book-file.js';
import { isExpired, SimulatorBook, type Processed, type SimulatorRecord } from './book.js';
import { declineOf } from './declines.js';
import { aborted, GAVE_UP, pauseFor, type Pause } from './pause.js';
import { behaviourOf, type Behaviour, type Fate } from './token.js';
import { rawOf, toJson, type CallBody, type InquiryBody, type Outage } from './wire.js';

export type OpenSimulator = Readonly<{
  /** Its book, made if absent. Several simulators, also of several processes, may share it. */
  file: string;
  clock: Clock;
  /**
   * A request that is not in the book so many ms after it was sent will never be: the latest that
   * `tok_late` is. Default: 60,000.
   */
  settlesAfterMs?: number;
  /** How it waits before a slow answer. Default: by the system's timer. */
  pause?: Pause;
}>;

/** A call with the name of what it asks for. */
export type SimulatorCall =
  | (AuthorizeRequest & Readonly<{ kind: 'authorize' }>)
  | (FollowUpRequest & Readonly<{ kind: 'capture' | 'void' }>)
  | (RefundRequest & Readonly<{ kind: 'refund' }>);

/** What becomes of a call, the book's part being done. */
export type Served =
  | Readonly<{ kind: 'answered'; afterMs: number; body: CallBody }>
  | Exclude<Fate, { kind: 'answered' }>;

/** What an inquiry meets. */
export type Told =
  Readonly<{ kind: 'answered'; body: InquiryBody }> | Readonly<{ kind: 'silent' | 'unavailable' }>;

const SETTLES_AFTER_MS = 60_000;

/**
 * Opens a simulated gateway that remembers for ever.
 * @throws when its file cannot be opened
 */
export function openSimulator(options: OpenSimulator): Simulator {
  const { file, clock, settlesAfterMs = SETTLES_AFTER_MS, pause = pauseFor } = options;
  return new Simulator(new SimulatorBook(file, clock), clock, settlesAfterMs, pause);
}

/** A gateway whose doings are chosen by token (see token.ts). In process; server.ts serves it. */
export class Simulator implements PaymentGateway {
  readonly capturesSeparately = true;
  /** What is wrong with all of it; to be switched by tests. */
  outage: Outage = 'none';
  #closed = false;

  constructor(
    private readonly book: SimulatorBook,
    private readonly clock: Clock,
    private readonly settlesAfterMs: number,
    /** How it waits before a slow answer. */
    readonly pause: Pause,
  ) {}

  authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call({ ...request, kind: 'authorize' }, signal);
  }

  capture(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call({ ...request, kind: 'capture' }, signal);
  }

  void(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call({ ...request, kind: 'void' }, signal);
  }

  refund(request: RefundRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call({ ...request, kind: 'refund' }, signal);
  }

  async inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer> {
    if (signal.aborted) return { kind: 'no-answer', detail: GAVE_UP };
    const told = this.tell(inquiry);
    switch (told.kind) {
      case 'answered':
        return { ...told.body, raw: rawOf(toJson(told.body)) };
      case 'unavailable':
        return { kind: 'no-answer', detail: 'the gateway is out of service' };
      case 'silent':
        await aborted(signal);
        return { kind: 'no-answer', detail: GAVE_UP };
    }
  }

  /** Every operation in its book, in order of reference. */
  records(): Generator<SimulatorRecord, void, void> {
    return this.book.records();
  }

  close(): Promise<void> {
    if (!this.#closed) this.book.close();
    this.#closed = true;
    return Promise.resolve();
  }

  /** Does what a call asks for, as far as its token lets it, and says how the call shall end. */
  serve(call: SimulatorCall): Served {
    if (this.#closed || this.outage === 'dead') return { kind: 'unavailable' };
    if (this.outage === 'silent') return { kind: 'silent' };
    const captures = call.kind === 'authorize' && call.capture;
    const behaviour = behaviourOf(call.token, call.kind, captures);
    const { fate, lost = false } = behaviour;
    if (lost && fate.kind !== 'answered') return fate;
    let processed: Processed;
    try {
      processed = this.book.process({ ...call, captures }, this.#limited(behaviour));
    } catch (error) {
      // Its transaction is undone: a gateway that is out of order, and has done nothing.
      if (isFileFault(error)) return { kind: 'unavailable' };
      throw error;
    }
    if (this.outage === 'mute') return { kind: 'silent' };
    if (fate.kind !== 'answered') return fate;
    return { ...fate, body: lying(bodyOf(processed), behaviour) };
  }

  /** Tells what became of an earlier call: always at once, and the truth. */
  tell({ reference, kind }: Inquiry): Told {
    if (this.#closed || this.outage === 'dead') return { kind: 'unavailable' };
    if (this.outage !== 'none') return { kind: 'silent' };
    try {
      const record = this.book.find(reference);
      const known = record?.kind === kind ? record : undefined;
      return { kind: 'answered', body: inquiryBody(known, this.clock()) };
    } catch (error) {
      if (isFileFault(error)) return { kind: 'unavailable' };
      throw error;
    }
  }

  async #call(call: SimulatorCall, signal: AbortSignal): Promise<GatewayAnswer> {
    if (signal.aborted) return timedOut();
    const served = this.serve(call);
    switch (served.kind) {
      case 'answered':
        if (served.afterMs > 0) await this.pause(served.afterMs, signal);
        // With a wait the signal may have aborted since.
        if (isAborted(signal)) return timedOut();
        return { ...served.body, raw: rawOf(toJson(served.body)) };
      case 'silent':
        await aborted(signal);
        return timedOut();
      case 'reset':
        return { kind: 'unknown', reason: 'reset', detail: 'the connection was reset' };
      case 'unavailable':
        return { kind: 'unknown', reason: 'unavailable', detail: '503 from the gateway' };
      case 'garbled':
        return { kind: 'unknown', reason: 'garbled', detail: 'the answer is not JSON' };
    }
  }

  #limited(behaviour: Behaviour): Behaviour {
    const { late } = behaviour;
    if (late?.meanwhile !== 'not-found') return behaviour;
    return { ...behaviour, late: { ...late, ms: Math.min(late.ms, this.settlesAfterMs) } };
  }
}

function timedOut(): GatewayAnswer {
  return { kind: 'unknown', reason: 'timeout', detail: GAVE_UP };
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function bodyOf(processed: Processed): CallBody {
  if (processed.kind === 'refused') {
    return { kind: 'refused', decline: declineOf(processed.reason) };
  }
  return outcomeOf(processed.record);
}

function outcomeOf(record: SimulatorRecord): CallBody {
  const { decline, gatewayId, amount, currency, occurredAt, expiresAt } = record;
  if (decline !== undefined) return { kind: 'declined', decline: declineOf(decline) };
  const expiry = expiresAt === undefined ? {} : { expiresAt };
  return { kind: 'done', gatewayId, amount, currency, occurredAt, ...expiry };
}

function lying(body: CallBody, { lie }: Behaviour): CallBody {
  if (lie === undefined || body.kind !== 'done') return body;
  if (lie === 'amount') return { ...body, amount: body.amount + 1n };
  return { kind: 'declined', decline: declineOf('CARD_DECLINED') };
}

function inquiryBody(record: SimulatorRecord | undefined, now: number): InquiryBody {
  if (record === undefined) return { kind: 'not-found' };
  const { occurredAt, meanwhile } = record;
  if (meanwhile !== undefined && now < occurredAt) return { kind: meanwhile };
  return isExpired(record, now) ? { kind: 'expired' } : outcomeOf(record);
}

import type { Clock } from '../../shared/ports/clock.js';
import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  GatewayDecline,
  GatewayDone,
  GatewayFailed,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
  RefundRequest,
} from '../../shared/ports/payment-gateway.js';

export type CallKind = 'authorize' | 'capture' | 'void' | 'refund';

/** A call as it reached the gateway's door, whatever became of it. */
export type GatewayCall = Readonly<{
  kind: CallKind;
  reference: string;
  paymentId: string;
  amount: bigint;
  /** The first call with this reference is 1. */
  time: number;
}>;

/** What becomes of a call. Nothing said: it is done, and answered at once. */
export type Fate = Readonly<{
  /** What the gateway does. `lost`: the request never gets there. */
  does?: 'as-asked' | 'decline' | 'refuse' | 'lost';
  /** What we hear. `truth`: what it did. `silence`: nothing, until the call is given up. */
  says?: 'truth' | 'silence' | 'timeout' | 'reset' | 'unavailable' | 'garbled' | 'throw';
  /** Until when the request is on its way there. */
  arrives?: Gate;
  /** Until when the answer is on its way back. */
  answers?: Gate;
  /** What is said instead, whatever was done. */
  instead?: GatewayAnswer;
}>;

/** What becomes of an inquiry. Nothing said: the truth. */
export type InquiryFate = Readonly<{
  answers?: Gate;
  instead?: InquiryAnswer | 'silence' | 'throw';
}>;

/** Something that happens when a test says so. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

/** What a gateway has of a payment, in minor units. */
export type Truth = Readonly<{
  authorized: bigint;
  captured: bigint;
  voided: bigint;
  expired: bigint;
  refunded: bigint;
}>;

const NOTHING: Truth = { authorized: 0n, captured: 0n, voided: 0n, expired: 0n, refunded: 0n };

export const DECLINE: GatewayDecline = {
  code: 'card_declined',
  pgCode: 'REJECTED',
  pgMessage: 'the card was declined',
  retryable: false,
};

/**
 * A gateway in memory with a truth of its own: it knows a repetition by its reference, keeps its own
 * caps, and remembers. A test says what becomes of each call on its way there and back.
 */
export class FakeGateway implements PaymentGateway {
  capturesSeparately = true;
  /** How long an authorisation may be captured, in ms; undefined: for ever. */
  expiresAfterMs: number | undefined;
  fate: (call: GatewayCall) => Fate = () => ({});
  inquiryFate: (inquiry: Inquiry, time: number) => InquiryFate = () => ({});
  /** Runs when a call has come, before anything else: for looking into the log. */
  onCall: ((call: GatewayCall) => void) | undefined;
  readonly calls: GatewayCall[] = [];
  readonly inquiries: Inquiry[] = [];
  /** What it answered, or would have. */
  readonly #done = new Map<string, GatewayDone | GatewayFailed>();
  readonly #truth = new Map<string, Truth>();
  #made = 0;

  constructor(readonly clock: Clock) {}

  authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('authorize', request, signal, request.capture);
  }

  capture(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('capture', request, signal);
  }

  void(request: FollowUpRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('void', request, signal);
  }

  refund(request: RefundRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    return this.#call('refund', request, signal);
  }

  async inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer> {
    this.inquiries.push(inquiry);
    const { answers, instead } = this.inquiryFate(inquiry, this.inquiries.length);
    await answers?.opened;
    if (instead === 'throw') throw new Error('the adapter has a defect');
    if (instead === 'silence') {
      await given(signal);
      return { kind: 'no-answer', detail: 'given up' };
    }
    return instead ?? this.#known(inquiry);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What it has of a payment. */
  truth(paymentId: string): Truth {
    return this.#truth.get(paymentId) ?? NOTHING;
  }

  /** Calls of a kind, or of a reference. */
  callsOf(what: string): readonly GatewayCall[] {
    return this.calls.filter(({ kind, reference }) => kind === what || reference === what);
  }

  /** From now on what was authorised and not captured is gone. */
  expire(paymentId: string): void {
    const { authorized, captured, voided, ...rest } = this.truth(paymentId);
    const expired = authorized - captured - voided;
    this.#truth.set(paymentId, { ...rest, authorized, captured, voided, expired });
  }

  async #call(
    kind: CallKind,
    request: FollowUpRequest | AuthorizeRequest,
    signal: AbortSignal,
    captures = false,
  ): Promise<GatewayAnswer> {
    const { reference, paymentId, amount } = request;
    const time = this.callsOf(reference).length + 1;
    const call = { kind, reference, paymentId, amount, time };
    this.calls.push(call);
    this.onCall?.(call);
    const { does = 'as-asked', says = 'truth', arrives, answers, instead } = this.fate(call);
    await arrives?.opened;
    if (does !== 'lost') this.#do(kind, request, captures, does);
    await answers?.opened;
    if (instead !== undefined) return instead;
    switch (says) {
      case 'truth':
        return this.#done.get(reference) ?? { kind: 'unknown', reason: 'timeout', detail: 'lost' };
      case 'silence':
        await given(signal);
        return { kind: 'unknown', reason: 'timeout', detail: 'given up' };
      case 'throw':
        throw new Error('the adapter has a defect');
      case 'timeout':
      case 'reset':
      case 'unavailable':
      case 'garbled':
        return { kind: 'unknown', reason: says, detail: `the fake says ${says}` };
    }
  }

  /** Once for each reference. */
  #do(
    kind: CallKind,
    request: FollowUpRequest | AuthorizeRequest,
    captures: boolean,
    does: 'as-asked' | 'decline' | 'refuse',
  ): void {
    const { reference, paymentId, amount, currency } = request;
    if (this.#done.has(reference)) return;
    const before = this.truth(paymentId);
    const after = does === 'as-asked' ? changed(before, kind, amount, captures) : undefined;
    if (after === undefined) {
      const failed = does === 'decline' ? 'declined' : 'refused';
      this.#done.set(reference, { kind: failed, decline: DECLINE, raw: '{"status":"NO"}' });
      return;
    }
    this.#truth.set(paymentId, after);
    const now = this.clock();
    const { expiresAfterMs } = this;
    const expiry =
      kind === 'authorize' && expiresAfterMs !== undefined
        ? { expiresAt: now + expiresAfterMs }
        : {};
    const gatewayId = `pg-${++this.#made}`;
    const done = { kind: 'done', gatewayId, amount, currency, occurredAt: now, ...expiry } as const;
    this.#done.set(reference, { ...done, raw: `{"id":"${gatewayId}"}` });
  }

  #known({ reference, kind, paymentId }: Inquiry): InquiryAnswer {
    const known = this.#done.get(reference);
    if (known === undefined) return { kind: 'not-found', raw: '{"status":"NONE"}' };
    const isOver = kind === 'authorize' && this.truth(paymentId).expired > 0n;
    return isOver ? { kind: 'expired', raw: '{"status":"EXPIRED"}' } : known;
  }
}

/** What the gateway has after it did what it was asked; undefined: it cannot. */
function changed(
  before: Truth,
  kind: CallKind,
  amount: bigint,
  captures: boolean,
): Truth | undefined {
  const { authorized, captured, voided, expired, refunded } = before;
  const open = authorized - captured - voided - expired;
  switch (kind) {
    case 'authorize':
      if (authorized > 0n) return undefined;
      return { ...before, authorized: amount, captured: captures ? amount : 0n };
    case 'capture':
      return amount > open ? undefined : { ...before, captured: captured + amount };
    case 'void':
      if (captured > 0n || amount !== open) return undefined;
      return { ...before, voided: voided + amount };
    case 'refund':
      return amount > captured - refunded ? undefined : { ...before, refunded: refunded + amount };
  }
}

function given(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  GatewayFailed,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
  RefundRequest,
} from '../../ports/payment-gateway.js';
import { call, garbled, type Connection, type Reply } from './call.js';
import {
  authorizationOf,
  alreadyCanceled,
  failureOf,
  findCancel,
  notSent,
  reasonWith,
  refundOf,
} from './outcomes.js';
import type { TossFailure, TossPayment } from './wire.js';

export type TossOptions = Readonly<{
  /** Like `https://api.tosspayments.com`. */
  url: string;
  secretKey: string;
  /** Default: that of Node. */
  fetch?: typeof globalThis.fetch;
}>;

/** What tells the payment that is meant. */
type Asked = Readonly<{ token: string; orderId: string }>;

/** What became known of a payment that was asked about, or why nothing did. */
type Found =
  | Readonly<{ kind: 'payment'; payment: TossPayment }>
  | Readonly<{ kind: 'not-found'; raw: string }>
  | Readonly<{ kind: 'no-answer'; detail: string }>;

/**
 * Toss Payments, API v1. Its `confirm` captures what the buyer approved, so there is nothing to
 * capture or void later; a refund is Toss's `cancel`. A token is Toss's payment key. Only won: the
 * amounts of other currencies are decimal numbers there.
 */
export function openToss(options: TossOptions): PaymentGateway {
  return new Toss({
    url: options.url.replace(/\/+$/, ''),
    authorization: `Basic ${Buffer.from(`${options.secretKey}:`).toString('base64')}`,
    fetch: options.fetch ?? globalThis.fetch,
  });
}

class Toss implements PaymentGateway {
  readonly capturesSeparately = false;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    if (!request.capture) return noSeparateCapture();
    const refusal = unsendable(request);
    if (refusal !== undefined) return refusal;
    const { reference, token, orderId, amount } = request;
    const reply = await call(
      this.#connection,
      {
        method: 'POST',
        path: '/v1/payments/confirm',
        idempotencyKey: reference,
        body: { paymentKey: token, orderId, amount: Number(amount) },
      },
      signal,
    );
    return answerOf(reply, request, (payment) => {
      const outcome = authorizationOf(payment);
      if (outcome.kind !== 'pending') return outcome;
      return garbled(`confirmed, and its status is ${payment.status}`);
    });
  }

  async capture(_request: FollowUpRequest, _signal: AbortSignal): Promise<GatewayAnswer> {
    return noSeparateCapture();
  }

  async void(_request: FollowUpRequest, _signal: AbortSignal): Promise<GatewayAnswer> {
    return noSeparateCapture();
  }

  async refund(request: RefundRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    const refusal = unsendable(request);
    if (refusal !== undefined) return refusal;
    const { reference, token, amount, reason } = request;
    const reply = await call(
      this.#connection,
      {
        method: 'POST',
        path: `/v1/payments/${encodeURIComponent(token)}/cancel`,
        idempotencyKey: reference,
        // Not `refundableAmount`, which Toss compares with its balance: refunds of one payment may
        // reach it in another order than they were reserved in, and one of them in doubt would
        // block all others. That too much is refunded, Toss refuses by itself.
        body: { cancelReason: reasonWith(reason, reference), cancelAmount: Number(amount) },
      },
      signal,
    );
    if (
      reply.kind === 'failure' &&
      /^ALREADY_(CANCELED|REFUND)_PAYMENT$/.test(reply.failure.code)
    ) {
      return this.#alreadyCanceled(request, reply.failure, signal);
    }
    return answerOf(reply, request, (payment) => {
      const cancel = findCancel(payment, reference);
      if (cancel === undefined)
        return garbled('canceled, and the cancellation is not in the answer');
      const outcome = refundOf(payment, cancel, request.remaining);
      if (outcome.kind !== 'pending') return outcome;
      return garbled(`canceled, and the status of the cancellation is ${cancel.cancelStatus}`);
    });
  }

  async inquire(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer> {
    switch (inquiry.kind) {
      case 'capture':
      case 'void':
        return { kind: 'not-found', raw: 'Toss has no captures and no voids; none was sent' };
      case 'authorize': {
        if (!inquiry.capture || unsendable(inquiry) !== undefined) {
          return { kind: 'not-found', raw: 'it is never sent' };
        }
        const found = await this.#find(inquiry, signal);
        return found.kind === 'payment' ? authorizationOf(found.payment) : found;
      }
      case 'refund': {
        if (unsendable(inquiry) !== undefined)
          return { kind: 'not-found', raw: 'it is never sent' };
        return this.#inquireRefund(inquiry, signal);
      }
    }
  }

  async close(): Promise<void> {
    // Nothing is held: connections belong to the HTTP client, and calls end by their signals.
  }

  /** By this very refund or by another: the list of cancellations tells. */
  async #alreadyCanceled(
    request: RefundRequest,
    failure: TossFailure,
    signal: AbortSignal,
  ): Promise<GatewayAnswer> {
    const found = await this.#find(request, signal);
    if (found.kind === 'payment') {
      const { payment } = found;
      const cancel = findCancel(payment, request.reference);
      const outcome = cancel === undefined ? undefined : refundOf(payment, cancel);
      if (outcome !== undefined && outcome.kind !== 'pending') return outcome;
      // With nothing left to cancel, this refund will not be made either.
      if (outcome === undefined && payment.balanceAmount === 0) return alreadyCanceled(failure);
    }
    return { kind: 'unknown', reason: 'unavailable', detail: `${failure.code}, and no more` };
  }

  async #inquireRefund(inquiry: Inquiry, signal: AbortSignal): Promise<InquiryAnswer> {
    const found = await this.#find(inquiry, signal);
    switch (found.kind) {
      case 'payment': {
        const cancel = findCancel(found.payment, inquiry.reference);
        if (cancel !== undefined) return refundOf(found.payment, cancel);
        return { kind: 'not-found', raw: authorizationOf(found.payment).raw };
      }
      case 'not-found':
        // Toss made this payment: not to know it any more says nothing about its refunds.
        return { kind: 'no-answer', detail: `the payment itself is not found: ${found.raw}` };
      case 'no-answer':
        return found;
    }
  }

  /**
   * By our own order id; an order may have been paid by another payment key since, in which case
   * ours is asked about by itself.
   */
  async #find(inquiry: Asked, signal: AbortSignal): Promise<Found> {
    const byOrder = await this.#get(`orders/${encodeURIComponent(inquiry.orderId)}`, signal);
    if (byOrder.kind !== 'payment' || isAsked(byOrder.payment, inquiry)) return byOrder;
    const byKey = await this.#get(encodeURIComponent(inquiry.token), signal);
    if (byKey.kind !== 'payment' || isAsked(byKey.payment, inquiry)) return byKey;
    return { kind: 'no-answer', detail: 'Toss answered with another payment' };
  }

  async #get(path: string, signal: AbortSignal): Promise<Found> {
    const request = { method: 'GET', path: `/v1/payments/${path}` } as const;
    const reply = await call(this.#connection, request, signal);
    switch (reply.kind) {
      case 'payment':
        return reply;
      case 'unknown':
        return { kind: 'no-answer', detail: `${reply.reason}: ${reply.detail}` };
      case 'failure': {
        const { code, message } = reply.failure;
        const said = `${code}: ${message}`;
        if (reply.status === 404 && code === 'NOT_FOUND_PAYMENT') {
          return { kind: 'not-found', raw: said };
        }
        return { kind: 'no-answer', detail: `HTTP ${reply.status} ${said}` };
      }
    }
  }
}

/** The answer to a request that was to do something. */
function answerOf(
  reply: Reply,
  request: Asked,
  outcome: (payment: TossPayment) => GatewayAnswer,
): GatewayAnswer {
  switch (reply.kind) {
    case 'unknown':
      return reply;
    case 'failure':
      return failureOf(reply.status, reply.failure);
    case 'payment':
      if (isAsked(reply.payment, request)) return outcome(reply.payment);
      return garbled('Toss answered with another payment');
  }
}

function isAsked(payment: TossPayment, asked: Asked): boolean {
  return payment.paymentKey === asked.token && payment.orderId === asked.orderId;
}

function noSeparateCapture(): GatewayFailed {
  return notSent(
    'unsupported_feature',
    'Toss captures with the authorisation: capture "auto" only',
  );
}

/** Why a request cannot even be sent; the same for ever, so that an inquiry can rely on it. */
function unsendable(
  request: Readonly<{ amount: bigint; currency: string; token: string; orderId: string }>,
): GatewayFailed | undefined {
  if (request.currency !== 'KRW') return notSent('unsupported_feature', 'only KRW can be sent');
  if (request.amount <= 0n || request.amount > BigInt(Number.MAX_SAFE_INTEGER)) {
    return notSent('invalid_amount', 'an amount has to be 1 to 2^53 - 1 won');
  }
  // In an address `.` and `..` are not names, and cannot be quoted.
  if (/^\.{0,2}$/.test(request.token) || /^\.{0,2}$/.test(request.orderId)) {
    return notSent('processing_error', 'this is no payment key or no order id');
  }
  return undefined;
}

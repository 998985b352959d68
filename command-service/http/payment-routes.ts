import type { z } from 'zod';
import type { Exchange } from '../../shared/http/exchange.js';
import { ifRevision } from '../../shared/http/if-match.js';
import { command, type Reply, type Route } from '../../shared/http/route.js';
import type { Payment } from '../../shared/payments/payment.js';
import type { Ids } from '../../shared/ports/ids.js';
import type { PaymentAnswer, Payments } from '../application/payments.js';
import { contextOf } from './answers.js';
import { requestId } from './idempotency-key.js';
import {
  replyToInquiry,
  replyToPayment,
  wireAlias,
  wireCapture,
  wireRefund,
  wireSent,
} from './payment-answers.js';
import type { authorizeBody, captureBody, refundBody } from './payment-schemas.js';
import * as specs from './payment-specs.js';

const ALIAS_REASON = 'refund';

/**
 * The routes of the payments, the busiest first.
 * @param ids makes the keys of `POST /v1/idempotency-keys`
 */
export function paymentRoutes(payments: Payments, ids: Ids): readonly Route[] {
  return [
    ...askingRoutes(payments),
    ...doubtRoutes(payments),
    command(specs.makeKey, () =>
      Promise.resolve({ status: 201, message: 'key made', data: { key: ids() } }),
    ),
    ...aliasRoutes(payments),
  ];
}

function askingRoutes(payments: Payments): readonly Route[] {
  const { authorizePayment, capturePayment, refundPayment, voidPayment } = specs;
  return [
    command(authorizePayment, async ({ body, exchange }) => {
      const answer = await authorize(payments, exchange, body);
      const success = { status: 201, message: begun, data: wireSent };
      return preferred(exchange, replyToPayment(exchange, answer, success));
    }),
    command(capturePayment, async ({ params: { id }, body, exchange }) => {
      const answer = await capture(payments, exchange, id, body);
      const message = () => 'payment captured';
      return replyToPayment(exchange, answer, { status: 201, message, data: wireCapture });
    }),
    command(refundPayment, async ({ params: { id }, body, exchange }) => {
      const answer = await refund(payments, exchange, id, body);
      const message = () => 'payment refunded';
      return replyToPayment(exchange, answer, { status: 201, message, data: wireRefund });
    }),
    command(voidPayment, async ({ params: { id }, body, exchange }) => {
      const asked = { ...onPayment(exchange, id, 'void'), ...body };
      const answer = await payments.void(asked, contextOf(exchange));
      const message = () => 'authorisation voided';
      return replyToPayment(exchange, answer, { status: 200, message, data: wireSent });
    }),
  ];
}

function doubtRoutes(payments: Payments): readonly Route[] {
  return [
    command(specs.resolveOperation, async ({ params: { id }, body, exchange }) => {
      const said = { ...onPayment(exchange, id, 'resolution'), ...body };
      const answer = await payments.resolve(said, contextOf(exchange));
      const message = () => 'outcome stored';
      return replyToInquiry(exchange, answer, { status: 200, message, data: wireSent });
    }),
    command(specs.inquirePayment, async ({ params: { id }, exchange }) => {
      const answer = await payments.inquire({ paymentId: id }, contextOf(exchange));
      const message = () => 'nothing is in doubt';
      return replyToInquiry(exchange, answer, { status: 200, message, data: wireSent });
    }),
  ];
}

/** The same commands by other names: a key is theirs and their namesakes' together. */
function aliasRoutes(payments: Payments): readonly Route[] {
  const { authorizeAlias, captureAlias, refundAlias } = specs;
  return [
    command(authorizeAlias, async ({ body, exchange }) => {
      const answer = await authorize(payments, exchange, body);
      const success = { status: 200, message: begun, data: wireAlias };
      return preferred(exchange, replyToPayment(exchange, answer, success));
    }),
    command(captureAlias, async ({ params: { paymentId }, body, exchange }) => {
      const answer = await capture(payments, exchange, paymentId, body);
      const message = () => 'payment captured';
      return replyToPayment(exchange, answer, { status: 200, message, data: wireAlias });
    }),
    command(refundAlias, async ({ params: { paymentId }, body, exchange }) => {
      const reasoned = { ...body, reason: body.reason ?? ALIAS_REASON };
      const answer = await refund(payments, exchange, paymentId, reasoned);
      const message = () => 'payment refunded';
      return replyToPayment(exchange, answer, { status: 200, message, data: wireAlias });
    }),
  ];
}

function authorize(
  payments: Payments,
  exchange: Exchange,
  body: z.output<typeof authorizeBody>,
): Promise<PaymentAnswer> {
  const commandId = requestId(exchange, 'POST /v1/payments');
  const waiting = asksForAsync(exchange) ? { respondAsync: true } : {};
  return payments.authorize({ commandId, ...body, ...waiting }, contextOf(exchange));
}

function capture(
  payments: Payments,
  exchange: Exchange,
  id: string,
  body: z.output<typeof captureBody>,
): Promise<PaymentAnswer> {
  const asked = { ...onPayment(exchange, id, 'captures'), ...body };
  return payments.capture(asked, contextOf(exchange));
}

function refund(
  payments: Payments,
  exchange: Exchange,
  id: string,
  body: z.output<typeof refundBody>,
): Promise<PaymentAnswer> {
  const asked = { ...onPayment(exchange, id, 'refunds'), ...body };
  return payments.refund(asked, contextOf(exchange));
}

function onPayment(exchange: Exchange, paymentId: string, what: string) {
  const commandId = requestId(exchange, `POST /v1/payments/${paymentId}/${what}`);
  return { paymentId, commandId, ...ifRevision(exchange.header('If-Match')) };
}

function begun({ captured }: Payment): string {
  return captured > 0n ? 'payment captured' : 'payment authorised';
}

/** Whether the caller would rather not wait (RFC 7240). */
function asksForAsync(exchange: Exchange): boolean {
  const preferences = exchange.header('Prefer')?.split(',') ?? [];
  return preferences.some((one) => /^respond-async\s*(?:;|$)/i.test(one.trim()));
}

/** Says so where the caller did not have to wait. */
function preferred<Data>(exchange: Exchange, reply: Reply<Data>): Reply<Data> {
  if (reply.status !== 202 || !asksForAsync(exchange)) return reply;
  const headers = [...(reply.headers ?? []), 'Preference-Applied', 'respond-async'];
  return { ...reply, headers };
}

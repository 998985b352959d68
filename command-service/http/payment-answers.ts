import type { z } from 'zod';
import type { Exchange } from '../../shared/http/exchange.js';
import { mismatch } from '../../shared/http/if-match.js';
import { wirePayment } from '../../shared/http/payment.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import { replyHeaders, type Reply } from '../../shared/http/route.js';
import { statusOf, type PaymentStatus } from '../../shared/payments/amounts.js';
import { operationOf, type Payment } from '../../shared/payments/payment.js';
import type { PaymentAnswer } from '../application/payments.js';
import type { aliasPayment, sentCapture, sentPayment, sentRefund } from './payment-schemas.js';

type Of<Kind extends PaymentAnswer['kind']> = Extract<PaymentAnswer, { kind: Kind }>;

/** An answer that something is known or in doubt of: what `data` is made of. */
type Told = Readonly<{ payment: Payment; operation: string }>;

/** How a command that was carried out is answered, and what `data` is made of. */
export type Success<Data> = Readonly<{
  status: number;
  message: (payment: Payment) => string;
  data: (told: Told) => Data;
}>;

const UNKNOWN_YET =
  'stored; whether the gateway did it is not known yet: read the payment, or send the same again';

/**
 * The reply to a command of the caller's: a decline is a refusal.
 * @throws {HttpRefusal} the gateway or we said no
 */
export function replyToPayment<Data>(
  exchange: Exchange,
  answer: PaymentAnswer,
  success: Success<Data>,
): Reply<Data> {
  if (answer.kind === 'declined') throw declined(answer);
  return replyTo(exchange, answer, success);
}

/**
 * The reply to whoever wanted to know, or said, what became of something: that the gateway declined
 * it is what they asked for.
 * @throws {HttpRefusal} we said no
 */
export function replyToInquiry<Data>(
  exchange: Exchange,
  answer: PaymentAnswer,
  success: Success<Data>,
): Reply<Data> {
  return replyTo(
    exchange,
    answer.kind === 'declined' ? { ...answer, kind: 'done' } : answer,
    success,
  );
}

function replyTo<Data>(
  exchange: Exchange,
  answer: Exclude<PaymentAnswer, { kind: 'declined' }>,
  { status, message, data }: Success<Data>,
): Reply<Data> {
  switch (answer.kind) {
    case 'done':
      return { ...placeOf(answer), status, message: message(answer.payment), data: data(answer) };
    case 'in-doubt': {
      const headers = ['Location', `/v1/payments/${answer.payment.id}`];
      return { ...placeOf(answer), status: 202, message: UNKNOWN_YET, data: data(answer), headers };
    }
    case 'mismatch':
      throw mismatch(exchange.header('If-Match') ?? '', answer.payment?.revision);
    case 'refused':
      throw refused(answer);
  }
}

function placeOf({
  payment: { position, revision },
  replayed,
}: Of<'done' | 'in-doubt' | 'declined'>) {
  return { position, revision, replayed };
}

function refused({ refusal, retryAfterSeconds }: Of<'refused'>): HttpRefusal {
  const { code, message, errors } = refusal;
  // Too early would be refused again.
  const seconds = retryAfterSeconds === undefined ? undefined : Math.ceil(retryAfterSeconds);
  const headers = seconds === undefined ? [] : ['Retry-After', String(Math.max(seconds, 1))];
  return new HttpRefusal(code, message, errors, headers);
}

/** A decline is stored: the answer tells of which payment, and never by which token. */
function declined(answer: Of<'declined'>): HttpRefusal {
  const { code, payment, operation } = answer;
  const decline = operationOf(payment, operation)?.outcome?.decline;
  if (decline === undefined) throw new Error(`operation ${operation} was not declined`);
  const { pgCode, pgMessage, retryable } = decline;
  const told = [pgCode, pgMessage].filter((part) => part !== '').join(': ');
  const how = code === 'GATEWAY_REFUSED' ? 'refused the request' : 'declined';
  const errors = [
    { field: 'id', value: payment.id, reason: `the payment is ${statusOf(payment)}` },
    { field: 'decline.code', value: decline.code, reason: told },
    {
      field: 'decline.retryable',
      value: String(retryable),
      reason: retryable ? 'it may succeed later, with a new key' : 'the same would fail again',
    },
  ];
  const headers = replyHeaders(placeOf(answer));
  return new HttpRefusal(code, `the gateway ${how}: ${decline.code}`, errors, headers);
}

/** The payment, and what was asked. */
export function wireSent({ payment, operation }: Told): z.output<typeof sentPayment> {
  return { ...wirePayment(payment), operation };
}

/** The payment, and the capture. */
export function wireCapture(told: Told): z.output<typeof sentCapture> {
  const sent = wireSent(told);
  return { ...sent, captureOperation: named(sent.captures, told.operation) };
}

/** The payment, and the refund. */
export function wireRefund(told: Told): z.output<typeof sentRefund> {
  const sent = wireSent(told);
  return { ...sent, refund: named(sent.refunds, told.operation) };
}

function named<One extends Readonly<{ id: string }>>(all: readonly One[], id: string): One {
  const one = all.find((each) => each.id === id);
  if (one === undefined) throw new Error(`the payment has no operation ${id} of this kind`);
  return one;
}

/** The payment as the aliases send it. */
export function wireAlias(told: Told): z.output<typeof aliasPayment> {
  const sent = wireSent(told);
  const amount = sent.amounts.requested;
  return { paymentId: sent.id, amount, ...sent, status: aliasStatusOf(sent.status) };
}

function aliasStatusOf(status: PaymentStatus): z.output<typeof aliasPayment>['status'] {
  switch (status) {
    case 'AUTHORIZING':
    case 'AUTHORIZED':
      return 'REQUESTED';
    case 'PARTIALLY_CAPTURED':
    case 'CAPTURED':
    case 'PARTIALLY_REFUNDED':
      return 'COMPLETED';
    case 'REFUNDED':
    case 'VOIDED':
    case 'DECLINED':
    case 'EXPIRED':
      return status;
  }
}

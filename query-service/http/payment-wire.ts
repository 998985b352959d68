import type { z } from 'zod';
import { wireAmounts, wirePayment } from '../../shared/http/payment.js';
import { statusOf } from '../../shared/payments/amounts.js';
import type { OperationKind, Payment } from '../../shared/payments/payment.js';
import type { Page } from '../queries/answers.js';
import type { PaymentChange } from '../queries/payment-history.js';
import type { PaymentThen } from '../queries/payment.js';
import type { InDoubt } from '../queries/payments.js';
import type * as schemas from './payment-schemas.js';
import { sentAsOf } from './wire.js';

type Sent<Schema extends z.ZodType> = z.output<Schema>;

const time = (ms: number): string => new Date(ms).toISOString();

/** A payment as it was, as sent. */
export function sentPayment({ payment, asOf }: PaymentThen): Sent<typeof schemas.paymentAnswer> {
  return { ...wirePayment(payment), asOf: sentAsOf(asOf) };
}

/** Payments, as sent. */
export function sentPayments(page: Page<Payment>): Sent<typeof schemas.paymentsAnswer> {
  return { items: page.items.map(wirePayment), nextCursor: page.nextCursor };
}

/** Changes of a payment, as sent. */
export function sentHistory(page: Page<PaymentChange>): Sent<typeof schemas.historyAnswer> {
  return { items: page.items.map(sentChange), nextCursor: page.nextCursor };
}

/** What is in doubt, as sent. */
export function sentInDoubt(answer: InDoubt): Sent<typeof schemas.inDoubtAnswer> {
  return {
    items: answer.items.map((doubt) => ({
      paymentId: doubt.paymentId,
      orderId: doubt.orderId,
      sellerId: doubt.sellerId,
      gateway: doubt.gateway,
      operation: doubt.operation,
      kind: sentKind(doubt.kind),
      amount: doubt.amount.toString(),
      currency: doubt.currency,
      reason: doubt.reason,
      detail: doubt.detail,
      since: time(doubt.since),
      ageSeconds: Math.floor(doubt.ageMs / 1_000),
      notFoundOnce: doubt.notFoundOnce,
    })),
    totals: answer.totals.map(({ currency, amount, count }) => ({
      currency,
      amount: amount.toString(),
      count: count.toString(),
    })),
    nextCursor: answer.nextCursor,
  };
}

function sentChange(change: PaymentChange): Sent<typeof schemas.paymentChange> {
  return {
    ...change,
    revision: change.revision.toString(),
    position: change.position.toString(),
    recordedAt: time(change.recordedAt),
    occurredAt: time(change.occurredAt),
    before: change.before === null ? null : sentStanding(change.before),
    after: sentStanding(change.after),
  };
}

function sentStanding(payment: Payment): Sent<typeof schemas.paymentChange>['after'] {
  return { status: statusOf(payment), amounts: wireAmounts(payment) };
}

/** An attempt is one to authorise: to whoever asks the gateway, that is what it is called. */
function sentKind(kind: OperationKind): Sent<typeof schemas.doubtItem>['kind'] {
  return kind === 'attempt' ? 'authorization' : kind;
}

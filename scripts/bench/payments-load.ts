import { z } from 'zod';
import { latencySchema, runGenerator } from './load.js';

const workload = z.strictObject({
  /** Begins every order id and every key, so that two loads never share one. */
  tag: z.string(),
  /** Payments are spread over so many sellers. */
  sellers: z.int().positive(),
});
export type PaymentWorkload = z.infer<typeof workload>;

/**
 * Payments to make: each is authorised and then captured, by the same connection. All of them first,
 * then, if asked, a part of each is refunded.
 */
export const paymentsJob = z.strictObject({
  url: z.url(),
  connections: z.int().positive(),
  workload,
  count: z.int().positive(),
  /**
   * Payments begun a second, each command measured from when it was due, whether or not the one
   * before was late. Absent: each connection as fast as its answers come.
   */
  perSecond: z.int().positive().exactOptional(),
  refunds: z.boolean(),
});
export type PaymentsJob = z.infer<typeof paymentsJob>;

const step = z.strictObject({
  /** Number of answers by HTTP status. */
  statuses: z.record(z.string(), z.int()),
  /** Acknowledged as done: how many, and their minor units. */
  done: z.int(),
  amount: z.int(),
  latency: latencySchema,
});
export type LoadStep = z.infer<typeof step>;

const paymentsResult = z.strictObject({
  /** To authorise and capture all of them. */
  seconds: z.number(),
  authorize: step,
  capture: step,
  refund: z.strictObject({ seconds: z.number(), ...step.shape }).optional(),
  /** Ids of some of the payments. */
  ids: z.array(z.string()),
});
export type PaymentsResult = z.infer<typeof paymentsResult>;

/** Puts a load of payments on a server. @throws see {@link runGenerator} */
export function runPayments(job: PaymentsJob): Promise<PaymentsResult> {
  return runGenerator(new URL('./payments-worker.js', import.meta.url), job, paymentsResult);
}

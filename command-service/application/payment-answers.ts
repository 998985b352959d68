import type { CaptureMode, Decline } from '../../shared/events/payment.js';
import { operationOf, type Payment } from '../../shared/payments/payment.js';
import { refuse, type Refusal } from '../domain/refusal.js';
import type { GatewayEntry } from './gateways.js';
import type { PaymentAnswer } from './payments.js';

export type Refused = Extract<PaymentAnswer, { kind: 'refused' }>;

/** The answer that says no. */
export function refusal(why: Refusal): Refused {
  return { kind: 'refused', refusal: why };
}

/** What an operation's command is answered, from the payment as it was right after. */
export function answerOf(payment: Payment, id: string, replayed: boolean): PaymentAnswer {
  const operation = operationOf(payment, id);
  if (operation === undefined) throw new Error(`payment ${payment.id} has no operation ${id}`);
  switch (operation.status) {
    case 'done':
      return { kind: 'done', payment, operation: id, replayed };
    case 'started':
    case 'unknown':
      return { kind: 'in-doubt', payment, operation: id, replayed };
    case 'failed': {
      const refusedAsSuch = operation.outcome?.failure === 'refused';
      const code = refusedAsSuch ? 'GATEWAY_REFUSED' : DECLINED[operation.kind];
      return { kind: 'declined', code, payment, operation: id, replayed };
    }
  }
}

/** Does what may call a gateway. A turn that its breaker gave and nobody used goes back. */
export async function inTurn(
  entry: GatewayEntry | undefined,
  work: () => Promise<PaymentAnswer>,
): Promise<PaymentAnswer> {
  const answer = await work();
  const called = answer.kind !== 'refused' && answer.kind !== 'mismatch' && !answer.replayed;
  if (!called) entry?.breaker.unused();
  return answer;
}

const DECLINED = {
  attempt: 'PAYMENT_DECLINED',
  capture: 'CAPTURE_DECLINED',
  void: 'VOID_DECLINED',
  refund: 'REFUND_DECLINED',
} as const;

/** Why this gateway cannot take a payment with this way to capture. */
export function whyNoMode(
  entry: GatewayEntry | undefined,
  capture: CaptureMode,
): Refused | undefined {
  if (entry === undefined || capture === 'auto' || entry.gateway.capturesSeparately) {
    return undefined;
  }
  const reason = `the gateway ${entry.name} captures with the authorisation: ask for "auto"`;
  return refusal(
    refuse('CAPTURE_MODE_UNSUPPORTED', reason, { field: 'capture', value: capture, reason }),
  );
}

/** The refusal of a repetition, for merchants who want it refused. */
export function repeated({ id }: Payment, operation: string): Refusal {
  return refuse(
    'DUPLICATE_REQUEST',
    'this key was used before, and this merchant wants a repetition refused',
    { field: 'paymentId', value: id, reason: 'the payment of the first request' },
    { field: 'operation', value: operation, reason: 'what the first request asked for' },
  );
}

/** What is stored as the decline where a person decided. */
export function decidedByHand(reason: string): Decline {
  return { code: 'not_processed', pgCode: '', pgMessage: reason, retryable: true };
}

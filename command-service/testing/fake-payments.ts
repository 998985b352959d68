import { isCurrency, type Currency } from '../../shared/ledger/currency.js';
import { isDay, type Day } from '../../shared/ledger/day.js';
import type { Operation, OperationKind, Payment } from '../../shared/payments/payment.js';
import type { AuthorizePayment, PaymentAnswer, Payments } from '../application/payments.js';
import { refuse, type RefusalCode } from '../domain/refusal.js';

type Outcome = 'done' | 'declined' | 'in-doubt';
type Behaviour = Outcome | 'gateway-refuses' | RefusalCode | Error;
type DeclinedCode = Extract<PaymentAnswer, { kind: 'declined' }>['code'];

const MIDDAY = 1_774_915_200_000;

/** Amount of every payment that was there before. */
const FAKE_AMOUNT = 50_000n;
/** What every payment is at after a command. */
const FAKE_REVISION = 3n;
const FAKE_POSITION = 90n;

/** Payments that do as they are told, and remember what they were asked. */
export class FakePayments implements Payments {
  readonly asked: unknown[] = [];
  /** What becomes of everything from now on. */
  next: Behaviour = 'done';
  replayed = false;
  retryAfterSeconds: number | undefined;

  authorize: Payments['authorize'] = (command, context) => {
    const id = command.commandId;
    return this.#answer([command, context], 'PAYMENT_DECLINED', (outcome) => {
      const operations = [operation(`${id}-1`, 'attempt', command.amount, outcome)];
      const authorized = outcome === 'done' ? command.amount : 0n;
      const captured = command.capture === 'auto' ? authorized : 0n;
      return { ...payment(id, command), operations, authorized, captured };
    });
  };

  capture: Payments['capture'] = (command, context) => {
    const { paymentId, commandId, amount = FAKE_AMOUNT } = command;
    return this.#onPayment(command, context, 'CAPTURE_DECLINED', (outcome) => ({
      ...payment(paymentId),
      operations: [operation(commandId, 'capture', amount, outcome)],
      captured: outcome === 'done' ? amount : 0n,
    }));
  };

  void: Payments['void'] = (command, context) =>
    this.#onPayment(command, context, 'VOID_DECLINED', (outcome) => ({
      ...payment(command.paymentId),
      operations: [operation(command.commandId, 'void', FAKE_AMOUNT, outcome)],
      voided: outcome === 'done' ? FAKE_AMOUNT : 0n,
    }));

  refund: Payments['refund'] = (command, context) => {
    const { paymentId, commandId, amount = FAKE_AMOUNT } = command;
    return this.#onPayment(command, context, 'REFUND_DECLINED', (outcome) => ({
      ...payment(paymentId),
      operations: [operation(commandId, 'refund', amount, outcome)],
      captured: FAKE_AMOUNT,
      refunded: outcome === 'done' ? amount : 0n,
    }));
  };

  resolve: Payments['resolve'] = (command, context) =>
    this.#onPayment(command, context, 'CAPTURE_DECLINED', (outcome) => ({
      ...payment(command.paymentId),
      operations: [operation(command.operation, 'capture', FAKE_AMOUNT, outcome)],
    }));

  inquire: Payments['inquire'] = (command, context) =>
    this.#answer([command, context], 'CAPTURE_DECLINED', (outcome) => ({
      ...payment(command.paymentId),
      operations: [operation('c-1', 'capture', FAKE_AMOUNT, outcome)],
    }));

  async #onPayment(
    command: Parameters<Payments['capture' | 'void' | 'refund' | 'resolve']>[0],
    context: unknown,
    code: DeclinedCode,
    make: (outcome: Outcome) => Payment,
  ): Promise<PaymentAnswer> {
    if (command.ifRevision?.(FAKE_REVISION) === false) {
      return { kind: 'mismatch', payment: make('done') };
    }
    return this.#answer([command, context], code, make);
  }

  async #answer(
    asked: unknown,
    code: DeclinedCode,
    make: (outcome: Outcome) => Payment,
  ): Promise<PaymentAnswer> {
    this.asked.push(asked);
    const { next, replayed } = this;
    if (next instanceof Error) throw next;
    if (next === 'done' || next === 'in-doubt') {
      return { kind: next, ...told(make(next)), replayed };
    }
    if (next === 'declined') return { kind: next, code, ...told(make(next)), replayed };
    if (next === 'gateway-refuses') {
      return { kind: 'declined', code: 'GATEWAY_REFUSED', ...told(make('declined')), replayed };
    }
    return this.#refusal(next);
  }

  #refusal(code: RefusalCode): PaymentAnswer {
    const error = { field: 'id', value: 'p-1', reason: `because ${code}` };
    const refusal = refuse(code, `refused: ${code}`, error);
    const { retryAfterSeconds } = this;
    if (retryAfterSeconds === undefined) return { kind: 'refused', refusal };
    return { kind: 'refused', refusal, retryAfterSeconds };
  }
}

function told(made: Payment): Readonly<{ payment: Payment; operation: string }> {
  const [first] = made.operations;
  if (first === undefined) throw new Error('a payment without operations');
  return { payment: made, operation: first.id };
}

const SAMPLE = {
  orderId: 'order-1001',
  sellerId: 'seller-7',
  amount: FAKE_AMOUNT,
  currency: 'KRW',
  method: { type: 'card', token: 'tok_ok' },
} as const;

/** A payment that is authorised, with nothing asked of the gateway since. */
function payment(id: string, asked: Omit<AuthorizePayment, 'commandId'> = SAMPLE): Payment {
  const { orderId, sellerId, amount, method, capture = 'manual', description, metadata } = asked;
  return {
    kind: 'payment',
    id,
    orderId,
    sellerId,
    merchant: 'anonymous',
    currency: currencyOf(asked.currency),
    method,
    capture,
    gateway: 'simulator',
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    requested: amount,
    authorized: amount,
    captured: 0n,
    refunded: 0n,
    voided: 0n,
    expired: 0n,
    operations: [],
    contradictions: [],
    revision: FAKE_REVISION,
    position: FAKE_POSITION,
    createdAt: MIDDAY,
    changedAt: MIDDAY,
    day: dayOf('2026-03-31'),
  };
}

const STATUS = { done: 'done', declined: 'failed', 'in-doubt': 'unknown' } as const;

const DECLINED = {
  failure: 'declined',
  decline: {
    code: 'insufficient_funds',
    pgCode: 'REJECT_CARD_PAYMENT',
    pgMessage: 'limit of the card exceeded',
    retryable: true,
  },
} as const;

function operation(id: string, kind: OperationKind, amount: bigint, outcome: Outcome): Operation {
  const intent = { id, kind, amount, commandId: id, correlationId: 'c', eventId: 'e' };
  const begun = { ...intent, startedAt: MIDDAY, startedRevision: 1n, notFound: false };
  const at = { at: MIDDAY, revision: FAKE_REVISION, by: 'answer' } as const;
  const rest =
    outcome === 'in-doubt'
      ? { unknown: { since: MIDDAY, reason: 'timeout', detail: 'no answer in 10 s' } as const }
      : { outcome: outcome === 'declined' ? { ...at, ...DECLINED } : { ...at, gatewayId: 'g-1' } };
  return { ...begun, status: STATUS[outcome], ...rest };
}

function currencyOf(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`no currency: ${code}`);
  return code;
}

function dayOf(text: string): Day {
  if (!isDay(text)) throw new Error(`no day: ${text}`);
  return text;
}

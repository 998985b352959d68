import { maskCardNumbers } from '../../shared/mask.js';
import { refundable } from '../../shared/payments/amounts.js';
import { operationOf, type Operation, type Payment } from '../../shared/payments/payment.js';
import type { Clock } from '../../shared/ports/clock.js';
import type {
  GatewayAnswer,
  GatewayDone,
  GatewayFailed,
  Inquiry,
  PaymentGateway,
} from '../../shared/ports/payment-gateway.js';
import { reversalOf, type OutcomeCommand } from '../domain/outcome.js';
import { attemptId } from '../domain/payment.js';
import type { GatewayCalls } from './gateway-calls.js';
import type { GatewayEntry, Gateways } from './gateways.js';
import {
  paymentIn,
  type Decided,
  type PaymentCommands,
  type PaymentOrigin,
} from './payment-commands.js';

/** Longest answer of a gateway that is kept with an event, in characters. */
const MAX_ANSWER = 2_000;

const EARLIEST = Date.UTC(1900, 0, 1);
const END_OF_9999 = Date.UTC(10_000, 0, 1);

export type OperationPorts = Readonly<{
  commands: PaymentCommands;
  calls: GatewayCalls;
  gateways: Gateways;
  clock: Clock;
  /** Work that nobody waits for; what it throws has been told to whoever watches. */
  background: (work: () => Promise<unknown>) => void;
}>;

/**
 * Carries operations out whose intent is stored, and stores what became of them. A crash between any
 * two steps leaves an operation without an outcome, which the janitor finds.
 */
export class Operations {
  readonly #executing = new Set<string>();

  constructor(readonly ports: OperationPorts) {}

  /** Whether this process is calling the gateway for it just now. */
  isExecuting(paymentId: string, operation: string): boolean {
    return this.#executing.has(`${paymentId}|${operation}`);
  }

  /**
   * Calls the gateway and stores the outcome, or that it is unknown.
   * @returns the payment right after
   * @throws what storing throws: then the operation has no outcome yet
   */
  async execute(payment: Payment, id: string): Promise<Payment> {
    const key = `${payment.id}|${id}`;
    const entry = this.#entry(payment);
    const operation = find(payment, id);
    this.#executing.add(key);
    try {
      const answer = await this.ports.calls.call(
        entry,
        (gateway, signal) => request(gateway, payment, operation, signal),
        (late) => this.ports.background(() => this.#record(payment, operation, late, 'answer')),
      );
      return await this.#record(payment, operation, answer, 'answer');
    } finally {
      this.#executing.delete(key);
    }
  }

  /**
   * Asks the gateway what became of an operation, and stores what it says, if it says something.
   * @returns the payment right after
   */
  async inquire(payment: Payment, id: string): Promise<Payment> {
    const operation = find(payment, id);
    const entry = this.#entry(payment);
    const answer = await this.ports.calls.inquire(entry, inquiry(payment, operation));
    switch (answer.kind) {
      case 'done':
      case 'declined':
      case 'refused':
        return this.#record(payment, operation, answer, 'inquiry');
      case 'expired':
        return this.#expired(payment, operation, answer.raw);
      case 'not-found': {
        // Nobody would ask again for this one; by its reference the gateway knows a repetition.
        if (id === reversalOf(payment.id)) return this.execute(payment, id);
        // A request may still be on its way until the gateway's own time-out is over.
        if (this.ports.clock() - operation.startedAt < entry.settlesAfterMs) return payment;
        const told = { operation: id, first: !operation.notFound, answer: kept(answer.raw) };
        return this.#decide(payment, { type: 'not-found', ...told }, {});
      }
      case 'pending':
      case 'no-answer':
        return payment;
    }
  }

  /** Notes that an operation was left without an outcome: whoever called the gateway is gone. */
  interrupted(payment: Payment, id: string): Promise<Payment> {
    const detail = 'no outcome was stored';
    return this.#decide(
      payment,
      { type: 'unknown', operation: id, reason: 'interrupted', detail },
      {},
    );
  }

  #expired(payment: Payment, operation: Operation, raw: string): Promise<Payment> {
    // An authorisation nobody heard of, and that is over by now, is none.
    if (operation.kind === 'attempt' && operation.status !== 'done') {
      const decline = { code: 'not_processed', pgCode: 'EXPIRED', pgMessage: '', retryable: true };
      return this.#decide(
        payment,
        {
          type: 'failed',
          operation: operation.id,
          by: 'inquiry',
          failure: 'not-processed',
          decline,
          answer: kept(raw),
        },
        {},
      );
    }
    return this.#decide(payment, { type: 'expire', answer: kept(raw) }, { actor: 'system' });
  }

  #record(
    payment: Payment,
    operation: Operation,
    answer: GatewayAnswer,
    by: 'answer' | 'inquiry',
  ): Promise<Payment> {
    switch (answer.kind) {
      case 'done':
        return this.#decide(payment, toldDone(operation, answer, by), {
          occurredAt: answer.occurredAt,
        });
      case 'declined':
      case 'refused':
        return this.#decide(payment, toldFailed(operation, answer, by), {});
      case 'unknown': {
        const { reason } = answer;
        const detail = kept(answer.detail);
        return this.#decide(
          payment,
          { type: 'unknown', operation: operation.id, reason, detail },
          {},
        );
      }
    }
  }

  async #decide(
    payment: Payment,
    command: OutcomeCommand | Readonly<{ type: 'expire'; answer: string }>,
    more: Readonly<{ actor?: string; occurredAt?: number }>,
  ): Promise<Payment> {
    const { actor = actorOf(payment, command), occurredAt } = more;
    const id = command.type === 'expire' ? attemptId(payment.id) : command.operation;
    const { commandId, correlationId, eventId } = find(payment, id);
    const context = { actor, correlationId, causationId: eventId };
    const origin: PaymentOrigin = isInstant(occurredAt)
      ? { commandId, context, occurredAt }
      : { commandId, context };
    const decided = await this.ports.commands.decide(payment.id, command, origin);
    if (decided.kind === 'refused') throw new Error(decided.refusal.message);
    const after = paymentIn(decided.state);
    this.#followUp(after, decided);
    return after;
  }

  /** What an outcome leads to at once: the undoing of what came too late, or a question. */
  #followUp(payment: Payment, decided: Decided): void {
    if (decided.kind !== 'appended') return;
    for (const event of decided.events) {
      if (event.type === 'VoidStarted' || event.type === 'RefundRequested') {
        this.ports.background(() => this.execute(payment, event.data.operation));
      }
      if (event.type === 'AnswerContradicted' && event.data.by === 'answer') {
        this.ports.background(() => this.inquire(payment, event.data.operation));
      }
    }
  }

  #entry({ gateway }: Payment): GatewayEntry {
    const entry = this.ports.gateways.get(gateway);
    if (entry === undefined) throw new Error(`the gateway ${gateway} is not configured any more`);
    return entry;
  }
}

function find(payment: Payment, id: string): Operation {
  const operation = operationOf(payment, id);
  if (operation === undefined) throw new Error(`payment ${payment.id} has no operation ${id}`);
  return operation;
}

function actorOf({ gateway }: Payment, { type }: { type: string }): string {
  return type === 'unknown' ? 'system' : `gateway:${gateway}`;
}

function isInstant(ms: number | undefined): ms is number {
  return ms !== undefined && Number.isInteger(ms) && ms >= EARLIEST && ms < END_OF_9999;
}

/** A gateway's own words as they may be stored. Adapters mask too: a card number here is for ever. */
function kept(text: string): string {
  return maskCardNumbers(text).slice(0, MAX_ANSWER);
}

function toldDone(
  { id }: Operation,
  { amount, currency, gatewayId, expiresAt, raw }: GatewayDone,
  by: 'answer' | 'inquiry',
): OutcomeCommand {
  const told = {
    type: 'done',
    operation: id,
    by,
    amount,
    currency,
    gatewayId,
    answer: kept(raw),
  } as const;
  return isInstant(expiresAt) ? { ...told, expiresAt } : told;
}

function toldFailed(
  { id }: Operation,
  { kind, decline, raw }: GatewayFailed,
  by: 'answer' | 'inquiry',
): OutcomeCommand {
  const { code, pgCode, pgMessage, retryable } = decline;
  return {
    type: 'failed',
    operation: id,
    by,
    failure: kind,
    decline: { code, pgCode: kept(pgCode), pgMessage: kept(pgMessage), retryable },
    answer: kept(raw),
  };
}

/** What every request to the gateway says of an operation. */
function common(payment: Payment, { id, amount }: Operation) {
  const { id: paymentId, orderId, currency } = payment;
  return { reference: id, paymentId, orderId, amount, currency, token: payment.method.token };
}

/** The gateway's id of the authorisation; ours where a person said that there is one. */
function authorizationOf(payment: Payment): string {
  const id = attemptId(payment.id);
  const gatewayId = operationOf(payment, id)?.outcome?.gatewayId;
  return gatewayId === undefined || gatewayId === '' ? id : gatewayId;
}

function request(
  gateway: PaymentGateway,
  payment: Payment,
  operation: Operation,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const asked = common(payment, operation);
  const authorization = authorizationOf(payment);
  switch (operation.kind) {
    case 'attempt': {
      const { sellerId, description } = payment;
      const capture = payment.capture === 'auto';
      const more = description === undefined ? {} : { description };
      return gateway.authorize({ ...asked, sellerId, capture, ...more }, signal);
    }
    case 'capture':
      return gateway.capture({ ...asked, authorization }, signal);
    case 'void':
      return gateway.void({ ...asked, authorization }, signal);
    case 'refund': {
      const { reason = '' } = operation;
      const remaining = refundable(payment);
      return gateway.refund({ ...asked, authorization, reason, remaining }, signal);
    }
  }
}

function inquiry(payment: Payment, operation: Operation): Inquiry {
  const capture = payment.capture === 'auto';
  const asked = { ...common(payment, operation), capture };
  if (operation.kind === 'attempt') return { ...asked, kind: 'authorize' };
  return { ...asked, kind: operation.kind, authorization: authorizationOf(payment) };
}

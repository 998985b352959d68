import { isOpen } from '../../shared/payments/amounts.js';
import { formatDay } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import { NO_PAYMENT, operationOf, type Payment } from '../../shared/payments/payment.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import {
  attemptId,
  duplicateOrder,
  paymentDecider,
  paymentUnknown,
  type PaymentCommand,
} from '../domain/payment.js';
import { refuse } from '../domain/refusal.js';
import { inProgress } from './batch.js';
import { operationFingerprint, paymentFingerprint } from './fingerprint.js';
import type { GatewayCalls } from './gateway-calls.js';
import type { GatewayEntry, Gateways } from './gateways.js';
import type { Janitor } from './janitor.js';
import type { CommandContext } from './ledger.js';
import type { Operations } from './operations.js';
import { claimOrder, type OrderPorts } from './orders.js';
import {
  answerOf,
  decidedByHand,
  inTurn,
  refusal,
  repeated,
  whyNoMode,
  type Refused,
} from './payment-answers.js';
import { paymentIn, type Decided, type PaymentCommands } from './payment-commands.js';
import type { PaymentStates } from './payment-states.js';
import type {
  AuthorizePayment,
  CapturePayment,
  InquirePayment,
  PaymentAnswer,
  Payments,
  RefundPayment,
  ResolveOperation,
  VoidPayment,
} from './payments.js';

/** Payments at work in this process. */
export interface OpenPayments extends Payments {
  /** A round of the janitor: to be called now and then. */
  lookAfter(): Promise<void>;
  /** Finishes what was asked before; calls that are merely listened for are ended. */
  close(): Promise<void>;
}

export type PaymentPorts = Readonly<{
  store: EventStore;
  clock: Clock;
  ids: Ids;
  zone: string;
  gateways: Gateways;
  states: PaymentStates;
  commands: PaymentCommands;
  operations: Operations;
  random: () => number;
  pause: (milliseconds: number) => Promise<void>;
  background: (work: () => Promise<unknown>) => void;
  failed: (error: unknown) => void;
  repetitionConflicts: (merchant: string) => boolean;
}>;

type Operating = Extract<PaymentCommand, { type: 'capture' | 'void' | 'refund' }>;
type OnPayment = Pick<CapturePayment, 'paymentId' | 'commandId' | 'ifRevision'>;

/** Carries commands on payments out. */
export class RunningPayments implements OpenPayments {
  #closed = false;

  constructor(
    readonly ports: PaymentPorts,
    readonly parts: Readonly<{
      calls: GatewayCalls;
      janitor: Janitor;
      running: Set<Promise<unknown>>;
    }>,
  ) {}

  authorize(command: AuthorizePayment, context: CommandContext): Promise<PaymentAnswer> {
    return this.#track(() => this.#authorize(command, context));
  }

  capture(command: CapturePayment, context: CommandContext): Promise<PaymentAnswer> {
    const { commandId: id, amount } = command;
    const fingerprint = operationFingerprint('capture', command);
    const asked = { type: 'capture', id, fingerprint } as const;
    return this.#operate(command, amount === undefined ? asked : { ...asked, amount }, context);
  }

  void(command: VoidPayment, context: CommandContext): Promise<PaymentAnswer> {
    const { commandId: id, reason } = command;
    const fingerprint = operationFingerprint('void', command);
    const asked = { type: 'void', id, fingerprint } as const;
    return this.#operate(command, reason === undefined ? asked : { ...asked, reason }, context);
  }

  refund(command: RefundPayment, context: CommandContext): Promise<PaymentAnswer> {
    const { commandId: id, amount, reason } = command;
    const fingerprint = operationFingerprint('refund', command);
    const asked = { type: 'refund', id, fingerprint, reason } as const;
    return this.#operate(command, amount === undefined ? asked : { ...asked, amount }, context);
  }

  resolve(command: ResolveOperation, context: CommandContext): Promise<PaymentAnswer> {
    return this.#track(() => this.#resolve(command, context));
  }

  inquire(command: InquirePayment): Promise<PaymentAnswer> {
    return this.#track(() => this.#inquire(command));
  }

  lookAfter(): Promise<void> {
    return this.#track(() => this.parts.janitor.round());
  }

  async close(): Promise<void> {
    this.#closed = true;
    // Those that wait for a gateway have its time-out; those nobody waits for any more end now.
    while (this.parts.running.size > 0) {
      const work = [...this.parts.running];
      await Promise.allSettled(work);
    }
    this.parts.calls.abort();
  }

  async #authorize(command: AuthorizePayment, context: CommandContext): Promise<PaymentAnswer> {
    const { commandId: id, orderId, sellerId, amount, currency, method } = command;
    const { capture = 'manual', description, metadata } = command;
    const { gateways, states, commands } = this.ports;
    const entry = gateways.route({ sellerId, currency, token: method.token });
    const request: PaymentCommand = {
      type: 'request',
      fingerprint: paymentFingerprint(command),
      terms: {
        id,
        orderId,
        sellerId,
        amount,
        currency,
        method,
        capture,
        gateway: entry?.name ?? '',
        ...(description === undefined ? {} : { description }),
        ...(metadata === undefined ? {} : { metadata }),
      },
    };
    const { fingerprint } = request;
    // What can never be a payment must not take an order.
    const trial = paymentDecider.decide(request, NO_PAYMENT, { now: this.ports.clock() });
    if (trial.kind === 'refused') return refusal(trial.refusal);
    const blocked = whyNoMode(entry, capture) ?? this.#whyNoCall(entry);
    // What was stored before is answered whatever the gateway is like now.
    const stored = blocked === undefined ? undefined : (await states.read(id)).state;
    if (blocked !== undefined && stored?.kind === 'none') return blocked;
    return inTurn(blocked === undefined ? entry : undefined, async () => {
      const taken = stored === undefined ? await this.#claim(command, context) : undefined;
      if (taken !== undefined) return taken;
      const origin = { commandId: id, context, fingerprint };
      const decided = await commands.decide(id, request, origin, { expectNew: true });
      return this.#carryOut(decided, attemptId(id), context, command.respondAsync);
    });
  }

  async #claim(
    { commandId: paymentId, orderId }: AuthorizePayment,
    context: CommandContext,
  ): Promise<PaymentAnswer | undefined> {
    const { store, ids, random, pause, states, commands, clock, zone } = this.ports;
    const origin = { commandId: paymentId, context };
    const ports: OrderPorts = {
      store,
      ids,
      random,
      pause,
      read: async (id) => (await states.read(id)).state,
      abandon: async (id, order, insteadOf) => {
        const command = { type: 'abandon', id, orderId: order, insteadOf } as const;
        return (await commands.decide(id, command, origin)).state;
      },
    };
    const order = { merchant: context.actor, orderId, paymentId };
    const effectiveDate = formatDay(ledgerDay(clock(), zone));
    const claim = await claimOrder(ports, order, { ...origin, effectiveDate });
    switch (claim.kind) {
      case 'claimed':
        return undefined;
      case 'taken':
        return refusal(duplicateOrder(orderId, claim.by));
      case 'contention':
        return refusal(refuse('CONTENTION', 'others want this order again and again'));
    }
  }

  #operate(on: OnPayment, command: Operating, context: CommandContext): Promise<PaymentAnswer> {
    return this.#track(async () => {
      const answer = await this.#tryOperation(on, command, context);
      if (answer.kind !== 'refused' || !(await this.#learned(on.paymentId, answer))) return answer;
      return this.#tryOperation(on, command, context);
    });
  }

  async #tryOperation(
    { paymentId, commandId, ifRevision }: OnPayment,
    command: Operating,
    context: CommandContext,
  ): Promise<PaymentAnswer> {
    const { gateways, states, commands } = this.ports;
    const { state } = states.remembered(paymentId) ?? (await states.read(paymentId));
    if (state.kind !== 'payment') return refusal(paymentUnknown());
    const entry = gateways.get(state.gateway);
    const blocked = this.#whyNoCall(entry);
    if (blocked !== undefined) {
      const now = await states.read(paymentId);
      if (operationOf(paymentIn(now.state), commandId) === undefined) return blocked;
    }
    const origin = { commandId, context, fingerprint: command.fingerprint };
    const options = ifRevision === undefined ? {} : { ifRevision };
    return inTurn(blocked === undefined ? entry : undefined, async () => {
      const decided = await commands.decide(paymentId, command, origin, options);
      return this.#carryOut(decided, commandId, context);
    });
  }

  /**
   * Where something stands in doubt the gateway is asked before a refusal is final: whether the
   * money is there may be what the refusal was about.
   */
  async #learned(paymentId: string, { refusal: { code } }: Refused): Promise<boolean> {
    if (!WORTH_ASKING.has(code)) return false;
    const { state } = await this.ports.states.read(paymentId);
    if (state.kind !== 'payment') return false;
    const doubtful = state.operations.filter(({ status }) => status === 'unknown');
    if (doubtful.length === 0) return false;
    const after = await this.#ask(
      state,
      doubtful.map(({ id }) => id),
    );
    return after.revision !== state.revision;
  }

  async #carryOut(
    decided: Decided,
    operation: string,
    context: CommandContext,
    respondAsync = false,
  ): Promise<PaymentAnswer> {
    switch (decided.kind) {
      case 'refused':
        return refusal(decided.refusal);
      case 'mismatch': {
        const { state } = decided;
        return { kind: 'mismatch', payment: state.kind === 'payment' ? state : undefined };
      }
      case 'repeated':
        return this.#replay(paymentIn(decided.state), operation, context);
      case 'appended':
        break;
    }
    const payment = paymentIn(decided.state);
    const { operations, background, failed } = this.ports;
    if (respondAsync) {
      background(() => operations.execute(payment, operation));
      return { kind: 'in-doubt', payment, operation, replayed: false };
    }
    try {
      return answerOf(await operations.execute(payment, operation), operation, false);
    } catch (error) {
      // The intent is stored and the gateway was called, so the truth is: in doubt.
      failed(error);
      return { kind: 'in-doubt', payment, operation, replayed: false };
    }
  }

  /** The command was carried out before: what it answered then, from the log. */
  async #replay(payment: Payment, id: string, { actor }: CommandContext): Promise<PaymentAnswer> {
    if (this.ports.repetitionConflicts(actor)) return refusal(repeated(payment, id));
    const operation = operationOf(payment, id);
    if (operation?.status === 'started') return refusal(inProgress(id));
    if (operation?.status === 'unknown') return answerOf(payment, id, true);
    return answerOf(paymentIn(await this.ports.states.answered(payment.id, id)), id, true);
  }

  async #resolve(command: ResolveOperation, context: CommandContext): Promise<PaymentAnswer> {
    const { paymentId, commandId, operation: id, outcome, reason, ifRevision } = command;
    const { state } = await this.ports.states.read(paymentId);
    if (state.kind !== 'payment') return refusal(paymentUnknown());
    const operation = operationOf(state, id);
    const settled = operation?.outcome;
    if (settled?.by === 'operator' && (operation?.status === 'done') === (outcome === 'done')) {
      return { kind: 'done', payment: state, operation: id, replayed: true };
    }
    const told = { operation: id, by: 'operator', reason } as const;
    const { currency } = state;
    const asked: PaymentCommand =
      outcome === 'done'
        ? {
            type: 'done',
            ...told,
            amount: operation?.amount ?? 0n,
            currency,
            gatewayId: command.gatewayId ?? '',
          }
        : { type: 'failed', ...told, failure: 'not-processed', decline: decidedByHand(reason) };
    const decided = await this.ports.commands.decide(
      paymentId,
      asked,
      { commandId, context: { ...context, causationId: operation?.eventId ?? commandId } },
      ifRevision === undefined ? {} : { ifRevision },
    );
    switch (decided.kind) {
      case 'refused':
        return refusal(decided.refusal);
      case 'mismatch':
        return { kind: 'mismatch', payment: state };
      case 'appended':
      case 'repeated': {
        const payment = paymentIn(decided.state);
        return { kind: 'done', payment, operation: id, replayed: decided.kind === 'repeated' };
      }
    }
  }

  async #inquire({ paymentId }: InquirePayment): Promise<PaymentAnswer> {
    const { state } = await this.ports.states.read(paymentId);
    if (state.kind !== 'payment') return refusal(paymentUnknown());
    const blocked = this.#whyNoCall(this.ports.gateways.get(state.gateway));
    if (blocked !== undefined) return blocked;
    const doubtful = state.operations.filter(({ status }) => status === 'unknown');
    // Nothing in doubt: then whoever asks doubts the books, and every outcome is asked about.
    const asked = doubtful.length > 0 ? doubtful : state.operations.filter((one) => !isOpen(one));
    const ids = asked.slice(-MAX_ASKED).map(({ id }) => id);
    const payment = await this.#ask(state, ids);
    const open = payment.operations.some(isOpen);
    const operation = ids.at(-1) ?? attemptId(paymentId);
    return { kind: open ? 'in-doubt' : 'done', payment, operation, replayed: false };
  }

  async #ask(payment: Payment, ids: readonly string[]): Promise<Payment> {
    let newest = payment;
    for (const id of ids) {
      try {
        newest = await this.ports.operations.inquire(newest, id);
      } catch (error) {
        this.ports.failed(error);
      }
    }
    const { state } = await this.ports.states.read(payment.id);
    return paymentIn(state);
  }

  /** Why the gateway must not be called now; nothing has been stored yet. */
  #whyNoCall(entry: GatewayEntry | undefined): Refused | undefined {
    if (entry === undefined) {
      return refusal(refuse('GATEWAY_UNAVAILABLE', 'no gateway is configured for this payment'));
    }
    const wait = entry.breaker.retryAfterMs(this.ports.clock());
    if (wait === undefined) return undefined;
    const why = `the gateway ${entry.name} does not answer; nothing was stored`;
    const retryAfterSeconds = Math.max(1, Math.ceil(wait / 1_000));
    return { ...refusal(refuse('GATEWAY_UNAVAILABLE', why)), retryAfterSeconds };
  }

  async #track<Value>(begin: () => Promise<Value>): Promise<Value> {
    if (this.#closed) throw new Error('payments are closed');
    const { running } = this.parts;
    const work = begin();
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }
}

/** Operations that one inquiry by hand asks about at most. */
const MAX_ASKED = 20;

const WORTH_ASKING: ReadonlySet<string> = new Set([
  'ILLEGAL_STATE',
  'CAPTURE_EXCEEDS_AUTHORIZED',
  'REFUND_EXCEEDS_CAPTURED',
]);

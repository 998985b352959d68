import type { Payment } from '../../shared/payments/payment.js';
import { operationOf } from '../../shared/payments/payment.js';
import type { Clock } from '../../shared/ports/clock.js';
import { attemptId } from '../domain/payment.js';
import type { Gateways } from './gateways.js';
import type { Operations } from './operations.js';
import type { PaymentStates } from './payment-states.js';
import type { OpenOperation, WatchedPayments } from './payment-watch.js';

/**
 * When the gateway is asked about an operation, in ms after its outcome became unknown. After the
 * last it is a person's turn.
 */
export const SCHEDULE_MS: readonly number[] = [
  5_000,
  30_000,
  2 * 60_000,
  10 * 60_000,
  3_600_000,
  6 * 3_600_000,
  24 * 3_600_000,
];

/** How much longer than a gateway's time-out an operation may be without an outcome. */
const GRACE_MS = 2_000;

/** How long an authorisation that should be over is left alone when the gateway disagrees. */
const EXPIRY_RETRY_MS = 3_600_000;

/** How long an operation is left alone after something went wrong here, and not at the gateway. */
const FAULT_PAUSE_MS = 30_000;

/** Inquiries at the same time. */
const AT_ONCE = 16;

export type JanitorPorts = Readonly<{
  watched: WatchedPayments;
  states: PaymentStates;
  operations: Operations;
  gateways: Gateways;
  clock: Clock;
  schedule: readonly number[];
  /** Told of what went wrong with one operation; the others are looked after all the same. */
  failed: (error: unknown) => void;
}>;

/**
 * Finishes what was left: asks the gateway about operations in doubt, finds those whose process is
 * gone, and ends authorisations that have run out. What it remembers is only when it asked last.
 */
export class Janitor {
  /** Operation → when it was asked about last, ms since 1970. */
  readonly #asked = new Map<string, number>();
  /** Operation → when looking after it failed last. */
  readonly #faults = new Map<string, number>();
  readonly #expiryAsked = new Map<string, number>();
  #round: Promise<void> | undefined;

  constructor(readonly ports: JanitorPorts) {}

  /** One round. Whoever calls while one is running waits for that one. */
  round(): Promise<void> {
    this.#round ??= this.#goRound().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #goRound(): Promise<void> {
    const { watched, clock } = this.ports;
    const now = clock();
    const open = [...watched.open()];
    const due = open.filter((one) => this.#isDue(one, now));
    const keys = new Set(open.map(keyOf));
    forget(this.#asked, keys);
    forget(this.#faults, keys);
    await this.#each(due, (one) => this.#try(one));
    const over = watched.expired(now);
    forget(this.#expiryAsked, new Set(over));
    const expired = over.filter((id) => this.#isExpiryDue(id, now));
    await this.#each(expired, (id) => this.#expire(id, now));
  }

  #isDue(one: OpenOperation, now: number): boolean {
    const { paymentId, operation, startedAt, unknownSince } = one;
    if (this.ports.operations.isExecuting(paymentId, operation)) return false;
    const faultAt = this.#faults.get(keyOf(one));
    if (faultAt !== undefined && now - faultAt < FAULT_PAUSE_MS) return false;
    if (unknownSince === undefined) return now - startedAt >= GRACE_MS;
    const asked = this.#asked.get(keyOf(one));
    // After a restart the last time is not known: whatever was due is made up for, once.
    const latest = this.ports.schedule.findLast((after) => unknownSince + after <= now);
    return latest !== undefined && (asked === undefined || asked < unknownSince + latest);
  }

  /** What the gateway said and could not be stored must not wait for the next step of the schedule. */
  async #try(one: OpenOperation): Promise<void> {
    try {
      await this.#look(one);
      this.#faults.delete(keyOf(one));
    } catch (error) {
      this.#asked.delete(keyOf(one));
      this.#faults.set(keyOf(one), this.ports.clock());
      throw error;
    }
  }

  async #look(one: OpenOperation): Promise<void> {
    const { paymentId, operation } = one;
    const { states, operations, gateways, clock } = this.ports;
    const payment = await this.#payment(paymentId);
    const stored = payment === undefined ? undefined : operationOf(payment, operation);
    if (payment === undefined || stored === undefined) return;
    switch (stored.status) {
      case 'done':
      case 'failed':
        return;
      case 'started': {
        const patience = (gateways.get(payment.gateway)?.timeoutMs ?? 0) + GRACE_MS;
        // Another process may be calling the gateway for it.
        if (clock() - stored.startedAt < patience) return;
        this.#asked.set(keyOf(one), clock());
        await operations.inquire(await operations.interrupted(payment, operation), operation);
        return;
      }
      case 'unknown': {
        this.#asked.set(keyOf(one), clock());
        const { state } = await states.read(paymentId);
        if (state.kind === 'payment') await operations.inquire(state, operation);
      }
    }
  }

  #isExpiryDue(id: string, now: number): boolean {
    const asked = this.#expiryAsked.get(id);
    return asked === undefined || now - asked >= EXPIRY_RETRY_MS;
  }

  async #expire(id: string, now: number): Promise<void> {
    this.#expiryAsked.set(id, now);
    const payment = await this.#payment(id);
    if (payment === undefined) return;
    await this.ports.operations.inquire(payment, attemptId(id));
  }

  async #payment(id: string): Promise<Payment | undefined> {
    const { state } = await this.ports.states.read(id);
    return state.kind === 'payment' ? state : undefined;
  }

  async #each<One>(all: readonly One[], work: (one: One) => Promise<void>): Promise<void> {
    const left = all.values();
    const worker = async (): Promise<void> => {
      for (const one of left) {
        try {
          await work(one);
        } catch (error) {
          this.ports.failed(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  }
}

/** Drops what is no longer looked after. */
function forget(asked: Map<string, number>, keep: ReadonlySet<string>): void {
  for (const key of asked.keys()) if (!keep.has(key)) asked.delete(key);
}

function keyOf({ paymentId, operation }: OpenOperation): string {
  return `${paymentId}|${operation}`;
}

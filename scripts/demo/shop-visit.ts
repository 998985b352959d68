import { z } from 'zod';
import type { Client } from './client.js';
import type { ShopClient, Told } from './shop-client.js';
import { CURRENCY, type Plan, type Step } from './shop-plan.js';

const operations = z.array(z.object({ id: z.string(), status: z.string() }));

/** Of a payment what the shop looks at while it waits. */
const paymentShape = z.object({
  attempts: operations,
  captures: operations,
  voids: operations,
  refunds: operations,
});

const GOOD: ReadonlySet<string> = new Set(['AUTHORIZED', 'SUCCEEDED']);
const OPEN: ReadonlySet<string> = new Set(['STARTED', 'REQUESTED', 'UNKNOWN']);

/**
 * An order on its way through the day. Where nobody knows what became of a request, it waits, and
 * goes on when it is asked to again: it never asks for the same thing under another key.
 */
export class Visit {
  #card = 0;
  #next = 0;
  #paymentId: string | undefined;
  /** What the shop does not know the outcome of. */
  #open: string | undefined;
  #steps: readonly Step[];

  constructor(
    private readonly plan: Plan,
    private readonly shop: ShopClient,
    private readonly reader: Client,
  ) {
    this.#steps = plan.steps;
  }

  /** The last of its payments, of which there are two when the first card was declined. */
  get paymentId(): string | undefined {
    return this.#paymentId;
  }

  /** Goes on as far as it can. @returns whether it has to wait for something in doubt */
  async go(): Promise<'finished' | 'waits'> {
    if (this.#open !== undefined) {
      const outcome = await this.#outcomeOf(this.#open);
      if (outcome === undefined) return 'waits';
      this.#open = undefined;
      if (!this.#goesOn(outcome)) return 'finished';
    }
    for (;;) {
      const told = await this.#ask();
      if (told === undefined) return 'finished';
      if (told.kind !== 'declined') this.#paymentId = told.paymentId;
      if (told.kind === 'in-doubt') {
        this.#open = told.operation;
        return 'waits';
      }
      if (!this.#goesOn(told.kind === 'done')) return 'finished';
    }
  }

  #ask(): Promise<Told | undefined> {
    const { orderId, sellerId, amount, capture, token } = this.plan;
    const key = `${orderId}/${this.#card}/${this.#next}`;
    if (this.#next === 0) {
      const method = { type: 'card', token: this.#card === 0 ? token : 'tok_ok' };
      const money = { amount: amount.toString(), currency: CURRENCY };
      return this.shop.ask('/v1/payments', { orderId, sellerId, ...money, method, capture }, key);
    }
    const step = this.#steps[this.#next - 1];
    if (step === undefined) return Promise.resolve(undefined);
    const path = `/v1/payments/${this.#paymentId ?? ''}`;
    switch (step.kind) {
      case 'capture':
        return this.shop.ask(`${path}/captures`, { amount: step.amount.toString() }, key);
      case 'refund': {
        const body = { amount: step.amount.toString(), reason: 'the buyer sent it back' };
        return this.shop.ask(`${path}/refunds`, body, key);
      }
      case 'void':
        return this.shop.ask(`${path}/void`, { reason: 'the order was cancelled' }, key);
    }
  }

  /** What comes after an outcome. @returns whether anything does */
  #goesOn(good: boolean): boolean {
    const step = this.#steps[this.#next - 1];
    if (good) {
      this.#next += 1;
      return true;
    }
    if (step === undefined) {
      // The card was declined: another one, for the same order, or no sale.
      const again = this.plan.comesBack && this.#card === 0;
      this.#card = 1;
      this.#next = 0;
      this.#steps = this.plan.steps;
      return again;
    }
    if (step.kind !== 'capture' || this.#next > 1) return false;
    // It could not be captured: the buyer gets the authorisation back.
    this.#steps = [step, { kind: 'void' }];
    this.#next = 2;
    return true;
  }

  async #outcomeOf(operation: string): Promise<boolean | undefined> {
    const payment = await this.reader.get(`/v1/payments/${this.#paymentId ?? ''}`, paymentShape);
    const { attempts, captures, voids, refunds } = payment;
    const one = [...attempts, ...captures, ...voids, ...refunds].find(({ id }) => id === operation);
    if (one === undefined) throw new Error(`the payment has no operation ${operation}`);
    return OPEN.has(one.status) ? undefined : GOOD.has(one.status);
  }
}

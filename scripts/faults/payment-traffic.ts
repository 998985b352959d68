import type { Random } from '../bench/random.js';
import { Client } from './client.js';
import { paymentOf, PaymentCalls, type Asked, type Outcome } from './payment-calls.js';

/** What a buyer came for. */
type Visit = Readonly<{ token: string; amount: number; auto: boolean }>;

/** Fates of payments: half of them nothing out of the ordinary. */
const FATES: readonly string[] = [
  ...Array.from({ length: 24 }, () => 'tok_ok'),
  ...['tok_timeout', 'tok_timeout_lost', 'tok_reset', 'tok_reset_lost', 'tok_503', 'tok_garbage'],
  ...['tok_declined', 'tok_slow:50', 'tok_slow:400', 'tok_late:300', 'tok_pending:300'],
  ...['tok_wrong_amount', 'tok_capture_fails', 'tok_capture_timeout', 'tok_capture_reset_lost'],
  ...['tok_capture_slow:400', 'tok_refund_fails', 'tok_refund_timeout', 'tok_refund_503'],
  ...['tok_refund_timeout_lost', 'tok_refund_garbage', 'tok_refund_late:300'],
  ...['tok_void_timeout', 'tok_void_fails'],
];

/**
 * Buyers whose payments meet all sorts of fates, some of them twice for one order, and callers who
 * now and then send a command twice at once. Whatever has no answer is sent again with its key.
 */
export class PaymentTraffic {
  readonly calls: PaymentCalls;
  readonly #next: Asked[] = [];
  readonly #visits = new Map<Asked, Visit>();

  constructor(
    private readonly random: Random,
    /** Begins every key and order, where several have one log. */
    prefix = '',
  ) {
    this.calls = new PaymentCalls(prefix);
  }

  /** Sends commands one after another from each caller until its connection breaks or it is told to. */
  async run(url: string, callers: number, goOn: () => boolean): Promise<void> {
    const client = new Client(url);
    const call = async (): Promise<void> => {
      while (goOn()) {
        const asked = this.#choose();
        const outcome = await this.calls.ask(client, asked);
        if (outcome.kind === 'lost') return;
        this.#follow(asked, outcome);
      }
    };
    await Promise.all(Array.from({ length: callers }, call));
    client.close();
  }

  /** What comes next, once a payment or its capture is there or in doubt. */
  #follow(asked: Asked, outcome: Outcome): void {
    const visit = this.#visits.get(asked);
    if (outcome.kind !== 'told' || !outcome.isFirst || visit === undefined) return;
    const id = paymentOf(outcome.told);
    if (id === undefined) return;
    const { kind } = asked;
    if (kind === 'attempt' && !visit.auto) this.#next.push(...this.#capturesOrVoid(id, visit));
    if (kind === 'capture' || (kind === 'attempt' && visit.auto)) {
      this.#next.push(...this.#refunds(id, visit));
    }
  }

  /** What was not answered yet, what follows from an answer, or somebody new. */
  #choose(): Asked {
    // What a dead process was at has no answer for seconds: that must not keep everybody busy.
    const again = this.random.below(2) === 0 ? this.calls.takeUnanswered() : undefined;
    if (again !== undefined) return again;
    const follows = this.random.below(4) === 0 ? undefined : this.#next.shift();
    const asked = follows ?? this.#authorize();
    // Somebody else sends the same at the same time.
    if (this.random.below(12) === 0) this.calls.later(asked);
    return asked;
  }

  #authorize(): Asked {
    const visit: Visit = {
      token: this.random.pick(FATES),
      amount: 1_000 + this.random.below(50_000),
      auto: this.random.below(3) === 0,
    };
    const { token, amount, auto } = visit;
    const body = {
      orderId: `${this.calls.prefix}order-${this.calls.asked.length}`,
      sellerId: `s${this.random.below(20)}`,
      amount,
      currency: this.random.pick(['KRW', 'USD']),
      method: { type: 'card', token },
      capture: auto ? 'auto' : 'manual',
    };
    // The same order once more, by a caller who has forgotten its key.
    if (this.random.below(12) === 0) this.#next.unshift(this.#make('attempt', '', visit, body));
    return this.#make('attempt', '', visit, body);
  }

  #capturesOrVoid(id: string, visit: Visit): readonly Asked[] {
    const capture = (body: unknown): Asked => this.#make('capture', id, visit, body);
    const chance = this.random.below(10);
    if (chance < 1) return [];
    if (chance < 3 || visit.token.includes('void')) return [this.#make('void', id, visit, {})];
    if (chance < 7) return [capture({})];
    // Too much together now and then, and at the same time as a void.
    const amount = Math.floor(visit.amount / 2) + this.random.below(2) * 2;
    const parts = [capture({ amount }), capture({ amount })];
    return chance < 9 ? parts : [...parts, this.#make('void', id, visit, {})];
  }

  #refunds(id: string, visit: Visit): readonly Asked[] {
    const reason = 'sent back';
    const chance = this.random.below(4);
    if (chance === 0) return [];
    if (chance === 1) return [this.#make('refund', id, visit, { reason })];
    const amount = Math.floor(visit.amount / (2 + this.random.below(3)));
    return Array.from({ length: 1 + this.random.below(4) }, () =>
      this.#make('refund', id, visit, { amount, reason }),
    );
  }

  #make(kind: Asked['kind'], id: string, visit: Visit, body: unknown): Asked {
    const asked = this.calls.make(kind, id, body);
    this.#visits.set(asked, visit);
    return asked;
  }
}

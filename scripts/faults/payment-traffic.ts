import { setTimeout as moment } from 'node:timers/promises';
import { z } from 'zod';
import type { Random } from '../bench/random.js';
import { Client, type Answer, type Command } from './client.js';
import type { OperationKind } from './payment-amounts.js';
import type { AskedFor, Told } from './payment-invariants.js';

/** A command on a payment: what is sent, and every answer that was no refusal. */
export type Asked = AskedFor & Readonly<{ command: Command; told: Told[]; visit: Visit }>;

/** What a buyer came for. */
type Visit = Readonly<{ order: string; token: string; amount: number; auto: boolean }>;

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

const failed = z.object({ code: z.string() });
const begun = z.object({ data: z.object({ id: z.string() }) });

/** Refusals that are right answers to this traffic; nothing was stored. */
const EXPECTED_REFUSALS: readonly string[] = [
  'ILLEGAL_STATE',
  'DUPLICATE_REQUEST',
  'CAPTURE_EXCEEDS_AUTHORIZED',
  'REFUND_EXCEEDS_CAPTURED',
];
/** Answers that ask to send the same again. */
const RETRIES: readonly string[] = [
  'REQUEST_IN_PROGRESS',
  'CONTENTION',
  'GATEWAY_UNAVAILABLE',
  'STORAGE_FULL',
  'STORE_UNAVAILABLE',
];
const BEFORE_ASKING_AGAIN = 20;
const SETTLE_WITHIN = 60_000;

/**
 * Buyers whose payments meet all sorts of fates, some of them twice for one order, and callers who
 * now and then send a command twice at once. Every command is remembered before it is sent, and sent
 * again with the same key until it has an answer.
 */
export class PaymentTraffic {
  readonly asked: Asked[] = [];
  readonly #unanswered: Asked[] = [];
  readonly #next: Asked[] = [];
  readonly #heard = new Map<string, number>();
  readonly #surprises: string[] = [];

  constructor(
    private readonly random: Random,
    private readonly fates: readonly string[] = FATES,
    /** Begins every key and order, where several have one log. */
    private readonly prefix = '',
  ) {}

  /** Answers that nothing explains. Empty: all is well. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  /** How many answers had this status or this code. */
  heard(statusOrCode: string): number {
    return this.#heard.get(statusOrCode) ?? 0;
  }

  /** Sends commands one after another from each caller until its connection breaks or it is told to. */
  async run(url: string, callers: number, goOn: () => boolean): Promise<void> {
    const client = new Client(url);
    const call = async (): Promise<void> => {
      while (goOn()) if ((await this.#ask(client, this.#choose())) === 'lost') return;
    };
    await Promise.all(Array.from({ length: callers }, call));
    client.close();
  }

  /** Sends what is without an answer until everything has one. @throws when that takes too long */
  async settle(url: string): Promise<void> {
    const client = new Client(url);
    const deadline = performance.now() + SETTLE_WITHIN;
    const call = async (): Promise<void> => {
      for (;;) {
        const asked = this.#unanswered.shift();
        if (asked === undefined) return;
        if ((await this.#ask(client, asked)) === 'lost') throw new Error('the server went away');
        if (performance.now() > deadline) throw new Error(`no answer for ${asked.key}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, call));
    client.close();
  }

  /** Asks everything that has an answer once more. */
  async askAgain(url: string, judge: (asked: Asked, again: Told) => void): Promise<void> {
    const client = new Client(url);
    const left = this.asked.filter(({ told }) => told.length > 0).values();
    const call = async (): Promise<void> => {
      for (const asked of left) {
        const answer = await client.send(asked.command);
        if (answer.kind === 'lost') throw new Error('the server went away');
        judge(asked, toldOf(answer));
      }
    };
    await Promise.all(Array.from({ length: 8 }, call));
    client.close();
  }

  async #ask(client: Client, asked: Asked): Promise<'lost' | 'later' | 'answered'> {
    const answer = await client.send(asked.command);
    if (answer.kind === 'lost') {
      this.#unanswered.push(asked);
      return 'lost';
    }
    const code = failed.safeParse(answer.body).data?.code ?? '';
    this.#count(String(answer.status));
    this.#count(code);
    if (RETRIES.includes(code)) {
      if (answer.headers['retry-after'] === undefined) {
        this.#surprises.push(`${code} without Retry-After`);
      }
      await moment(BEFORE_ASKING_AGAIN);
      this.#unanswered.push(asked);
      return 'later';
    }
    if (isTold(answer.status)) this.#learn(asked, toldOf(answer));
    else if (!EXPECTED_REFUSALS.includes(code)) {
      this.#surprises.push(`${asked.key}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return 'answered';
  }

  #count(what: string): void {
    this.#heard.set(what, this.heard(what) + 1);
  }

  #learn(asked: Asked, told: Told): void {
    const isFirst = asked.told.length === 0;
    asked.told.push(told);
    const id = begun.safeParse(told.body).data?.data.id;
    if (id === undefined || !isFirst) return;
    const { kind, visit } = asked;
    if (kind === 'attempt' && !visit.auto) this.#next.push(...this.#capturesOrVoid(id, visit));
    if (kind === 'capture' || visit.auto) this.#next.push(...this.#refunds(id, visit));
  }

  /** What was not answered yet, what follows from an answer, or somebody new. */
  #choose(): Asked {
    // What a dead process was at has no answer for seconds: that must not keep everybody busy.
    const again = this.random.below(2) === 0 ? this.#unanswered.shift() : undefined;
    if (again !== undefined) return again;
    const follows = this.random.below(4) === 0 ? undefined : this.#next.shift();
    const asked = follows ?? this.#authorize();
    // Somebody else sends the same at the same time.
    if (this.random.below(12) === 0) this.#unanswered.push(asked);
    return asked;
  }

  #make(kind: OperationKind, visit: Visit, path: string, body: unknown): Asked {
    const key = `${this.prefix}${kind}-${this.asked.length}`;
    const asked: Asked = { kind, key, command: { path, key, body }, told: [], visit };
    this.asked.push(asked);
    return asked;
  }

  #authorize(): Asked {
    const visit: Visit = {
      order: `${this.prefix}order-${this.asked.length}`,
      token: this.random.pick(this.fates),
      amount: 1_000 + this.random.below(50_000),
      auto: this.random.below(3) === 0,
    };
    const { order: orderId, token, amount, auto } = visit;
    const body = {
      orderId,
      sellerId: `s${this.random.below(20)}`,
      amount,
      currency: this.random.pick(['KRW', 'USD']),
      method: { type: 'card', token },
      capture: auto ? 'auto' : 'manual',
    };
    // The same order once more, by a caller who has forgotten its key.
    if (this.random.below(12) === 0) {
      this.#next.unshift(this.#make('attempt', visit, '/v1/payments', body));
    }
    return this.#make('attempt', visit, '/v1/payments', body);
  }

  #capturesOrVoid(id: string, visit: Visit): readonly Asked[] {
    const chance = this.random.below(10);
    if (chance < 1) return [];
    const path = `/v1/payments/${id}/captures`;
    const voiding = (): Asked => this.#make('void', visit, `/v1/payments/${id}/void`, {});
    if (chance < 3 || visit.token.includes('void')) return [voiding()];
    if (chance < 7) return [this.#make('capture', visit, path, {})];
    // Too much together now and then, and at the same time as a void.
    const part = Math.floor(visit.amount / 2) + this.random.below(2) * 2;
    const parts = [part, part].map((amount) => this.#make('capture', visit, path, { amount }));
    return chance < 9 ? parts : [...parts, voiding()];
  }

  #refunds(id: string, visit: Visit): readonly Asked[] {
    const path = `/v1/payments/${id}/refunds`;
    const reason = 'sent back';
    const chance = this.random.below(4);
    if (chance === 0) return [];
    if (chance === 1) return [this.#make('refund', visit, path, { reason })];
    const part = Math.floor(visit.amount / (2 + this.random.below(3)));
    const count = 1 + this.random.below(4);
    return Array.from({ length: count }, () =>
      this.#make('refund', visit, path, { amount: part, reason }),
    );
  }
}

/** Whether a status says what became of an operation, or that it is not known yet. */
function isTold(status: number): boolean {
  return status < 300 || status === 402 || status === 502;
}

/** An answer as the checks take it. */
function toldOf({ status, body, headers }: Extract<Answer, { kind: 'answered' }>): Told {
  const revision = /^"v(\d+)"$/.exec(headers.etag ?? '')?.[1] ?? '';
  return { status, body, revision, replayed: headers['idempotent-replayed'] === 'true' };
}

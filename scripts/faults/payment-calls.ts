import { setTimeout as moment } from 'node:timers/promises';
import { z } from 'zod';
import { Client, type Answer, type Command } from './client.js';
import type { OperationKind } from './payment-amounts.js';
import type { AskedFor, Told } from './payment-invariants.js';

/** A command on a payment: what is sent, and every answer that was no refusal. */
export type Asked = AskedFor & Readonly<{ command: Command; told: Told[] }>;

/** How one try ended. `later`: it is to be sent again. `refused`: nothing was stored. */
export type Outcome =
  | Readonly<{ kind: 'lost' | 'later' }>
  | Readonly<{ kind: 'refused'; code: string }>
  | Readonly<{ kind: 'told'; told: Told; isFirst: boolean }>;

/** Where commands on payments go. */
const PATHS = {
  attempt: () => '/v1/payments',
  capture: (id: string) => `/v1/payments/${id}/captures`,
  void: (id: string) => `/v1/payments/${id}/void`,
  refund: (id: string) => `/v1/payments/${id}/refunds`,
} as const satisfies Record<OperationKind, (id: string) => string>;

const failed = z.object({ code: z.string() });
const paid = z.object({ data: z.object({ id: z.string() }) });

/** Refusals that are right answers to somebody; nothing was stored. */
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
const AT_ONCE = 8;

/** Commands on payments, each remembered before it is sent, with all that was answered. */
export class PaymentCalls {
  readonly asked: Asked[] = [];
  readonly #unanswered: Asked[] = [];
  readonly #heard = new Map<string, number>();
  readonly #surprises: string[] = [];

  /** @param prefix begins every key, where several have one log */
  constructor(readonly prefix = '') {}

  /** Answers that nothing explains. Empty: all is well. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  /** How many answers had this status or this code. */
  heard(statusOrCode: string): number {
    return this.#heard.get(statusOrCode) ?? 0;
  }

  /** A command with a key of its own. @param id of the payment, where there is one */
  make(kind: OperationKind, id: string, body: unknown): Asked {
    const key = `${this.prefix}${kind}-${this.asked.length}`;
    const asked: Asked = { kind, key, command: { path: PATHS[kind](id), key, body }, told: [] };
    this.asked.push(asked);
    return asked;
  }

  /** Something is to be sent, or to be sent again, some time. */
  later(asked: Asked): void {
    this.#unanswered.push(asked);
  }

  /** What is to be sent again. */
  takeUnanswered(): Asked | undefined {
    return this.#unanswered.shift();
  }

  /** Sends a command once. What has no answer then is kept for later. */
  async ask(client: Client, asked: Asked): Promise<Outcome> {
    const outcome = this.#learn(asked, await client.send(asked.command));
    if (outcome.kind === 'later') await moment(BEFORE_ASKING_AGAIN);
    if (outcome.kind === 'lost' || outcome.kind === 'later') this.later(asked);
    return outcome;
  }

  /** Sends commands at the same time, spread over servers, each until it has an answer. */
  async atOnce(urls: readonly string[], all: readonly Asked[]): Promise<readonly Outcome[]> {
    const clients = urls.map((url) => new Client(url));
    const deadline = performance.now() + SETTLE_WITHIN;
    const outcomes = await Promise.all(
      all.map(async (asked, index) => {
        const client = clients[index % clients.length];
        if (client === undefined) throw new Error('no server');
        for (;;) {
          const outcome = this.#learn(asked, await client.send(asked.command));
          if (outcome.kind === 'lost') throw new Error('the server went away');
          if (outcome.kind !== 'later') return outcome;
          if (performance.now() > deadline) throw new Error(`no answer for ${asked.key}`);
          await moment(BEFORE_ASKING_AGAIN);
        }
      }),
    );
    for (const client of clients) client.close();
    return outcomes;
  }

  /** Sends what is without an answer until everything has one. @throws when that takes too long */
  async settle(url: string): Promise<void> {
    const deadline = performance.now() + SETTLE_WITHIN;
    await this.#each(
      url,
      () => this.takeUnanswered(),
      async (client, asked) => {
        if ((await this.ask(client, asked)).kind === 'lost')
          throw new Error('the server went away');
        if (performance.now() > deadline) throw new Error(`no answer for ${asked.key}`);
      },
    );
  }

  /** Asks everything that has an answer once more. */
  async askAgain(url: string, judge: (asked: Asked, again: Told) => void): Promise<void> {
    const left = this.asked.filter(({ told }) => told.length > 0);
    await this.#each(
      url,
      () => left.shift(),
      async (client, asked) => {
        const answer = await client.send(asked.command);
        if (answer.kind === 'lost') throw new Error('the server went away');
        judge(asked, toldOf(answer));
      },
    );
  }

  async #each(
    url: string,
    next: () => Asked | undefined,
    work: (client: Client, asked: Asked) => Promise<void>,
  ): Promise<void> {
    const client = new Client(url);
    const worker = async (): Promise<void> => {
      for (let one = next(); one !== undefined; one = next()) await work(client, one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    client.close();
  }

  #learn(asked: Asked, answer: Answer): Outcome {
    if (answer.kind === 'lost') return { kind: 'lost' };
    const { status, body, headers } = answer;
    const code = failed.safeParse(body).data?.code ?? '';
    for (const what of [String(status), code]) this.#heard.set(what, this.heard(what) + 1);
    if (RETRIES.includes(code)) {
      if (headers['retry-after'] === undefined) this.#surprises.push(`${code}: no Retry-After`);
      return { kind: 'later' };
    }
    if (isTold(status)) {
      const told = toldOf(answer);
      asked.told.push(told);
      return { kind: 'told', told, isFirst: asked.told.length === 1 };
    }
    if (!EXPECTED_REFUSALS.includes(code)) {
      this.#surprises.push(`${asked.key}: ${status} ${JSON.stringify(body)}`);
    }
    return { kind: 'refused', code };
  }
}

/** Whether a status says what became of an operation, or that it is not known yet. */
function isTold(status: number): boolean {
  return status < 300 || status === 402 || status === 502;
}

function toldOf({ status, body, headers }: Extract<Answer, { kind: 'answered' }>): Told {
  const revision = /^"v(\d+)"$/.exec(headers.etag ?? '')?.[1] ?? '';
  return { status, body, revision, replayed: headers['idempotent-replayed'] === 'true' };
}

/** The id of the payment an answer speaks of; undefined where it was declined. */
export function paymentOf({ body }: Told): string | undefined {
  return paid.safeParse(body).data?.data.id;
}

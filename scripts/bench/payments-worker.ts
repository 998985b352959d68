import { setTimeout as until } from 'node:timers/promises';
import { Connection, type RawResponse } from './connection.js';
import {
  paymentsJob,
  type LoadStep,
  type PaymentsJob,
  type PaymentsResult,
  type PaymentWorkload,
} from './payments-load.js';
import { Random } from './random.js';
import { counter, postText } from './requests.js';
import { latency, now } from './statistics.js';

/** Most ids of payments that are told. */
const TOLD_IDS = 2_000;

/** What one kind of command was answered. */
class Tally {
  #done = 0;
  #amount = 0;
  readonly #statuses: Record<string, number> = {};
  readonly #latencies: number[] = [];

  count({ status }: RawResponse, milliseconds: number, amount: number): boolean {
    this.#latencies.push(milliseconds);
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status !== 201) return false;
    this.#done++;
    this.#amount += amount;
    return true;
  }

  /** @throws when there was not a single one */
  step(): LoadStep {
    return {
      statuses: this.#statuses,
      done: this.#done,
      amount: this.#amount,
      latency: latency(this.#latencies),
    };
  }
}

type Planned = Readonly<{ key: string; seller: string; amount: number; refund: number }>;

/** Payment `n` of the workload, the same whenever it is asked for. */
function paymentAt({ tag, sellers }: PaymentWorkload, n: number): Planned {
  const random = new Random(n * 2_654_435_761);
  const amount = 2 + random.below(99_998);
  return {
    key: `${tag}-${n}`,
    seller: `s${random.below(sellers)}`,
    amount,
    refund: Math.floor(amount / 2),
  };
}

function authorizeText({ key, seller, amount }: Planned): string {
  const order = `"orderId":"${key}","sellerId":"${seller}"`;
  const money = `"amount":"${amount}","currency":"KRW"`;
  const body = `{${order},${money},"method":{"type":"card","token":"tok_ok"}}`;
  return postText('/v1/payments', `Idempotency-Key: ${key}\r\n`, body);
}

function captureText(id: string, { key, amount }: Planned): string {
  const path = `/v1/payments/${id}/captures`;
  return postText(path, `Idempotency-Key: ${key}\r\n`, `{"amount":"${amount}"}`);
}

function refundText(id: string, { key, refund }: Planned): string {
  const path = `/v1/payments/${id}/refunds`;
  const body = `{"amount":"${refund}","reason":"returned"}`;
  return postText(path, `Idempotency-Key: ${key}\r\n`, body);
}

/** The load, as far as it has come. */
class Load {
  readonly authorized = new Tally();
  readonly captured = new Tally();
  readonly refunded = new Tally();
  /** Ids of captured payments, with what was planned for each. */
  readonly payments: [id: string, planned: Planned][] = [];

  constructor(readonly job: PaymentsJob) {}

  async pay(connection: Connection, next: () => number | undefined, begin: number): Promise<void> {
    for (let n = next(); n !== undefined; n = next()) {
      const planned = paymentAt(this.job.workload, n);
      const start = await this.#due(begin, n);
      const response = await connection.exchange(authorizeText(planned));
      const answered = now();
      if (!this.authorized.count(response, answered - start, planned.amount)) continue;
      const id = /"id":"([^"]+)"/.exec(response.body)?.[1] ?? '';
      const second = await connection.exchange(captureText(id, planned));
      if (!this.captured.count(second, now() - answered, planned.amount)) continue;
      this.payments.push([id, planned]);
    }
  }

  async refund(connection: Connection, next: () => number | undefined): Promise<void> {
    for (let n = next(); n !== undefined; n = next()) {
      const [id, planned] = this.payments[n] ?? [];
      if (id === undefined || planned === undefined) throw new Error('a payment is missing');
      const start = now();
      const response = await connection.exchange(refundText(id, planned));
      this.refunded.count(response, now() - start, planned.refund);
    }
  }

  /** Waits until payment `n` is due, and answers from when on it is measured. */
  async #due(begin: number, n: number): Promise<number> {
    const { perSecond } = this.job;
    if (perSecond === undefined) return now();
    const due = begin + (n * 1000) / perSecond;
    const wait = due - now();
    if (wait <= 0) return due;
    await until(wait);
    // A timer fires up to a millisecond late by nature; that is ours, not the server's.
    return now();
  }
}

async function run(job: PaymentsJob): Promise<PaymentsResult> {
  const { hostname, port } = new URL(job.url);
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => Connection.open(hostname, Number(port))),
  );
  const load = new Load(job);
  const timed = async (work: (one: Connection, start: number) => Promise<void>) => {
    const start = now();
    await Promise.all(connections.map((one) => work(one, start)));
    return (now() - start) / 1000;
  };
  const next = counter(job.count);
  const seconds = await timed((one, start) => load.pay(one, next, start));
  const nextRefund = counter(job.refunds ? load.payments.length : 0);
  const refundSeconds = await timed((one) => load.refund(one, nextRefund));
  for (const connection of connections) connection.close();
  return {
    seconds,
    authorize: load.authorized.step(),
    capture: load.captured.step(),
    ...(job.refunds ? { refund: { seconds: refundSeconds, ...load.refunded.step() } } : {}),
    ids: load.payments.slice(0, TOLD_IDS).map(([id]) => id),
  };
}

process.once('message', (message) => {
  run(paymentsJob.parse(message)).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: unknown) => {
      console.error('load generator:', error);
      process.exit(1);
    },
  );
});

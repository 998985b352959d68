import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** How an answer gets lost or spoiled. */
export type TossFault =
  /** Nothing is answered, until the caller goes away. */
  | 'silent'
  | 'reset'
  | '503'
  /** A page of something before Toss. */
  | 'proxy-page'
  | 'broken-json'
  | 'truncated'
  | 'endless'
  | 'redirect'
  | 'other-payment';

/** What goes wrong with a request; `done`: it is carried out all the same. */
type Failing = Readonly<{ fault: TossFault; done: boolean }>;

type Cancel = {
  cancelReason: string;
  canceledAt: string;
  cancelAmount: number;
  refundableAmount: number;
  transactionKey: string;
  cancelStatus: string;
};

type Payment = {
  mId: string;
  version: string;
  paymentKey: string;
  orderId: string;
  currency: string;
  method: string;
  status: string;
  requestedAt: string;
  approvedAt: string | null;
  totalAmount: number;
  balanceAmount: number;
  lastTransactionKey: string | null;
  /** For webhooks; nobody else may see it. */
  secret: string;
  card: Record<string, unknown>;
  cancels: Cancel[] | null;
  failure: { code: string; message: string } | null;
};

type Answer = Readonly<{ status: number; body: unknown }>;

/** A request as the server got it. */
type TossCall = Readonly<{
  method: string;
  path: string;
  idempotencyKey: string | undefined;
  body: unknown;
}>;

/** What becomes of a payment's confirmation or cancellation: Toss's error, or a failing network. */
type Fate = Readonly<{ confirm?: Answer; cancel?: Answer; failing?: Failing }>;

export type TossServer = Readonly<{
  url: string;
  /** Every request that came, in order. */
  calls: readonly TossCall[];
  /** The buyer has approved a payment, and it can be confirmed. */
  approve(paymentKey: string, orderId: string, amount: number, fate?: Fate): void;
  /** The payment as Toss has it. */
  payment(paymentKey: string): Payment;
  /** How often a request was really carried out, repetitions left out. */
  executed(): number;
  /** The next request fails like this; `done`, by default, it is carried out all the same. */
  failNext(fault: TossFault, done?: boolean): void;
  /** The next request is answered with this, and nothing is done. */
  answerNext(answer: Answer): void;
  /** Resolves when the next request has come. */
  received(): Promise<void>;
  /** Stops answering at its address, or starts again. */
  dead(isDead: boolean): Promise<void>;
  close(): Promise<void>;
}>;

export const TOSS_SECRET_KEY = 'test_sk_zXLkKEypNArWmo50nX3lmeaxYG5R';
/** When everything happens here. */
export const TOSS_NOW = '2026-01-02T03:04:05+09:00';

const confirmBody = z.strictObject({
  paymentKey: z.string().max(200),
  orderId: z.string().max(64),
  amount: z.int().positive(),
});
const cancelBody = z.strictObject({
  cancelReason: z.string().min(1).max(200),
  cancelAmount: z.int().positive().optional(),
});

/** A server that follows Toss Payments' published API v1, as far as payments go. */
export async function startTossServer(): Promise<TossServer> {
  const toss = new Toss();
  const calls: TossCall[] = [];
  const next: (Failing | Answer)[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const call: TossCall = {
      method: request.method ?? '',
      path: request.url ?? '',
      idempotencyKey: request.headers['idempotency-key']?.toString(),
      body: body === '' ? undefined : JSON.parse(body),
    };
    calls.push(call);
    for (const wake of waiting.splice(0)) wake();
    const given = next.shift() ?? toss.failing(call);
    if (given !== undefined && 'status' in given) {
      send(response, given);
      return;
    }
    const done = given?.done ?? true;
    const truth = done ? toss.answer(call, request.headers.authorization) : tossError(500, 'NONE');
    spoil(response, truth, given?.fault);
  }

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    approve: (...given) => {
      toss.approve(...given);
    },
    payment: (key) => toss.payment(key),
    executed: () => toss.executed,
    failNext: (fault, done = true) => next.push({ fault, done }),
    answerNext: (given) => next.push(given),
    received: () => new Promise((resolve) => waiting.push(resolve)),
    dead: async (isDead) => {
      if (isDead) await stop();
      else await listen(port);
    },
    close: stop,
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function spoil(response: ServerResponse, answer: Answer, fault: TossFault | undefined): void {
  switch (fault) {
    case undefined:
      send(response, answer);
      return;
    case 'silent':
      return;
    case 'reset':
      response.destroy();
      return;
    case '503':
      response.writeHead(503).end('<html>busy</html>');
      return;
    case 'proxy-page':
      response.writeHead(403).end('<html>Forbidden</html>');
      return;
    case 'broken-json':
      response.writeHead(200).end('{"paymentKey": "pay');
      return;
    case 'truncated':
      response.writeHead(200, { 'content-length': '5000' });
      response.write('{"paymentKey":', () => response.destroy());
      return;
    case 'endless':
      response.writeHead(200);
      pour(response);
      return;
    case 'redirect':
      response.writeHead(307, { location: '/v1/payments/elsewhere' }).end();
      return;
    case 'other-payment':
      send(response, { ...answer, body: { ...asRecord(answer.body), paymentKey: 'other' } });
      return;
  }
}

/** Sends for as long as somebody reads. */
function pour(response: ServerResponse): void {
  if (response.destroyed) return;
  response.write(' '.repeat(65_536), () => pour(response));
}

function asRecord(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

class Toss {
  executed = 0;
  readonly #payments = new Map<string, Payment>();
  readonly #fates = new Map<string, Fate>();
  /** First answers, by key, method and address; the body is not compared. */
  readonly #answers = new Map<string, Answer>();

  approve(paymentKey: string, orderId: string, amount: number, fate: Fate = {}): void {
    this.#fates.set(paymentKey, fate);
    this.#payments.set(paymentKey, {
      mId: 'tosspayments',
      version: '2022-11-16',
      paymentKey,
      orderId,
      currency: 'KRW',
      method: '카드',
      status: 'IN_PROGRESS',
      requestedAt: TOSS_NOW,
      approvedAt: null,
      totalAmount: amount,
      balanceAmount: amount,
      lastTransactionKey: null,
      secret: 'ps_secret_of_the_webhook',
      card: { issuerCode: '33', number: '12341234****123*', customerName: 'Kim' },
      cancels: null,
      failure: null,
    });
  }

  payment(paymentKey: string): Payment {
    const payment = this.#payments.get(paymentKey);
    if (payment === undefined) throw new Error(`no payment ${paymentKey}`);
    return payment;
  }

  /** What goes wrong with this confirmation, by the payment's fate. */
  failing({ path, body }: TossCall): Failing | undefined {
    if (path !== '/v1/payments/confirm') return undefined;
    return this.#fates.get(String(asRecord(body)['paymentKey']))?.failing;
  }

  answer(call: TossCall, authorization: string | undefined): Answer {
    const expected = `Basic ${Buffer.from(`${TOSS_SECRET_KEY}:`).toString('base64')}`;
    if (authorization !== expected) return tossError(401, 'UNAUTHORIZED_KEY');
    if (call.method === 'GET') return this.#query(call.path);
    const repeated = `${call.idempotencyKey ?? ''} ${call.path}`;
    const first = call.idempotencyKey === undefined ? undefined : this.#answers.get(repeated);
    if (first !== undefined) return first;
    this.executed += 1;
    const answer =
      call.path === '/v1/payments/confirm'
        ? this.#confirm(call.body)
        : this.#cancel(call.path, call.body);
    // As it was then: later events must not change it.
    const kept = structuredClone(answer);
    this.#answers.set(repeated, kept);
    return kept;
  }

  #query(path: string): Answer {
    const [, orderId] = /^\/v1\/payments\/orders\/([^/]+)$/.exec(path) ?? [];
    const [, key] = /^\/v1\/payments\/([^/]+)$/.exec(path) ?? [];
    const payment =
      orderId === undefined
        ? this.#payments.get(decodeURIComponent(key ?? ''))
        : [...this.#payments.values()].findLast(
            (candidate) =>
              candidate.orderId === decodeURIComponent(orderId) &&
              candidate.status !== 'IN_PROGRESS',
          );
    // The reference speaks of approved payments: one that nobody tried to confirm is not found.
    return payment === undefined || payment.status === 'IN_PROGRESS'
      ? tossError(404, 'NOT_FOUND_PAYMENT')
      : { status: 200, body: structuredClone(payment) };
  }

  #confirm(body: unknown): Answer {
    const asked = confirmBody.safeParse(body);
    if (!asked.success) return tossError(400, 'INVALID_REQUEST');
    const { paymentKey, orderId, amount } = asked.data;
    const payment = this.#payments.get(paymentKey);
    if (payment?.orderId !== orderId) return tossError(404, 'NOT_FOUND_PAYMENT');
    if (payment.status !== 'IN_PROGRESS') return tossError(400, 'ALREADY_PROCESSED_PAYMENT');
    if (payment.totalAmount !== amount) return tossError(400, 'INVALID_REQUEST');
    const refusal = this.#fates.get(paymentKey)?.confirm;
    if (refusal !== undefined) {
      const { code, message } = asRecord(refusal.body);
      payment.status = 'ABORTED';
      payment.failure = { code: String(code), message: String(message) };
      return refusal;
    }
    payment.status = 'DONE';
    payment.approvedAt = TOSS_NOW;
    payment.lastTransactionKey = `txn-${this.executed}`;
    return { status: 200, body: payment };
  }

  #cancel(path: string, body: unknown): Answer {
    const [, key] = /^\/v1\/payments\/([^/]+)\/cancel$/.exec(path) ?? [];
    const asked = cancelBody.safeParse(body);
    if (!asked.success) return tossError(400, 'INVALID_REQUEST');
    const payment = this.#payments.get(decodeURIComponent(key ?? ''));
    if (payment === undefined) return tossError(404, 'NOT_FOUND_PAYMENT');
    // After partial cancellations it is the amount that Toss objects to.
    if (payment.status === 'CANCELED' && payment.cancels?.length === 1)
      return tossError(400, 'ALREADY_CANCELED_PAYMENT');
    if (!/^(DONE|PARTIAL_CANCELED|CANCELED)$/.test(payment.status)) {
      return tossError(403, 'NOT_CANCELABLE_PAYMENT');
    }
    const refusal = this.#fates.get(payment.paymentKey)?.cancel;
    if (refusal !== undefined) return refusal;
    const { cancelReason, cancelAmount = payment.balanceAmount } = asked.data;
    if (cancelAmount > payment.balanceAmount) return tossError(403, 'NOT_CANCELABLE_AMOUNT');
    payment.balanceAmount -= cancelAmount;
    payment.status = payment.balanceAmount === 0 ? 'CANCELED' : 'PARTIAL_CANCELED';
    const transactionKey = `txn-${this.executed}`;
    payment.lastTransactionKey = transactionKey;
    payment.cancels = [
      ...(payment.cancels ?? []),
      {
        cancelReason,
        canceledAt: TOSS_NOW,
        cancelAmount,
        refundableAmount: payment.balanceAmount,
        transactionKey,
        cancelStatus: 'DONE',
      },
    ];
    return { status: 200, body: payment };
  }
}

/** Toss's error object. */
export function tossError(status: number, code: string, message = `message of ${code}`): Answer {
  return { status, body: { code, message } };
}

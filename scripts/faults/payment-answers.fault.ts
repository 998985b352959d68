import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { Client } from './client.js';
import type { BookOperation, OperationKind, OperationState } from './payment-amounts.js';
import { PaymentCalls, paymentOf, type Asked } from './payment-calls.js';
import { PaymentJudge } from './payment-judge.js';
import { GatewayProxy, type Held } from './payment-proxy.js';
import { PaymentTraffic } from './payment-traffic.js';
import { GatewayProcess, until } from './payment-world.js';
import { auditVerify, runSeed, throwProblems } from './run.js';

const AMOUNT = 1_000;
/** Longer than any answer takes that nobody holds, also on a busy machine. */
const TIMEOUT_MS = 600;
/** What the gateway calls the kinds of operations. */
const CALLS: Readonly<Record<OperationKind, string>> = {
  attempt: 'authorize',
  capture: 'capture',
  void: 'void',
  refund: 'refund',
};
const KINDS = ['attempt', 'capture', 'void', 'refund'] as const;

/** Answers of the gateway that are not true. */
const DECLINED = {
  status: 402,
  body: JSON.stringify({
    kind: 'declined',
    decline: { code: 'card_declined', pgCode: 'NO', pgMessage: 'no', retryable: false },
  }),
};
const DONE = {
  status: 200,
  body: JSON.stringify({
    kind: 'done',
    gatewayId: 'sim_lie',
    amount: String(AMOUNT),
    currency: 'KRW',
    occurredAt: Date.now(),
  }),
};

const shown = z.object({
  data: z.object({
    contradictions: z.array(
      z.object({ operation: z.string(), told: z.string(), by: z.string(), detail: z.string() }),
    ),
  }),
});

/** A server, a gateway that survives, and between them a network that does what it is told. */
class Scene {
  readonly calls = new PaymentCalls();
  readonly judge = new PaymentJudge();

  private constructor(
    readonly data: string,
    readonly server: ServerProcess,
    readonly gateway: GatewayProcess,
    readonly proxy: GatewayProxy,
  ) {}

  static async open(folder: string): Promise<Scene> {
    const data = join(folder, 'data');
    mkdirSync(data);
    let proxy: GatewayProxy | undefined;
    const between = async (url: string): Promise<string> => {
      proxy = await GatewayProxy.start(url);
      return proxy.url;
    };
    const gateway = await GatewayProcess.start(folder, between, TIMEOUT_MS);
    if (proxy === undefined) throw new Error('no proxy');
    return new Scene(data, await ServerProcess.start({ data, env: gateway.env }), gateway, proxy);
  }

  async close(): Promise<void> {
    await this.server.kill();
    await this.proxy.stop();
    await this.gateway.close();
  }

  /** Sends a command until it has an answer. Answers the status. */
  async send(asked: Asked): Promise<number> {
    const [outcome] = await this.calls.atOnce([this.server.url], [asked]);
    if (outcome?.kind !== 'told') throw new Error(`${asked.key} was not carried out`);
    return outcome.told.status;
  }

  /** Sends something that is no command on a payment. Answers the status. */
  async post(path: string, body: unknown, key?: string): Promise<number> {
    const client = new Client(this.server.url);
    const answer = await client.send({ path, body, ...(key === undefined ? {} : { key }) });
    client.close();
    return answer.kind === 'answered' ? answer.status : 0;
  }

  authorize(token: string, capture: 'manual' | 'auto'): Asked {
    return this.calls.make('attempt', '', {
      orderId: `order-${this.calls.asked.length}`,
      sellerId: 'seller',
      amount: AMOUNT,
      currency: 'KRW',
      method: { type: 'card', token },
      capture,
    });
  }

  /** A command of a kind on a new payment that is as far as it has to be for that. */
  async prepare(kind: OperationKind, token: string): Promise<Asked> {
    if (kind === 'attempt') return this.authorize(token, 'manual');
    const before = this.authorize(token, kind === 'refund' ? 'auto' : 'manual');
    expect(await this.send(before), `preparing a ${kind}`).to.equal(201);
    return this.calls.make(kind, idOf(before), kind === 'refund' ? { reason: 'late' } : {});
  }

  /** Sends a command whose answer is held on its way, so that it is in doubt. */
  async sendHeld(asked: Asked): Promise<Held> {
    this.proxy.calls = 'hold';
    expect(await this.send(asked), `${asked.key} while its answer is held`).to.equal(202);
    this.proxy.calls = 'pass';
    const held = this.proxy.held(CALLS[asked.kind]);
    if (held === undefined) throw new Error('no answer is held');
    return held;
  }

  /** Waits until the operation of a command is in a state by the log. */
  async becomes(asked: Asked, state: OperationState): Promise<BookOperation> {
    const find = (): BookOperation | undefined =>
      this.judge.book.payments
        .get(idOf(asked))
        ?.operations.findLast((one) => one.kind === asked.kind);
    await until(
      async () => {
        await this.judge.look(this.server.url);
        return find()?.status === state;
      },
      () => `${asked.key} is ${find()?.status ?? 'absent'}`,
    );
    const operation = find();
    if (operation === undefined) throw new Error(`${asked.key} is not in the log`);
    return operation;
  }

  /** What contradicts the books, as the payment shows it. */
  async contradictions(payment: string): Promise<readonly string[]> {
    const response = await fetch(`${this.server.url}/v1/payments/${payment}`);
    const { contradictions } = shown.parse(await response.json()).data;
    return contradictions.map((one) => `${one.operation} ${one.told} by ${one.by}`);
  }

  /** How many events a payment has. */
  async size(payment: string): Promise<number> {
    await this.judge.look(this.server.url);
    return this.judge.book.payments.get(payment)?.places.length ?? 0;
  }
}

/** The payment of a command that was answered. */
function idOf({ told, command }: Asked): string {
  const [first] = told;
  const id = first === undefined ? undefined : paymentOf(first);
  const [, inPath] = /^\/v1\/payments\/([^/]+)\//.exec(command.path) ?? [];
  if (id === undefined && inPath === undefined) throw new Error('no payment');
  return id ?? inPath ?? '';
}

describe('answers that come late, twice, or contradict others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-fault-'));
  let opened: Scene | undefined;
  const scene = (): Scene => {
    if (opened === undefined) throw new Error('it did not start');
    return opened;
  };

  before(async () => {
    opened = await Scene.open(folder);
  });

  after(async function () {
    await opened?.close();
    const failed = this.test?.parent?.tests.some((test) => test.state === 'failed') ?? true;
    if (failed) console.log(`      the data folder is kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });

  for (const kind of KINDS) {
    it(`${kind}: a late answer that says the same adds nothing, one that contradicts is shown`, async () => {
      const it = scene();
      const [same, contrary] = [await it.prepare(kind, 'tok_ok'), await it.prepare(kind, 'tok_ok')];
      const [late, lie] = [await it.sendHeld(same), await it.sendHeld(contrary)];
      await it.becomes(same, 'succeeded');
      const { id } = await it.becomes(contrary, 'succeeded');
      const before = await it.size(idOf(same));
      late.release();
      lie.release(DECLINED);
      await until(async () => (await it.contradictions(idOf(contrary))).length > 0);
      expect(await it.contradictions(idOf(contrary))).to.deep.equal([`${id} failed by answer`]);
      expect(await it.size(idOf(same)), 'events of what was told again').to.equal(before);
      expect(await it.contradictions(idOf(same))).to.deep.equal([]);
    });
  }

  for (const [kind, token] of [
    ['attempt', 'tok_declined'],
    ['capture', 'tok_capture_fails'],
    ['void', 'tok_void_fails'],
    ['refund', 'tok_refund_fails'],
  ] as const) {
    it(`${kind}: a late yes to what was declined moves no money and is shown`, async () => {
      const it = scene();
      const asked = await it.prepare(kind, token);
      const lie = await it.sendHeld(asked);
      const { id } = await it.becomes(asked, 'failed');
      lie.release(DONE);
      await until(async () => (await it.contradictions(idOf(asked))).length > 0);
      expect(await it.contradictions(idOf(asked))).to.deep.equal([`${id} done by answer`]);
      await it.becomes(asked, 'failed');
    });
  }

  for (const capture of ['manual', 'auto'] as const) {
    it(`an authorisation (${capture}) that a person gave up and that comes late is undone`, async () => {
      const it = scene();
      it.proxy.inquiries = 'lose';
      const asked = it.authorize('tok_ok', capture);
      const late = await it.sendHeld(asked);
      const { id: operation } = await it.becomes(asked, 'unknown');
      const body = { operation, outcome: 'failed', reason: 'the gateway says so by telephone' };
      const path = `/v1/payments/${idOf(asked)}/resolution`;
      expect(await it.post(path, body, `resolve-${capture}`)).to.equal(200);
      await it.becomes(asked, 'failed');
      it.proxy.inquiries = 'pass';
      late.release();
      await it.becomes(asked, 'succeeded');
      await it.judge.settled(it.server.url);
      const payment = it.judge.book.payments.get(idOf(asked));
      const back = capture === 'manual' ? payment?.voided : payment?.refunded;
      expect(back).to.equal(BigInt(AMOUNT));
    });

    it(`an authorisation (${capture}) that was done and told as declined is found and undone`, async () => {
      const it = scene();
      const asked = it.authorize('tok_contradicts', capture);
      expect(await it.send(asked)).to.equal(402);
      await it.judge.look(it.server.url);
      const id = [...it.judge.book.payments.keys()].at(-1) ?? '';
      expect(await it.post(`/v1/payments/${id}/inquiry`, {})).to.be.oneOf([200, 202]);
      await it.judge.settled(it.server.url);
      const payment = it.judge.book.payments.get(id);
      expect(payment?.late).to.equal(true);
      expect((payment?.voided ?? 0n) + (payment?.refunded ?? 0n)).to.equal(BigInt(AMOUNT));
    });
  }

  for (const kind of ['capture', 'void', 'refund'] as const) {
    it(`a ${kind} that was done and told as declined is found`, async () => {
      const it = scene();
      const asked = await it.prepare(kind, `tok_${kind}_contradicts`);
      expect(await it.send(asked)).to.equal(402);
      await it.becomes(asked, 'failed');
      expect(await it.post(`/v1/payments/${idOf(asked)}/inquiry`, {})).to.equal(200);
      await it.becomes(asked, 'succeeded');
    });
  }

  it('and the books, the gateway and all that callers were told agree, every call made twice', async () => {
    const it = scene();
    const { server, proxy, judge, calls, gateway, data } = it;
    const traffic = new PaymentTraffic(new Random(runSeed()), 'twice-');
    proxy.calls = 'twice';
    await traffic.run(server.url, 8, () => traffic.calls.heard('201') < 100);
    await traffic.calls.settle(server.url);
    throwProblems([...calls.surprises, ...traffic.calls.surprises]);
    await judge.everything(server.url, gateway, [calls, traffic.calls]);
    await server.stop();
    await auditVerify(data);
  });
});

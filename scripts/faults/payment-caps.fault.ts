import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ServerProcess } from '../bench/server-process.js';
import { PaymentCalls, paymentOf, type Asked, type Outcome } from './payment-calls.js';
import { judgeAfter } from './payment-judge.js';
import { gatewayInProcess } from './payment-world.js';

const AMOUNT = 1_000;
const ROUNDS = 4;

/** How often each status or code was an answer. */
type Counts = Readonly<Record<string, number>>;

/** Two command services on one log, and everything sent to both at once. */
class Race {
  readonly calls = new PaymentCalls();

  constructor(private readonly urls: readonly string[]) {}

  /** A payment, captured in full with its authorisation or not at all. */
  async payment(token: string, capture: 'auto' | 'manual'): Promise<string> {
    const [outcome] = await this.calls.atOnce(this.urls, [this.authorize(token, capture)]);
    const id = outcome?.kind === 'told' ? paymentOf(outcome.told) : undefined;
    if (id === undefined) throw new Error(`no payment by ${token}`);
    return id;
  }

  authorize(token: string, capture: 'auto' | 'manual', orderId?: string): Asked {
    return this.calls.make('attempt', '', {
      orderId: orderId ?? `order-${this.calls.asked.length}`,
      sellerId: 'seller',
      amount: AMOUNT,
      currency: 'KRW',
      method: { type: 'card', token },
      capture,
    });
  }

  /** So many commands of a kind, each with a key of its own. */
  many(kind: 'capture' | 'refund', id: string, count: number, amount: number): readonly Asked[] {
    const body = kind === 'refund' ? { amount, reason: 'race' } : { amount };
    return Array.from({ length: count }, () => this.calls.make(kind, id, body));
  }

  async run(asked: readonly Asked[]): Promise<Counts> {
    const counts: Record<string, number> = {};
    for (const outcome of await this.calls.atOnce(this.urls, asked)) {
      const name = nameOf(outcome);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }
}

function nameOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'told':
      return String(outcome.told.status);
    case 'refused':
      return outcome.code;
    case 'lost':
    case 'later':
      return outcome.kind;
  }
}

describe('commands at once over a cap, at two command services on one log', () => {
  const data = mkdtempSync(join(tmpdir(), 'sagae-fault-'));
  const gateway = gatewayInProcess(data);
  let servers: readonly ServerProcess[] = [];
  let racing = new Race([]);

  before(async () => {
    const options = { data, service: 'command', env: gateway.env } as const;
    servers = [await ServerProcess.start(options), await ServerProcess.start(options)];
    racing = new Race(servers.map(({ url }) => url));
  });

  after(async function () {
    await Promise.all(servers.map((server) => server.kill()));
    const failed = this.test?.parent?.tests.some((test) => test.state === 'failed') ?? true;
    if (failed) console.log(`      the data folder is kept: ${data}`);
    else rmSync(data, { recursive: true, force: true });
  });

  /** Starts both on one log some times. */
  async function rounds(run: () => Promise<void>): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) await run();
  }

  it('of two refunds that do not both fit one is made, of twenty as many as fit', () =>
    rounds(async () => {
      const two = await racing.payment('tok_ok', 'auto');
      expect(await racing.run(racing.many('refund', two, 2, 600))).to.deep.equal({
        201: 1,
        REFUND_EXCEEDS_CAPTURED: 1,
      });
      const twenty = await racing.payment('tok_ok', 'auto');
      expect(await racing.run(racing.many('refund', twenty, 20, 60))).to.deep.equal({
        201: 16,
        REFUND_EXCEEDS_CAPTURED: 4,
      });
    }));

  it('refunds in doubt keep what they reserve, also those that were lost', () =>
    rounds(async () => {
      const done = await racing.payment('tok_refund_timeout', 'auto');
      expect(await racing.run(racing.many('refund', done, 20, 60))).to.deep.equal({
        202: 16,
        REFUND_EXCEEDS_CAPTURED: 4,
      });
      const lost = await racing.payment('tok_refund_timeout_lost', 'auto');
      expect(await racing.run(racing.many('refund', lost, 2, 600))).to.deep.equal({
        202: 1,
        REFUND_EXCEEDS_CAPTURED: 1,
      });
    }));

  it('of two captures that do not both fit one is made, of twenty as many as fit', () =>
    rounds(async () => {
      const two = await racing.payment('tok_ok', 'manual');
      expect(await racing.run(racing.many('capture', two, 2, 600))).to.deep.equal({
        201: 1,
        CAPTURE_EXCEEDS_AUTHORIZED: 1,
      });
      const twenty = await racing.payment('tok_capture_timeout', 'manual');
      expect(await racing.run(racing.many('capture', twenty, 20, 60))).to.deep.equal({
        202: 16,
        CAPTURE_EXCEEDS_AUTHORIZED: 4,
      });
    }));

  it('of a capture and a void one is made', () =>
    rounds(async () => {
      const id = await racing.payment('tok_ok', 'manual');
      const both = [...racing.many('capture', id, 1, 600), racing.calls.make('void', id, {})];
      const { ILLEGAL_STATE: refused, ...made } = await racing.run(both);
      expect(refused).to.equal(1);
      expect(Object.values(made)).to.deep.equal([1]);
    }));

  it('of twenty payments for one order one lives', () =>
    rounds(async () => {
      for (const [token, status] of [
        ['tok_ok', '201'],
        ['tok_timeout', '202'],
      ] as const) {
        const orderId = `shared-${racing.calls.asked.length}`;
        const all = Array.from({ length: 20 }, () => racing.authorize(token, 'manual', orderId));
        expect(await racing.run(all)).to.deep.equal({ [status]: 1, DUPLICATE_REQUEST: 19 });
      }
    }));

  it('and the books, the gateway and all that callers were told agree', async () => {
    await Promise.all(servers.map((server) => server.stop()));
    const { book } = await judgeAfter(data, gateway, [racing.calls]);
    expect(book.payments.size).to.equal(ROUNDS * 9);
  });
});

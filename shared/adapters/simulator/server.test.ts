import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { GatewayAnswer, PaymentGateway } from '../../ports/payment-gateway.js';
import { ManualTime } from '../../testing/manual-time.js';
import { paymentGatewayContract } from '../../testing/payment-gateway-contract.js';
import { simulatorContract } from '../../testing/simulator-tokens.js';
import { httpSimulator, simulatorRecords, switchOutage } from './client.js';
import { simulatorServer, type SimulatorServer } from './server.js';
import { openSimulator, type Simulator } from './simulator.js';

paymentGatewayContract('simulator over HTTP', simulatorContract, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
  const simulator = openSimulator({ file: join(folder, 'simulator.db'), clock: () => 1_000 });
  const { url, stop } = await simulatorServer(simulator);
  return {
    gateway: httpSimulator({ url }),
    dead: (isDead) => switchOutage(url, isDead ? 'dead' : 'none'),
    cleanup: async () => {
      await stop();
      await simulator.close();
      rmSync(folder, { recursive: true });
    },
  };
});

const request = {
  reference: 'a-1',
  paymentId: 'p-1',
  orderId: 'o-1',
  sellerId: 's-1',
  amount: 9_007_199_254_740_993n,
  currency: 'KRW',
  token: 'tok_ok',
  capture: true,
};

describe('the simulator over HTTP', () => {
  let folder: string;
  let time: ManualTime;
  let simulator: Simulator;
  let server: SimulatorServer;
  let gateway: PaymentGateway;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
    time = new ManualTime();
    const { clock, pause } = time;
    simulator = openSimulator({ file: join(folder, 'simulator.db'), clock, pause });
    server = await simulatorServer(simulator);
    gateway = httpSimulator(server);
  });
  afterEach(async () => {
    await gateway.close();
    await server.stop();
    await simulator.close();
    rmSync(folder, { recursive: true });
  });

  it('carries amounts to the unit, and shows its book', async () => {
    const answer = await gateway.authorize(request, never());
    expect(answer).to.include({ kind: 'done', amount: 9_007_199_254_740_993n });
    expect(await simulatorRecords(server.url)).to.deep.equal([...simulator.records()]);
  });

  it('answers a slow call late, and holds nothing for a caller who has left', async () => {
    const slow = gateway.authorize({ ...request, token: 'tok_slow:60000' }, never());
    await time.advance(60_000);
    expect((await slow).kind).to.equal('done');

    const giveUp = new AbortController();
    const again = gateway.authorize({ ...request, token: 'tok_slow:60000' }, giveUp.signal);
    await time.asleep();
    giveUp.abort();
    expect(reasonOf(await again)).to.equal('timeout');
  });

  it('is reset when the server goes away, and unavailable when it is gone', async () => {
    const silent = gateway.authorize({ ...request, token: 'tok_timeout' }, never());
    while ([...simulator.records()].length === 0) await new Promise(setImmediate);
    await server.stop();
    expect(reasonOf(await silent)).to.equal('reset');
    expect(reasonOf(await gateway.authorize(request, never()))).to.equal('unavailable');
    const told = await gateway.inquire({ ...request, kind: 'authorize' }, never());
    expect(told.kind).to.equal('no-answer');
  });

  it('says what is wrong with a request that is none', async () => {
    const status = async (path: string, body: string) =>
      (await fetch(`${server.url}${path}`, { method: 'POST', body })).status;
    expect(await status('/authorize', '{')).to.equal(400);
    expect(await status('/authorize', '{"reference":"a"}')).to.equal(400);
    expect(await status('/outage', '{"mode":"tired"}')).to.equal(400);
    expect(await status('/authorize', ' '.repeat(20_000))).to.equal(400);
    expect(await status('/nothing', '{}')).to.equal(404);
    expect([...simulator.records()]).to.be.empty;
  });
});

describe('the client of the simulator', () => {
  const answeredBy = async (listener: RequestListener): Promise<GatewayAnswer> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const gateway = httpSimulator({ url: `http://127.0.0.1:${port ?? 0}` });
    const answer = await gateway.authorize(request, never());
    const told = await gateway.inquire({ ...request, kind: 'authorize' }, never());
    if (answer.kind === 'unknown') expect(told.kind).to.equal('no-answer');
    server.close();
    server.closeAllConnections();
    return answer;
  };
  const answered = async (status: number, body: string) =>
    reasonOf(await answeredBy((_request, out) => out.writeHead(status).end(body)));
  const done = { kind: 'done', gatewayId: 'g', amount: '1', currency: 'KRW', occurredAt: 1 };

  it('understands nothing but answers of the right shape', async () => {
    expect(await answered(200, JSON.stringify(done))).to.equal('done');
    expect(await answered(200, JSON.stringify({ ...done, amount: 1 }))).to.equal('garbled');
    expect(await answered(200, JSON.stringify({ ...done, kind: 'pending' }))).to.equal('garbled');
    expect(await answered(200, JSON.stringify({ ...done, more: 1 }))).to.equal('garbled');
    expect(await answered(200, '')).to.equal('garbled');
    expect(await answered(403, '<html>')).to.equal('garbled');
    expect(await answered(302, '')).to.equal('garbled');
    expect(await answered(200, `"${'x'.repeat(65_536)}"`)).to.equal('garbled');
  });

  it('takes a server that cannot serve for one that has not answered', async () => {
    expect(await answered(500, JSON.stringify(done))).to.equal('unavailable');
    expect(await answered(429, JSON.stringify(done))).to.equal('unavailable');
  });

  it('takes an answer that breaks off for a broken connection', async () => {
    const answer = await answeredBy((_request, out) => {
      out.writeHead(200, { 'Content-Length': 1_000 });
      out.write('{', () => out.destroy());
    });
    expect(reasonOf(answer)).to.equal('reset');
  });

  it('keeps no card number of an answer', async () => {
    const decline = {
      code: 'card_declined',
      pgCode: 'X',
      pgMessage: '4111111111111111',
      retryable: false,
    };
    const body = JSON.stringify({ kind: 'declined', decline });
    const answer = await answeredBy((_request, out) => out.end(body));
    expect(JSON.stringify(answer)).not.to.include('4111111111111111');
  });
});

function never(): AbortSignal {
  return new AbortController().signal;
}

function reasonOf(answer: GatewayAnswer): string {
  return answer.kind === 'unknown' ? answer.reason : answer.kind;
}

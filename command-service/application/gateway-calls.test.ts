import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { GatewayAnswer, PaymentGateway } from '../../shared/ports/payment-gateway.js';
import { FakeGateway, Gate } from '../testing/fake-gateway.js';
import { NOON } from '../testing/processes.js';
import { VirtualTime } from '../testing/virtual-time.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { GatewayCalls } from './gateway-calls.js';
import type { GatewayEntry } from './gateways.js';

const TIMEOUT_MS = 3_000;

const REQUEST = {
  reference: 'p-1-1',
  paymentId: 'p-1',
  orderId: 'order-1',
  sellerId: 'seller-1',
  amount: 500n,
  currency: 'KRW',
  token: 'tok_ok',
  capture: false,
};

describe('a call of a gateway', () => {
  let time: VirtualTime;
  let gateway: FakeGateway;
  let calls: GatewayCalls;
  let entry: GatewayEntry;
  let late: GatewayAnswer[];
  let signals: AbortSignal[];
  beforeEach(() => {
    time = new VirtualTime(NOON);
    gateway = new FakeGateway(time.clock);
    calls = new GatewayCalls(time.clock, time.wait);
    const breaker = new CircuitBreaker({ window: 1, minimumCalls: 1, openMs: 1_000 });
    entry = { name: 'pg', gateway, timeoutMs: TIMEOUT_MS, settlesAfterMs: 0, breaker };
    late = [];
    signals = [];
  });
  afterEach(() => {
    expect(time.waiting, 'what is no longer waited for').to.equal(0);
  });

  const authorize = (port: PaymentGateway, signal: AbortSignal) => {
    signals.push(signal);
    return port.authorize(REQUEST, signal);
  };
  const call = () => calls.call(entry, authorize, (answer) => late.push(answer));
  const inquire = () => calls.inquire(entry, { ...REQUEST, kind: 'authorize' });

  it('is answered as the gateway answers', async () => {
    expect(await call()).to.include({ kind: 'done', gatewayId: 'pg-1' });
    expect(entry.breaker.state).to.equal('closed');
  });

  it('is unknown after the time-out, to the millisecond; what comes then is late', async () => {
    const gate = new Gate();
    gateway.fate = () => ({ answers: gate });
    const answers: GatewayAnswer[] = [];
    void call().then((answer) => answers.push(answer));
    await time.advance(TIMEOUT_MS - 1);
    expect(answers).to.deep.equal([]);
    await time.advance(1);
    expect(answers).to.deep.equal([
      { kind: 'unknown', reason: 'timeout', detail: 'no answer from pg within 3000 ms' },
    ]);
    expect(entry.breaker.state).to.equal('open');
    expect(signals[0]?.aborted, 'still listened for').to.equal(false);
    gate.open();
    await time.settle();
    expect(late).to.have.length(1);
    expect(late[0]).to.include({ kind: 'done' });
  });

  it('is given up a minute after its time-out', async () => {
    gateway.fate = () => ({ says: 'silence' });
    void call();
    await time.advance(TIMEOUT_MS + 59_999);
    expect(signals[0]?.aborted).to.equal(false);
    await time.advance(1);
    expect(signals[0]?.aborted).to.equal(true);
    expect(late).to.deep.equal([]);
  });

  it('is given up at once when all calls are ended', async () => {
    gateway.fate = () => ({ says: 'silence' });
    const answer = call();
    await time.settle();
    calls.abort();
    expect(await answer).to.include({ kind: 'unknown' });
  });

  for (const [what, port] of [
    ['throws', { ...unreachable(), authorize: () => Promise.reject(new Error('a defect')) }],
    [
      'throws before it is asynchronous',
      {
        ...unreachable(),
        authorize: () => {
          throw new Error('a defect');
        },
      },
    ],
  ] as const) {
    it(`is unknown where an adapter ${what}: it may have been made`, async () => {
      entry = { ...entry, gateway: port };
      const answer = await call();
      expect(answer).to.deep.equal({ kind: 'unknown', reason: 'garbled', detail: 'a defect' });
      expect(entry.breaker.state).to.equal('open');
    });
  }

  it('that is declined counts as answered for the breaker', async () => {
    gateway.fate = () => ({ does: 'decline' });
    expect(await call()).to.include({ kind: 'declined' });
    expect(entry.breaker.state).to.equal('closed');
  });

  it('to ask what became of a request ends with no answer, and is not listened for', async () => {
    gateway.inquiryFate = () => ({ instead: 'silence' });
    const answers: unknown[] = [];
    void inquire().then((answer) => answers.push(answer));
    await time.advance(TIMEOUT_MS);
    expect(answers).to.have.length(1);
    expect(answers[0]).to.include({ kind: 'no-answer' });
    expect(entry.breaker.state).to.equal('open');
  });

  it('to ask counts as answered where the gateway knows nothing', async () => {
    expect(await inquire()).to.include({ kind: 'not-found' });
    expect(entry.breaker.state).to.equal('closed');
  });
});

function unreachable(): PaymentGateway {
  const never = () => Promise.reject(new Error('not to be called'));
  return {
    capturesSeparately: true,
    authorize: never,
    capture: never,
    void: never,
    refund: never,
    inquire: never,
    close: never,
  };
}

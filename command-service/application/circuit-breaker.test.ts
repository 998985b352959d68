import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CircuitBreaker, type CircuitOptions } from './circuit-breaker.js';

const START = 1_000_000;

/** A breaker opened at {@link START}. */
function opened(options: CircuitOptions = {}): CircuitBreaker {
  const breaker = new CircuitBreaker(options);
  for (let call = 0; call < 20; call++) breaker.failed(START);
  expect(breaker.state).to.equal('open');
  return breaker;
}

describe('the circuit breaker', () => {
  it('stays closed while nothing was called', () => {
    const breaker = new CircuitBreaker();
    expect(breaker.state).to.equal('closed');
    expect(breaker.retryAfterMs(START)).to.equal(undefined);
  });

  it('opens with the 20th call when all failed, and not before', () => {
    const breaker = new CircuitBreaker();
    for (let call = 0; call < 19; call++) breaker.failed(START + call);
    expect(breaker.state).to.equal('closed');
    breaker.failed(START + 19);
    expect(breaker.state).to.equal('open');
    expect(breaker.retryAfterMs(START + 19)).to.equal(5_000);
    expect(breaker.retryAfterMs(START + 1_019)).to.equal(4_000);
  });

  it('opens at one half of the calls failed, and not below', () => {
    const run = (failures: number): CircuitBreaker => {
      const breaker = new CircuitBreaker();
      for (let call = 0; call < 20 - failures; call++) breaker.succeeded(START);
      for (let call = 0; call < failures; call++) breaker.failed(START);
      return breaker;
    };
    expect(run(9).state).to.equal('closed');
    expect(run(10).state).to.equal('open');
  });

  it('forgets calls that are older than the span', () => {
    const breaker = new CircuitBreaker();
    for (let call = 0; call < 19; call++) breaker.failed(START);
    breaker.failed(START + 30_000);
    expect(breaker.state).to.equal('closed');
    for (let call = 0; call < 19; call++) breaker.failed(START + 31_000);
    expect(breaker.state).to.equal('open');
  });

  it('looks at the last calls only', () => {
    const breaker = new CircuitBreaker();
    for (let call = 0; call < 1_000; call++) breaker.succeeded(START);
    for (let call = 0; call < 9; call++) breaker.failed(START);
    expect(breaker.state).to.equal('closed');
    breaker.failed(START);
    expect(breaker.state).to.equal('open');
  });

  it('lets one probe through after its time, and closes when that succeeds', () => {
    const breaker = opened();
    expect(breaker.retryAfterMs(START + 4_999)).to.equal(1);
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(undefined);
    expect(breaker.state).to.equal('half-open');
    expect(breaker.retryAfterMs(START + 5_001)).to.equal(4_999);
    breaker.succeeded(START + 5_002);
    expect(breaker.state).to.equal('closed');
    expect(breaker.retryAfterMs(START + 5_002)).to.equal(undefined);
  });

  it('starts afresh once closed again', () => {
    const breaker = opened();
    breaker.retryAfterMs(START + 5_000);
    breaker.succeeded(START + 5_000);
    for (let call = 0; call < 19; call++) breaker.failed(START + 5_001);
    expect(breaker.state).to.equal('closed');
  });

  it('opens for the whole time again when the probe fails', () => {
    const breaker = opened();
    breaker.retryAfterMs(START + 5_000);
    breaker.failed(START + 8_000);
    expect(breaker.state).to.equal('open');
    expect(breaker.retryAfterMs(START + 8_000)).to.equal(5_000);
    expect(breaker.retryAfterMs(START + 13_000)).to.equal(undefined);
  });

  it('sends another probe when the first never reports', () => {
    const breaker = opened();
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(undefined);
    expect(breaker.retryAfterMs(START + 9_999)).to.equal(1);
    expect(breaker.retryAfterMs(START + 10_000)).to.equal(undefined);
    expect(breaker.retryAfterMs(START + 10_000)).to.equal(5_000);
  });

  it('is not moved by calls from before it opened', () => {
    const breaker = opened();
    breaker.succeeded(START + 1);
    breaker.failed(START + 4_000);
    expect(breaker.state).to.equal('open');
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(undefined);
  });

  it('with several probes closes when all of them succeeded', () => {
    const breaker = opened({ probes: 2 });
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(undefined);
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(undefined);
    expect(breaker.retryAfterMs(START + 5_000)).to.equal(5_000);
    breaker.succeeded(START + 5_001);
    expect(breaker.state).to.equal('half-open');
    breaker.succeeded(START + 5_001);
    expect(breaker.state).to.equal('closed');
  });

  it('survives a clock that is set back', () => {
    const breaker = opened();
    expect(breaker.retryAfterMs(START - 3_600_000)).to.equal(5_000);
    expect(breaker.retryAfterMs(START - 3_595_000)).to.equal(undefined);
  });

  it('never asks to wait longer than it stays open, and always lets a call through in the end', () => {
    const step = fc.record({
      after: fc.integer({ min: 0, max: 7_000 }),
      does: fc.constantFrom('ask', 'succeed', 'fail'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const breaker = new CircuitBreaker({ window: 5, minimumCalls: 3 });
        let now = START;
        for (const { after, does } of steps) {
          now += after;
          if (does === 'succeed') breaker.succeeded(now);
          else if (does === 'fail') breaker.failed(now);
          const wait = breaker.retryAfterMs(now);
          if (wait !== undefined) expect(wait).to.be.within(1, 5_000);
        }
        expect(breaker.retryAfterMs(now + 5_000)).to.equal(undefined);
      }),
    );
  });

  it('refuses options that make no sense', () => {
    const wrong: CircuitOptions[] = [
      { window: 10 },
      { threshold: 0 },
      { threshold: 1.1 },
      { probes: 0 },
      { openMs: 0 },
    ];
    for (const options of wrong) expect(() => new CircuitBreaker(options)).to.throw(RangeError);
  });
});

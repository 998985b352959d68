import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { PaymentGateway } from '../../shared/ports/payment-gateway.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { ConfiguredGateways, type GatewayEntry, type RoutingRule } from './gateways.js';

/** A gateway that is never called. */
const idle: PaymentGateway = {
  capturesSeparately: true,
  authorize: () => Promise.reject(new Error('called')),
  capture: () => Promise.reject(new Error('called')),
  void: () => Promise.reject(new Error('called')),
  refund: () => Promise.reject(new Error('called')),
  inquire: () => Promise.reject(new Error('called')),
  close: () => Promise.resolve(),
};

function entry(name: string): GatewayEntry {
  return {
    name,
    gateway: idle,
    timeoutMs: 3_000,
    settlesAfterMs: 5_000,
    breaker: new CircuitBreaker(),
  };
}

const entries = [entry('simulator'), entry('toss'), entry('other')];
const request = { sellerId: 'shop-1', currency: 'KRW', token: 'tok_ok' };

function routed(rules: readonly RoutingRule[], changes: Partial<typeof request> = {}): string {
  const gateways = new ConfiguredGateways(entries, rules, 'simulator');
  return gateways.route({ ...request, ...changes })?.name ?? 'none';
}

describe('gateways as configured', () => {
  it('take the default where no rule fits', () => {
    expect(routed([])).to.equal('simulator');
    expect(routed([{ sellerId: 'shop-2', gateway: 'toss' }])).to.equal('simulator');
  });

  it('route by seller, currency and the beginning of the token', () => {
    expect(routed([{ sellerId: 'shop-1', gateway: 'toss' }])).to.equal('toss');
    expect(routed([{ currency: 'USD', gateway: 'toss' }], { currency: 'USD' })).to.equal('toss');
    expect(routed([{ tokenPrefix: 'tviva', gateway: 'toss' }], { token: 'tviva1' })).to.equal(
      'toss',
    );
    expect(routed([{ tokenPrefix: 'tviva', gateway: 'toss' }], { token: 'tviv' })).to.equal(
      'simulator',
    );
  });

  it('want everything a rule names to fit', () => {
    const rules = [{ sellerId: 'shop-1', currency: 'USD', gateway: 'toss' }];
    expect(routed(rules)).to.equal('simulator');
    expect(routed(rules, { currency: 'USD' })).to.equal('toss');
  });

  it('take the first rule that fits', () => {
    const rules = [
      { sellerId: 'shop-1', gateway: 'other' },
      { currency: 'KRW', gateway: 'toss' },
    ];
    expect(routed(rules)).to.equal('other');
    expect(routed(rules, { sellerId: 'shop-9' })).to.equal('toss');
  });

  it('route nowhere without a default', () => {
    const gateways = new ConfiguredGateways(entries, [], undefined);
    expect(gateways.route(request)).to.equal(undefined);
  });

  it('are found by name and listed in the order given', () => {
    const gateways = new ConfiguredGateways(entries, [], 'simulator');
    expect(gateways.get('toss')).to.equal(entries[1]);
    expect(gateways.get('gone')).to.equal(undefined);
    expect(gateways.all()).to.deep.equal(entries);
  });

  it('refuse names that are there twice or lead nowhere', () => {
    const twice = [entry('a'), entry('a')];
    expect(() => new ConfiguredGateways(twice, [], 'a')).to.throw('one name');
    expect(() => new ConfiguredGateways(entries, [], 'gone')).to.throw('"gone"');
    expect(() => new ConfiguredGateways(entries, [{ gateway: 'lost' }], 'toss')).to.throw('"lost"');
  });
});

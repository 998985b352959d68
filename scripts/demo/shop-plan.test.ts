import { expect } from 'chai';
import { describe, it } from 'mocha';
import { behaviourOf } from '../../shared/adapters/simulator/token.js';
import { planDay } from './shop-plan.js';

const KINDS = ['authorize', 'capture', 'void', 'refund'] as const;

describe("the shop's day", () => {
  const plans = planDay(3_000, 1);

  it('is the same for the same seed, and another for another', () => {
    expect(planDay(3_000, 1)).to.deep.equal(plans);
    expect(planDay(3_000, 2)).to.not.deep.equal(plans);
    expect(planDay(30, 1)).to.deep.equal(plans.slice(0, 30));
  });

  it('has orders of their own', () => {
    expect(new Set(plans.map(({ orderId }) => orderId)).size).to.equal(plans.length);
  });

  it('never asks for more than there is', () => {
    for (const { amount, capture, steps } of plans) {
      let [captured, refunded] = [capture === 'auto' ? amount : 0n, 0n];
      for (const step of steps) {
        if (step.kind === 'void') continue;
        expect(step.amount > 0n).to.equal(true);
        if (step.kind === 'capture') captured += step.amount;
        else refunded += step.amount;
        expect(captured <= amount && refunded <= captured).to.equal(true);
      }
    }
  });

  it('meets what goes wrong, and not so often that the circuit opens', () => {
    const broken = plans.filter(({ token, capture }) =>
      KINDS.some((kind) => behaviourOf(token, kind, capture === 'auto').fate.kind !== 'answered'),
    );
    expect(broken.length / plans.length)
      .to.be.above(0.1)
      .and.below(0.25);
  });

  it('uses only tokens that the simulator knows, and each where it has an effect', () => {
    const plain = behaviourOf('tok_ok', 'authorize', false);
    for (const { token, capture, steps } of plans) {
      if (token === 'tok_ok') continue;
      const asked = ['authorize' as const, ...steps.map(({ kind }) => kind)];
      const met = asked.map((kind) => behaviourOf(token, kind, capture === 'auto'));
      expect(
        met.some((one) => one !== plain),
        token,
      ).to.equal(true);
      expect(met[0]?.decline, token).to.not.equal('NO_SUCH_TOKEN');
    }
  });
});

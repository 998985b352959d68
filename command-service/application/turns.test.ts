import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Gate } from '../testing/fake-gateway.js';
import { Turns } from './turns.js';

describe('turns', () => {
  it('come one after the other under one key, side by side under different ones', async () => {
    const turns = new Turns();
    const gate = new Gate();
    const order: string[] = [];
    const work = (name: string, before?: Gate) => async () => {
      order.push(`${name} begins`);
      await before?.opened;
      order.push(`${name} ends`);
      return name;
    };
    const all = [
      turns.run('a', work('first', gate)),
      turns.run('a', work('second')),
      turns.run('b', work('other')),
    ];
    await all[2];
    expect(order).to.deep.equal(['first begins', 'other begins', 'other ends']);
    gate.open();
    expect(await Promise.all(all)).to.deep.equal(['first', 'second', 'other']);
    expect(order.slice(3)).to.deep.equal(['first ends', 'second begins', 'second ends']);
  });

  it('go on after one that failed, which alone is told', async () => {
    const turns = new Turns();
    const failing = turns.run('a', () => Promise.reject(new Error('no')));
    const next = turns.run('a', () => Promise.resolve('yes'));
    expect(await failing.catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(await next).to.equal('yes');
  });

  it('can be taken again and again', async () => {
    const turns = new Turns();
    await turns.run('a', () => Promise.resolve());
    expect(await turns.run('a', () => Promise.resolve('again'))).to.equal('again');
  });
});

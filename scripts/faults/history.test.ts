import { expect } from 'chai';
import { describe, it } from 'mocha';
import { History } from './history.js';
import type { LogEvent, LogLeg } from './log-event.js';

const legs: readonly LogLeg[] = [
  { account: '1110:a', side: 'debit', amount: '5', currency: 'KRW' },
  { account: '2010:b', side: 'credit', amount: '5', currency: 'KRW' },
];

function event(position: number, description: string, of: readonly LogLeg[] = legs): LogEvent {
  return {
    eventId: `event-${position}`,
    stream: `entry-${position}`,
    revision: '0',
    position: String(position),
    type: 'EntryPosted',
    data: { id: description, description, entry: { legs: [...of] } },
    text: `${position} ${description}`,
  };
}

/** A history in which one entry was sent and acknowledged at position 7. */
function acknowledged(): History {
  const history = new History();
  history.send('a', legs).knowledge = { kind: 'acknowledged', id: 'a', position: '7' };
  return history;
}

function spend(amount: string): readonly LogLeg[] {
  return [
    { account: 'wallet:m', side: 'debit', amount, currency: 'KRW' },
    { account: '2010:b', side: 'credit', amount, currency: 'KRW' },
  ];
}

describe('fault history', () => {
  it('is content with an acknowledged entry where it was said to be', () => {
    const history = acknowledged();
    history.see([event(7, 'a')]);
    expect(history.problems()).to.deep.equal([]);
  });

  it('finds an acknowledged entry lost', () => {
    expect(acknowledged().problems()).to.deep.equal(['a was acknowledged and is lost']);
  });

  it('finds an entry that is there twice', () => {
    const history = acknowledged();
    history.see([event(7, 'a'), event(8, 'a')]);
    expect(history.problems()).to.deep.equal(['a is in the log 2 times']);
  });

  it('finds an acknowledged entry at another position', () => {
    const history = acknowledged();
    history.see([event(8, 'a')]);
    expect(history.problems()).to.have.length(1);
  });

  it('finds other legs than those that were sent', () => {
    const history = acknowledged();
    history.see([event(7, 'a', spend('0'))]);
    expect(history.problems()).to.deep.equal(['a is in the log with other legs']);
  });

  it('finds a refused entry in the log', () => {
    const history = new History();
    history.send('a', legs).knowledge = { kind: 'refused', code: 'INSUFFICIENT_BALANCE' };
    history.see([event(7, 'a')]);
    expect(history.problems()).to.deep.equal(['a was refused and is in the log']);
  });

  it('lets an entry of unknown outcome be there or not', () => {
    const history = new History();
    history.send('a', legs);
    expect(history.problems()).to.deep.equal([]);
    history.see([event(7, 'a')]);
    expect(history.problems()).to.deep.equal([]);
  });

  it('finds a guarded account below zero, even if only in between', () => {
    const history = new History();
    const credit = spend('9').map((leg) => ({
      ...leg,
      side: leg.side === 'debit' ? ('credit' as const) : ('debit' as const),
    }));
    history.see([event(1, 'spend', spend('9')), event(2, 'top up', credit)]);
    expect(history.problems()).to.deep.equal(['wallet:m KRW is at -9 at position 1']);
  });

  it('finds an unbalanced entry', () => {
    const history = new History();
    history.see([event(1, 'half', legs.slice(0, 1))]);
    expect(history.problems()).to.deep.equal(['unbalanced in KRW at 1']);
  });

  it('finds gaps and repetitions in the order of the log', () => {
    const history = new History();
    history.see([event(2, 'x'), { ...event(2, 'y'), stream: 'entry-2', revision: '2' }]);
    expect(history.problems()).to.deep.equal([
      'position 2 after 2',
      'event event-2 twice',
      'entry-2: revision 2 follows 0',
    ]);
  });

  it('finds an event that changed after it was seen', () => {
    const history = new History();
    history.see([event(1, 'x')]);
    history.seeAgain([{ ...event(1, 'x'), text: 'another' }]);
    expect(history.problems()).to.deep.equal(['the event at position 1 has changed']);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ToldRecord } from '../../shared/adapters/simulator/client.js';
import type { LogEvent } from './log-event.js';
import { PaymentBook } from './payment-book.js';
import {
  accountProblems,
  answerProblems,
  gatewayProblems,
  replayProblems,
  type AskedFor,
  type Told,
} from './payment-invariants.js';

const AT = Date.parse('2026-03-02T03:00:00.000Z');

type Data = Readonly<Record<string, unknown>>;

/** Events of payments in one log. */
class Log {
  readonly events: LogEvent[] = [];
  readonly #revisions = new Map<string, number>();

  add(payment: string, type: string, data: Data): this {
    const revision = (this.#revisions.get(payment) ?? -1) + 1;
    this.#revisions.set(payment, revision);
    const event = {
      eventId: `event-${this.events.length}`,
      stream: `payment-${payment}`,
      revision: String(revision),
      position: String(this.events.length + 1),
      type,
      actor: 'shop',
      recordedAt: new Date(AT).toISOString(),
      data,
    };
    this.events.push({ ...event, data: {}, text: JSON.stringify(event) });
    return this;
  }

  request(id: string, more: Data = {}): this {
    const terms = { orderId: 'o-1', sellerId: 's', currency: 'KRW', capture: 'manual' };
    return this.add(id, 'PaymentRequested', { id, amount: '100', ...terms, ...more }).add(
      id,
      'AttemptStarted',
      { operation: `${id}-1`, amount: '100' },
    );
  }

  authorized(id: string, more: Data = {}): this {
    this.request(id, more);
    return this.add(id, 'PaymentAuthorized', { operation: `${id}-1`, amount: '100' });
  }

  captured(id: string, amount = '100'): this {
    this.authorized(id).add(id, 'CaptureStarted', { operation: 'c', amount });
    return this.add(id, 'PaymentCaptured', { operation: 'c', amount });
  }

  get book(): PaymentBook {
    const book = new PaymentBook();
    book.see(this.events);
    return book;
  }

  get problems(): readonly string[] {
    return this.book.problems();
  }
}

const refund = (operation: string, amount: string): Data => ({ operation, amount });

describe('payment book', () => {
  it('is content with a payment that is captured and refunded in parts', () => {
    const log = new Log().captured('p').add('p', 'RefundRequested', refund('r1', '60'));
    log.add('p', 'OutcomeUnknown', { operation: 'r1', reason: 'timeout' });
    log.add('p', 'OutcomeNotFound', { operation: 'r1' });
    log.add('p', 'RefundFailed', { operation: 'r1', failure: 'not-processed', by: 'inquiry' });
    log.add('p', 'RefundRequested', refund('r2', '100'));
    log.add('p', 'RefundSucceeded', refund('r2', '100'));
    expect(log.problems).to.deep.equal([]);
    expect(log.book.payments.get('p')?.places.at(-1)?.amounts).to.include({
      captured: '100',
      refunded: '100',
      refundPending: '0',
    });
  });

  it('finds refunds above what was captured, reserved ones counted', () => {
    const log = new Log().captured('p').add('p', 'RefundRequested', refund('r1', '60'));
    log.add('p', 'RefundRequested', refund('r2', '60'));
    expect(log.problems).to.deep.equal([
      'RefundRequested in p at 6: above captured',
      'RefundRequested in p at 6: 120 refunded or reserved of 100 captured',
    ]);
  });

  it('finds captures above what was authorised', () => {
    const log = new Log().captured('p', '60').add('p', 'CaptureStarted', refund('d', '60'));
    expect(log.problems).to.include('CaptureStarted in p at 5: above authorised');
  });

  it('finds a payment given up when the gateway did not know it only once', () => {
    const log = new Log().request('p');
    log.add('p', 'OutcomeUnknown', { operation: 'p-1', reason: 'timeout' });
    log.add('p', 'AttemptDeclined', { operation: 'p-1', failure: 'not-processed', by: 'inquiry' });
    expect(log.problems).to.deep.equal([
      'AttemptDeclined in p at 3: the gateway did not know it only once',
    ]);
  });

  it('finds an outcome of what is over, and one without an intent', () => {
    const log = new Log().captured('p').add('p', 'PaymentCaptured', refund('c', '100'));
    expect(log.problems).to.include('PaymentCaptured in p at 5: c was succeeded');
    const lone = new Log().authorized('p').add('p', 'PaymentCaptured', refund('c', '100'));
    expect(lone.problems).to.deep.equal(['PaymentCaptured in p at 3: it has no operation c']);
  });

  it('finds a second live payment of an order, and lets one follow that was declined', () => {
    const twice = new Log().authorized('p').request('q');
    expect(twice.problems).to.deep.equal([
      'PaymentRequested in q at 0: order o-1 had the live payment p',
    ]);
    const declined = new Log().request('p');
    declined.add('p', 'AttemptDeclined', { operation: 'p-1', failure: 'declined', by: 'answer' });
    expect(declined.request('q').problems).to.deep.equal([]);
  });

  it('wants a late authorisation undone', () => {
    const log = new Log().request('p');
    log.add('p', 'AttemptDeclined', { operation: 'p-1', failure: 'declined', by: 'answer' });
    log.add('p', 'PaymentAuthorized', { operation: 'p-1', amount: '100', by: 'inquiry' });
    expect(log.problems).to.deep.equal([
      'p: authorised after it was given up, and nothing undoes it',
    ]);
    log.add('p', 'VoidStarted', { operation: 'p-reversal', amount: '100' });
    expect(log.problems).to.deep.equal([]);
  });
});

const amounts = {
  requested: '100',
  authorized: '100',
  captured: '0',
  refundPending: '0',
  refunded: '0',
  voided: '0',
  expired: '0',
  inDoubt: '0',
};

function told(more: Readonly<{ revision?: string }> & Data = {}, status = 201): Told {
  const data = { id: 'p', revision: '2', position: '3', operation: 'p-1', amounts, ...more };
  return { status, body: { data }, revision: data.revision, replayed: false };
}

const asked = (...answers: readonly Told[]): AskedFor => ({
  kind: 'attempt',
  key: 'k',
  told: answers,
});

describe('answers held against the log', () => {
  const { book } = new Log().authorized('p');

  it('are in it as they were given', () => {
    expect(answerProblems([asked(told(), told())], book)).to.deep.equal([]);
  });

  it('are found lost, or of another content', () => {
    expect(answerProblems([asked(told({ revision: '3' }))], book)).to.include(
      'k: revision 3 of p is lost',
    );
    expect(answerProblems([asked(told({ amounts: {} }))], book)).to.deep.equal([
      'k: other amounts than in the log',
    ]);
    expect(answerProblems([asked(told({}, 202))], book)).to.deep.equal([
      'k: answered 202, and it was succeeded',
    ]);
  });

  it('have one effect each, and every effect somebody who was told', () => {
    const twice = new Log().authorized('p').authorized('q', { orderId: 'o-2' }).book;
    const other = told({ id: 'q', operation: 'q-1', position: '6' });
    expect(answerProblems([asked(told(), other)], twice)).to.deep.equal(['k had 2 effects']);
    expect(answerProblems([asked(told())], twice)).to.deep.equal(['q-1: nobody was told of it']);
    expect(answerProblems([asked(told()), { ...asked(told()), key: 'l' }], book)).to.deep.equal([
      'p-1: of k and of l',
    ]);
  });

  it('are repeated as they were', () => {
    const again = { ...told(), replayed: true };
    expect(replayProblems(asked(told()), again)).to.deep.equal([]);
    expect(replayProblems(asked(told()), told())).to.have.length(1);
    const otherwise = { ...told({ position: '9' }), replayed: true };
    expect(replayProblems(asked(told()), otherwise)).to.have.length(1);
    expect(replayProblems(asked(told({}, 202)), again)).to.deep.equal([]);
  });
});

function record(
  kind: ToldRecord['kind'],
  reference: string,
  more: Partial<ToldRecord>,
): ToldRecord {
  return {
    reference,
    kind,
    paymentId: 'p',
    gatewayId: `sim_${reference}`,
    authorization: 'sim_p-1',
    captures: false,
    amount: 100n,
    currency: 'KRW',
    occurredAt: AT,
    captured: 0n,
    voided: 0n,
    refunded: 0n,
    ...more,
  };
}

describe("the gateway's own records", () => {
  const { book } = new Log().captured('p');
  const there = [record('authorize', 'p-1', { captured: 100n }), record('capture', 'c', {})];

  it('agree with the books', () => {
    expect(gatewayProblems(there, book)).to.deep.equal([]);
  });

  it('are found to have more, less or something else', () => {
    expect(gatewayProblems(there.slice(0, 1), book)).to.deep.equal([
      'c is succeeded, and the gateway does not know it',
      'p: there 100 0 0, by its operations 0 0 0',
    ]);
    expect(gatewayProblems([...there, record('refund', 'r', {})], book)).to.deep.equal([
      'the gateway did refund r without an intent',
      'p: there 100 0 0, by its operations 100 0 100',
    ]);
    const [authorization, capture] = there;
    if (authorization === undefined || capture === undefined) throw new Error('no records');
    expect(gatewayProblems([authorization, { ...capture, decline: 'X' }], book)).to.deep.equal([
      'capture c: failed there, succeeded here',
      'p: there 100 0 0, by its operations 0 0 0',
    ]);
    expect(gatewayProblems([{ ...authorization, refunded: 100n }, capture], book)).to.include(
      'p: there 100 100 0 100, here 100 100 0 0',
    );
  });

  it('are found to be of a call that came before its intent', () => {
    const early = there.map((one) => ({ ...one, occurredAt: AT - 1 }));
    expect(gatewayProblems(early, book)).to.deep.equal([
      'authorize p-1: called before its intent was recorded',
      'capture c: called before its intent was recorded',
    ]);
  });

  it('say what the accounts hold', () => {
    const sums = new Map([
      ['1110:simulator KRW', { debits: 100n, credits: 0n }],
      ['2010:s KRW', { debits: 0n, credits: 100n }],
      ['9010:simulator KRW', { debits: 100n, credits: 100n }],
    ]);
    expect(accountProblems(sums, there, book)).to.deep.equal([]);
    expect(accountProblems(new Map(), there, book)).to.have.length(2);
  });
});

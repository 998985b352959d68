import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  Inquiry,
} from '../../ports/payment-gateway.js';
import { ManualTime } from '../../testing/manual-time.js';
import { paymentGatewayContract } from '../../testing/payment-gateway-contract.js';
import { simulatorContract } from '../../testing/simulator-tokens.js';
import { openSimulator, type Simulator } from './simulator.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

paymentGatewayContract('simulator in process', simulatorContract, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
  const gateway = openSimulator({ file: join(folder, 'simulator.db'), clock: () => 1_000 });
  return {
    gateway,
    dead: async (isDead) => {
      gateway.outage = isDead ? 'dead' : 'none';
    },
    cleanup: async () => {
      await gateway.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('the simulator', () => {
  let folder: string;
  let time: ManualTime;
  let simulator: Simulator;
  const open = () =>
    openSimulator({ file: join(folder, 'simulator.db'), clock: time.clock, pause: time.pause });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-test-'));
    time = new ManualTime();
    simulator = open();
  });
  afterEach(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true });
  });

  const authorize = (token: string, changes: Partial<AuthorizeRequest> = {}) =>
    simulator.authorize({ ...authorization, token, ...changes }, never());
  const inquire = async (changes: Partial<Inquiry> = {}) =>
    (await simulator.inquire({ ...authorization, kind: 'authorize', ...changes }, never())).kind;

  it('knows the tokens that end a call at once', async () => {
    const kinds: Record<string, string> = {};
    for (const token of [
      'tok_ok',
      'tok_declined',
      'tok_insufficient',
      'tok_expired_card',
      'tok_reset',
      'tok_reset_lost',
      'tok_503',
      'tok_garbage',
      'tok_contradicts',
      'tok_refund_fails',
      'tok_capture_fails',
      'tok_slow',
      'tok_ok:5',
      'visa',
    ]) {
      const reference = token.replace(':', '.');
      const answer = await authorize(token, { reference });
      kinds[token] = `${outcomeOf(answer)}, then ${await inquire({ reference })}`;
    }
    expect(kinds).to.deep.equal({
      tok_ok: 'done, then done',
      tok_declined: 'card_declined, then declined',
      tok_insufficient: 'insufficient_funds, then declined',
      tok_expired_card: 'expired_card, then declined',
      tok_reset: 'reset, then done',
      tok_reset_lost: 'reset, then not-found',
      tok_503: 'unavailable, then not-found',
      tok_garbage: 'garbled, then done',
      tok_contradicts: 'card_declined, then done',
      tok_refund_fails: 'done, then done',
      tok_capture_fails: 'processing_error, then declined',
      tok_slow: 'invalid_number, then declined',
      'tok_ok:5': 'invalid_number, then declined',
      visa: 'invalid_number, then declined',
    });
  });

  it('meets a later operation with the fate its token names', async () => {
    await authorize('tok_capture_timeout', { capture: false });
    const giveUp = new AbortController();
    const one = { ...followUp, amount: 400n, reference: 'c-1', token: 'tok_capture_timeout' };
    const call = simulator.capture(one, giveUp.signal);
    giveUp.abort();
    expect(outcomeOf(await call)).to.equal('timeout');
    expect(await inquire({ ...one, kind: 'capture' })).to.equal('done');

    const lost = { ...one, reference: 'c-2', token: 'tok_capture_timeout_lost' };
    const other = new AbortController();
    const lostCall = simulator.capture(lost, other.signal);
    other.abort();
    expect(outcomeOf(await lostCall)).to.equal('timeout');
    expect(await inquire({ ...lost, kind: 'capture' })).to.equal('not-found');

    const back = { ...refund, amount: 100n, token: 'tok_refund_reset' };
    expect(outcomeOf(await simulator.refund(back, never()))).to.equal('reset');
    const failing = { ...back, reference: 'r-2', token: 'tok_refund_fails' };
    expect(outcomeOf(await simulator.refund(failing, never()))).to.equal('processing_error');
    expect(totals()).to.deep.equal({ captured: 400n, voided: 0n, refunded: 100n });
  });

  it('does a slow call at once and answers it late, if anybody still waits', async () => {
    const slow = authorize('tok_slow:9000');
    await time.asleep();
    expect(await inquire()).to.equal('done');
    await time.advance(9_000);
    expect(outcomeOf(await slow)).to.equal('done');

    const giveUp = new AbortController();
    const request = { ...authorization, reference: 'a-2', token: 'tok_slow:9000' };
    const given = simulator.authorize(request, giveUp.signal);
    await time.asleep();
    giveUp.abort();
    expect(outcomeOf(await given)).to.equal('timeout');
  });

  it('names another amount than it did when it is told to', async () => {
    const answer = await authorize('tok_wrong_amount');
    expect(answer).to.include({ kind: 'done', amount: authorization.amount + 1n });
    const told = await simulator.inquire({ ...authorization, kind: 'authorize' }, never());
    expect(told).to.include({ kind: 'done', amount: authorization.amount });
  });

  it('does a late request late, and never after the time it needs to settle', async () => {
    const giveUp = new AbortController();
    for (const token of ['tok_late:99999999', 'tok_pending:70000']) {
      const request = { ...authorization, reference: token.slice(4, 8), token };
      void simulator.authorize(request, giveUp.signal);
    }
    expect(await inquire({ reference: 'late' })).to.equal('not-found');
    expect(await inquire({ reference: 'pend' })).to.equal('pending');
    void time.pause(59_999, never());
    await time.advance(59_999);
    expect(await inquire({ reference: 'late' })).to.equal('not-found');
    void time.pause(1, never());
    await time.advance(1);
    expect(await inquire({ reference: 'late' })).to.equal('done');
    expect(await inquire({ reference: 'pend' })).to.equal('pending');
    void time.pause(10_000, never());
    await time.advance(10_000);
    expect(await inquire({ reference: 'pend' })).to.equal('done');
    giveUp.abort();
  });

  it('lets an authorisation expire after seven days, and what is left of one', async () => {
    await authorize('tok_ok', { capture: false });
    await authorize('tok_ok', { capture: false, reference: 'a-2' });
    await authorize('tok_ok', { capture: true, reference: 'a-3' });
    await simulator.capture({ ...followUp, authorization: 'sim_a-2', amount: 999n }, never());
    void time.pause(7 * DAY_MS - 1, never());
    await time.advance(7 * DAY_MS - 1);
    expect(await inquire()).to.equal('done');
    void time.pause(1, never());
    await time.advance(1);
    expect(await inquire()).to.equal('expired');
    expect(await inquire({ reference: 'a-2' })).to.equal('expired');
    expect(await inquire({ reference: 'a-3' })).to.equal('done');
    for (const call of ['capture', 'void'] as const) {
      const answer = await simulator[call]({ ...followUp, reference: call }, never());
      expect(answer).to.have.nested.property('decline.pgCode', 'AUTHORIZATION_EXPIRED');
    }
  });

  it('refuses what it cannot take, and writes nothing of it', async () => {
    const reasons = [
      await authorize('tok_ok', { amount: 0n }),
      await authorize('tok_ok', { amount: -1n }),
      await authorize('tok_ok', { amount: 2n ** 63n }),
      await authorize('tok_ok', { currency: 'XXX' }),
      await authorize('tok_ok', { reference: 'a b' }),
      await simulator.capture({ ...followUp, authorization: 'sim_none' }, never()),
      await simulator.capture({ ...followUp, authorization: 'none' }, never()),
    ].map((answer) => (answer.kind === 'refused' ? answer.decline.pgCode : answer.kind));
    expect(reasons).to.deep.equal([
      'BAD_AMOUNT',
      'BAD_AMOUNT',
      'BAD_AMOUNT',
      'BAD_CURRENCY',
      'BAD_REFERENCE',
      'NO_SUCH_AUTHORIZATION',
      'NO_SUCH_AUTHORIZATION',
    ]);
    expect([...simulator.records()]).to.be.empty;
  });

  it('takes a reference for one thing only', async () => {
    await authorize('tok_ok', { capture: false });
    const reasons = [
      await authorize('tok_ok', { capture: false, amount: 999n }),
      await authorize('tok_ok', { capture: false, currency: 'USD' }),
      await authorize('tok_ok', { capture: true }),
      await authorize('tok_ok', { capture: false, paymentId: 'p-2' }),
      await simulator.capture({ ...followUp, reference: authorization.reference }, never()),
    ].map((answer) => (answer.kind === 'refused' ? answer.decline.pgCode : answer.kind));
    expect(reasons).to.deep.equal([
      'AMOUNT_CHANGED',
      'AMOUNT_CHANGED',
      'REFERENCE_REUSED',
      'REFERENCE_REUSED',
      'REFERENCE_REUSED',
    ]);
    expect(await inquire({ kind: 'refund' }), 'another kind').to.equal('not-found');
  });

  it('objects to a refund that would leave less than its caller expects', async () => {
    await authorize('tok_ok');
    const unforeseen = { ...refund, amount: 600n, remaining: 0n };
    expect(outcomeOf(await simulator.refund(unforeseen, never()))).to.equal('done');
    const next = { ...refund, reference: 'r-2', amount: 100n, remaining: 900n };
    expect(await simulator.refund(next, never())).to.have.nested.property(
      'decline.pgCode',
      'REMAINING_DIFFERS',
    );
  });

  it('remembers when it is opened again, and shares its book', async () => {
    await authorize('tok_ok');
    const beside = open();
    const request = { ...authorization, token: 'tok_ok' };
    expect(outcomeOf(await beside.authorize(request, never()))).to.equal('done');
    await beside.close();
    await simulator.close();
    expect(outcomeOf(await authorize('tok_ok'))).to.equal('unavailable');
    simulator = open();
    expect(await inquire()).to.equal('done');
    expect([...simulator.records()].map(({ reference }) => reference)).to.deep.equal(['a-1']);
  });

  it('fails as a whole in the way it is switched to', async () => {
    for (const [outage, reason, truth] of [
      ['dead', 'unavailable', 'not-found'],
      ['silent', 'timeout', 'not-found'],
      ['mute', 'timeout', 'done'],
    ] as const) {
      simulator.outage = outage;
      const reference = `a-${outage}`;
      const giveUp = new AbortController();
      const call = simulator.authorize({ ...authorization, reference }, giveUp.signal);
      const asked = simulator.inquire(
        { ...authorization, reference, kind: 'authorize' },
        giveUp.signal,
      );
      giveUp.abort();
      expect(outcomeOf(await call)).to.equal(reason);
      expect((await asked).kind).to.equal('no-answer');
      simulator.outage = 'none';
      expect(await inquire({ reference })).to.equal(truth);
    }
  });

  it('answers unknown when its file fails', async () => {
    const beside = new Database(join(folder, 'simulator.db'));
    beside.exec('ALTER TABLE operations RENAME TO elsewhere');
    beside.close();
    expect(outcomeOf(await authorize('tok_ok'))).to.equal('unavailable');
    expect(await inquire()).to.equal('no-answer');
  });

  it('keeps its caps under any operations, repeated or not', async () => {
    const anyCall = fc.record({
      kind: fc.constantFrom('capture' as const, 'void' as const, 'refund' as const),
      reference: fc.constantFrom('x-1', 'x-2', 'x-3', 'x-4', 'x-5', 'x-6', 'x-7'),
      amount: fc.constantFrom(1n, 300n, 500n, 1_000n),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { maxLength: 12 }), async (calls) => {
        const id = `run-${++run}`;
        await authorize('tok_ok', { reference: id, capture: false });
        const done = new Map<string, { kind: string; amount: bigint }>();
        for (const { kind, amount, reference } of calls) {
          const request = {
            ...refund,
            reference: `${id}.${reference}`,
            amount,
            authorization: `sim_${id}`,
          };
          const answer = await simulator[kind](request, never());
          if (answer.kind === 'done') done.set(reference, { kind, amount });
        }
        const sum = (kind: string): bigint =>
          [...done.values()].reduce((all, one) => all + (one.kind === kind ? one.amount : 0n), 0n);
        const [record] = [...simulator.records()].filter(({ reference }) => reference === id);
        expect(record).to.include({
          captured: sum('capture'),
          voided: sum('void'),
          refunded: sum('refund'),
        });
        expect(sum('capture') + sum('void') <= authorization.amount).to.be.true;
        expect(sum('refund') <= sum('capture')).to.be.true;
      }),
      { numRuns: 60 },
    );
  });

  const totals = () => {
    const [record] = [...simulator.records()].filter(({ kind }) => kind === 'authorize');
    if (record === undefined) throw new Error('nothing is authorised');
    const { captured, voided, refunded } = record;
    return { captured, voided, refunded };
  };
});

const authorization = {
  reference: 'a-1',
  paymentId: 'p-1',
  orderId: 'o-1',
  sellerId: 's-1',
  amount: 1_000n,
  currency: 'KRW',
  token: 'tok_ok',
  capture: true,
};

const followUp: FollowUpRequest = {
  reference: 'f-1',
  paymentId: 'p-1',
  orderId: 'o-1',
  amount: 1_000n,
  currency: 'KRW',
  token: 'tok_ok',
  authorization: 'sim_a-1',
};

const refund = { ...followUp, reference: 'r-1', reason: 'broken', remaining: 0n };

function never(): AbortSignal {
  return new AbortController().signal;
}

/** What a call came to, in a word. */
function outcomeOf(answer: GatewayAnswer): string {
  switch (answer.kind) {
    case 'done':
      return 'done';
    case 'declined':
    case 'refused':
      return answer.decline.code;
    case 'unknown':
      return answer.reason;
  }
}

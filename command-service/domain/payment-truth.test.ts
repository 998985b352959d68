import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { CaptureMode, ToldBy } from '../../shared/events/payment.js';
import { isOpen } from '../../shared/payments/amounts.js';
import type { Operation } from '../../shared/payments/payment.js';
import { PaymentBooks } from '../testing/payment-books.js';

const AMOUNT = 100n;
const DECLINE = { code: 'card_declined', pgCode: 'X1', pgMessage: 'no', retryable: false };

/** What becomes of a request on its way to the gateway, and of the answer on its way back. */
const FATES = ['answered', 'answered', 'deaf', 'lost', 'delayed', 'delayed', 'declined'] as const;
type Fate = (typeof FATES)[number];

/** A gateway with caps and a memory of its own. It does nothing twice. */
class TrueGateway {
  captured = 0n;
  refunded = 0n;
  voided = 0n;
  private authorized = 0n;
  private readonly known = new Map<string, boolean>();

  constructor(readonly mode: CaptureMode) {}

  process({ id, kind, amount }: Operation, declines: boolean): void {
    if (this.known.has(id)) return;
    const done = !declines && this.room(kind, amount);
    this.known.set(id, done);
    if (!done) return;
    if (kind === 'attempt') this.authorized += amount;
    if (kind === 'capture' || (kind === 'attempt' && this.mode === 'auto')) this.captured += amount;
    if (kind === 'void') this.voided += amount;
    if (kind === 'refund') this.refunded += amount;
  }

  /** Whether it did it; undefined: it does not know it. */
  said(id: string): boolean | undefined {
    return this.known.get(id);
  }

  private room(kind: Operation['kind'], amount: bigint): boolean {
    const left = this.authorized - this.captured - this.voided;
    switch (kind) {
      case 'attempt':
        return true;
      case 'capture':
        return amount <= left;
      case 'void':
        return this.captured === 0n && left > 0n;
      case 'refund':
        return amount <= this.captured - this.refunded;
    }
  }
}

type Step = Readonly<{
  act: 'capture' | 'refund' | 'void' | 'inquire' | 'deliver' | 'answer';
  which: number;
  share: bigint;
  fate: Fate;
}>;

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('capture', 'refund', 'void', 'inquire', 'inquire', 'deliver', 'answer'),
  which: fc.nat(3),
  share: fc.constantFrom(30n, 50n, 100n),
  fate: fc.constantFrom(...FATES),
});

/** A shop, its books, and a gateway that is far away. */
class Shop {
  readonly books = new PaymentBooks();
  readonly gateway: TrueGateway;
  private readonly sent = new Set<string>();
  private readonly delayed: Operation[] = [];

  constructor(capture: CaptureMode, fate: Fate) {
    this.gateway = new TrueGateway(capture);
    const method = { type: 'card', token: 'tok_ok' } as const;
    const whose = { id: 'p', orderId: 'o', sellerId: 's', gateway: 'g' };
    const terms = { ...whose, amount: AMOUNT, currency: 'KRW', method, capture };
    this.books.tell({ type: 'request', fingerprint: 'f', terms });
    this.send(fate);
  }

  take({ act, which, share, fate }: Step): void {
    const { operations } = this.books.payment;
    const one = operations.at(-1 - (which % operations.length));
    if (one === undefined) return;
    switch (act) {
      case 'capture':
      case 'refund':
      case 'void': {
        const id = `c-${this.books.recorded.length}`;
        const asked = { type: act, id, fingerprint: id } as const;
        this.books.tell(act === 'void' ? asked : { ...asked, amount: (AMOUNT * share) / 100n });
        break;
      }
      case 'inquire':
        this.learn(one, 'inquiry');
        break;
      case 'answer':
        // The call itself is answered at last, or for a second time.
        if (this.gateway.said(one.id) !== undefined) this.learn(one, 'answer');
        break;
      case 'deliver':
        this.deliver();
    }
    this.send(fate);
  }

  /** All that is under way arrives, and the gateway is asked until nothing is new. */
  settle(): void {
    while (this.delayed.length > 0) this.deliver();
    for (let before = -1; before !== this.books.recorded.length;) {
      before = this.books.recorded.length;
      this.send('answered');
      for (const one of this.books.payment.operations) this.learn(one, 'inquiry');
    }
  }

  /** Calls the gateway for every intent that is new, also for one that an answer led to. */
  private send(fate: Fate): void {
    for (const one of this.books.payment.operations) {
      if (this.sent.has(one.id)) continue;
      this.sent.add(one.id);
      if (fate === 'delayed') this.delayed.push(one);
      else if (fate !== 'lost') this.gateway.process(one, fate === 'declined');
      if (fate === 'answered' || fate === 'declined') this.learn(one, 'answer');
      else this.books.tell({ type: 'unknown', operation: one.id, reason: 'timeout', detail: '' });
    }
  }

  private deliver(): void {
    const one = this.delayed.shift();
    if (one !== undefined) this.gateway.process(one, false);
  }

  private learn({ id: operation, amount }: Operation, by: ToldBy): void {
    const told = { operation, by } as const;
    switch (this.gateway.said(operation)) {
      case true:
        this.books.tell({ type: 'done', ...told, amount, currency: 'KRW', gatewayId: 'x' });
        break;
      case false:
        this.books.tell({ type: 'failed', ...told, failure: 'declined', decline: DECLINE });
        break;
      case undefined:
        this.books.tell({ type: 'not-found', operation });
    }
  }
}

type Story = Readonly<{ capture: CaptureMode; fate: Fate; steps: readonly Step[] }>;

const story: fc.Arbitrary<Story> = fc.record({
  capture: fc.constantFrom('manual', 'manual', 'auto'),
  fate: fc.constantFrom(...FATES),
  steps: fc.array(step, { maxLength: 30, size: 'max' }),
});

function live({ capture, fate, steps }: Story): Shop {
  const shop = new Shop(capture, fate);
  for (const each of steps) shop.take(each);
  shop.settle();
  return shop;
}

describe('a payment whose requests and answers are lost, late and doubled', () => {
  it('agrees with the gateway to the unit in the end, with nothing left in doubt', () => {
    fc.assert(
      fc.property(story, (one) => {
        const { books, gateway } = live(one);
        const { operations, captured, refunded, voided } = books.payment;
        expect(operations.filter(isOpen)).to.deep.equal([]);
        expect({ captured, refunded, voided }).to.deep.equal({
          captured: gateway.captured,
          refunded: gateway.refunded,
          voided: gateway.voided,
        });
        const ours = operations.filter(({ status }) => status === 'done').map(({ id }) => id);
        const theirs = operations.filter(({ id }) => gateway.said(id) === true).map(({ id }) => id);
        expect(ours).to.deep.equal(theirs);
        expect(books.balances.get('1110:g') ?? 0n).to.equal(gateway.captured - gateway.refunded);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is drawn from stories in which all of that happens', () => {
    const seen = new Set<string>();
    for (const one of fc.sample(story, { numRuns: 1_000, seed: 3 })) {
      const { books } = live(one);
      for (const { id, kind, outcome } of books.payment.operations) {
        seen.add(id === 'p-reversal' ? `reversal: ${kind}` : kind);
        const told = books.events.filter(
          ({ data }) => 'operation' in data && data.operation === id && 'failure' in data,
        );
        if (told.length > 0 && outcome?.failure === undefined) seen.add(`late ${kind}`);
      }
      for (const { type } of books.events) if (type === 'AnswerContradicted') seen.add(type);
    }
    expect([...seen]).to.include.members([
      'reversal: void',
      'reversal: refund',
      'late attempt',
      'late capture',
      'late void',
      'late refund',
      'AnswerContradicted',
    ]);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { PAYMENT_EVENT_TYPES, type CaptureMode } from '../../shared/events/payment.js';
import { inDoubt as inDoubtOf, pendingOf, statusOf } from '../../shared/payments/amounts.js';
import { PaymentBooks } from '../testing/payment-books.js';
import { PaymentModel } from '../testing/payment-model.js';
import type { PaymentCommand, PaymentTerms } from './payment.js';

const ACTS = [
  'capture',
  'capture',
  'refund',
  'refund',
  'void',
  'again',
  'done',
  'done',
  'done',
  'failed',
  'unknown',
  'not-found',
  'not-found',
  'odd',
  'wait',
  'expire',
] as const;

type Step = Readonly<{
  act: (typeof ACTS)[number];
  /** Which operation it is about; 0 is the newest. */
  which: number;
  /** Percent of the whole amount; absent: all that is left. */
  share: number | undefined;
  by: 'answer' | 'inquiry' | 'operator';
  givenUp: boolean;
}>;

type Story = Readonly<{
  amount: bigint;
  capture: CaptureMode;
  lives: number;
  steps: readonly Step[];
}>;

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(...ACTS),
  which: fc.nat(4),
  share: fc.option(fc.constantFrom(0, 1, 20, 30, 50, 60, 100, 101), { nil: undefined }),
  by: fc.constantFrom('answer', 'inquiry', 'operator'),
  givenUp: fc.boolean(),
});

const story: fc.Arbitrary<Story> = fc.record({
  amount: fc.bigInt({ min: 1n, max: 100_000n }),
  capture: fc.constantFrom('manual', 'manual', 'auto'),
  // Seconds until the authorisation expires.
  lives: fc.constantFrom(30, 10_000),
  steps: fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
});

const DECLINE = { code: 'card_declined', pgCode: 'X1', pgMessage: 'no', retryable: false };

/** One payment and its model, side by side. */
class Telling {
  readonly books = new PaymentBooks();
  readonly model: PaymentModel;
  private readonly begun: PaymentCommand[] = [];
  private readonly expiresAt: number;

  constructor({ amount, capture, lives }: Story) {
    const terms: PaymentTerms = {
      id: 'p',
      orderId: 'o',
      sellerId: 's',
      amount,
      currency: 'KRW',
      method: { type: 'card', token: 'tok_ok' },
      capture,
      gateway: 'g',
    };
    const request = { type: 'request', fingerprint: 'f', terms } as const;
    this.model = new PaymentModel(terms);
    this.expiresAt = this.books.now + lives * 1_000;
    expect(this.books.tell(request).kind).to.equal('accepted');
    this.begun.push(request);
    this.check();
  }

  take(one: Step): void {
    this.books.now += one.act === 'wait' ? 20_000 : 1;
    const command = this.command(one);
    if (command === undefined) return;
    const expected = this.model.tell(command, this.books.now);
    const before = this.books.state;
    const { kind } = this.books.tell(command);
    expect(kind, command.type).to.equal(expected);
    if (kind === 'accepted' && 'fingerprint' in command) this.begun.push(command);
    if (kind !== 'accepted') expect(this.books.state).to.equal(before);
    this.check();
    // Whatever is told again adds nothing; but not to be found twice is more than once.
    if (kind === 'accepted' && command.type !== 'not-found') {
      expect(this.books.tell(command).kind).to.equal(repetition(command));
    }
  }

  private command({ act, which, share, by, givenUp }: Step): PaymentCommand | undefined {
    const asked = this.model.asked.at(-1 - (which % this.model.asked.length));
    const operation = asked?.id ?? '';
    const outcome = { operation, by } as const;
    const { currency, requested } = this.books.payment;
    switch (act) {
      case 'wait':
        return undefined;
      case 'expire':
        return { type: 'expire' };
      case 'again':
        return this.begun.at(-1 - (which % this.begun.length));
      case 'capture':
      case 'void':
      case 'refund': {
        const id = `c${this.books.recorded.length}-${this.books.now}`;
        const amount = share === undefined ? {} : { amount: (requested * BigInt(share)) / 100n };
        return { type: act, id, fingerprint: id, ...(act === 'void' ? {} : amount) };
      }
      case 'done':
      case 'odd': {
        const amount = (asked?.amount ?? 0n) + (act === 'odd' ? 1n : 0n);
        const { expiresAt } = this;
        return { type: 'done', ...outcome, amount, currency, gatewayId: 'g', expiresAt };
      }
      case 'failed': {
        const failure = givenUp ? 'not-processed' : 'declined';
        return { type: 'failed', ...outcome, failure, decline: DECLINE };
      }
      case 'unknown':
        return { type: 'unknown', operation, reason: 'timeout', detail: '' };
      case 'not-found':
        return { type: 'not-found', operation };
    }
  }

  private check(): void {
    const { payment, balances } = this.books;
    const { authorized, captured, refunded, refundPending, voided, uncaptured, inDoubt } =
      this.model.amounts;
    expect(captured <= authorized && authorized <= payment.requested).to.equal(true);
    expect(refunded + refundPending <= captured && uncaptured >= 0n).to.equal(true);
    expect({
      authorized: payment.authorized,
      captured: payment.captured,
      refunded: payment.refunded,
      refundPending: pendingOf(payment, 'refund'),
      voided: payment.voided,
      inDoubt: inDoubtOf(payment),
      status: statusOf(payment),
      ...Object.fromEntries(balances),
    }).to.deep.equal({
      authorized,
      captured,
      refunded,
      refundPending,
      voided,
      inDoubt,
      status: this.model.status,
      ...Object.fromEntries([...balances.keys()].map((account) => [account, undefined])),
      // Debits less credits: payables are on the credit side.
      ...posted('1110:g', captured - refunded, balances),
      ...posted('2010:s', -(captured - refunded - refundPending), balances),
      ...posted('2130:s', -refundPending, balances),
      ...posted('9010:g', uncaptured, balances),
      ...posted('9011:g', -uncaptured, balances),
    });
  }
}

/** What is to be on an account; one that no entry names yet may be left out when it is nothing. */
function posted(account: string, balance: bigint, balances: ReadonlyMap<string, bigint>) {
  return balance === 0n && !balances.has(account) ? {} : { [account]: balance };
}

/** A person decides on what is in doubt, and then it is so no more. */
function repetition(command: PaymentCommand): string {
  return 'by' in command && command.by === 'operator' ? 'refused' : 'repeated';
}

function tell(one: Story): Telling {
  const telling = new Telling(one);
  for (const each of one.steps) telling.take(each);
  return telling;
}

describe('a payment to which anything happens, in any order', () => {
  it('decides, stands and balances as the contract says, and keeps its caps', () => {
    fc.assert(
      fc.property(story, (one) => {
        tell(one);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is drawn from stories in which everything happens', () => {
    const seen = new Map<string, number>();
    for (const one of fc.sample(story, { numRuns: 600, seed: 7 })) {
      for (const event of tell(one).books.events) {
        const late = event.type === 'RefundSucceeded' && event.data.entry.legs.length === 4;
        const reversal = 'operation' in event.data && event.data.operation === 'p-reversal';
        const name = `${event.type}${late ? ' late' : ''}${reversal ? ' of a reversal' : ''}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    }
    const all = PAYMENT_EVENT_TYPES.filter((type) => type !== 'PaymentAbandoned');
    expect([...seen.keys()]).to.include.members([
      ...all,
      'RefundSucceeded late',
      'VoidStarted of a reversal',
      'RefundRequested of a reversal',
      'PaymentVoided of a reversal',
    ]);
  });
});

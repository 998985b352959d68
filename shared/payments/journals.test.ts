import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { entryOf, type LedgerEvent } from '../events/event.js';
import { PAYMENT_EVENT_TYPES } from '../events/payment.js';
import type { JournalEntry } from '../ledger/entry.js';
import { MAX_AMOUNT } from '../ledger/money.js';
import { anyPaymentHistory } from '../testing/any-payment-history.js';
import { PaymentHistory } from '../testing/payment-history.js';
import { pendingOf, uncaptured } from './amounts.js';
import * as journals from './journals.js';
import { evolvePayment, NO_PAYMENT, type PaymentStream } from './payment.js';

const { parties } = new PaymentHistory();

/** An entry as an accountant writes it: `debit account amount`. */
function lines({ legs }: JournalEntry): readonly string[] {
  return legs.map(({ side, account, amount, currency }) => {
    expect(currency).to.equal('KRW');
    return `${side} ${account} ${amount}`;
  });
}

describe('the entries of a payment', () => {
  const cases: readonly (readonly [string, JournalEntry, readonly string[]])[] = [
    [
      'J-AUTH',
      journals.authorizationEntry(parties, 50_000n),
      ['debit 9010:simulator 50000', 'credit 9011:simulator 50000'],
    ],
    [
      'J-AUTH-REV',
      journals.authorizationReversal(parties, 50_000n),
      ['debit 9011:simulator 50000', 'credit 9010:simulator 50000'],
    ],
    [
      'J-CAPTURE with J-AUTH-REV',
      journals.captureEntry(parties, 50_000n),
      [
        'debit 1110:simulator 50000',
        'credit 2010:seller-1 50000',
        'debit 9011:simulator 50000',
        'credit 9010:simulator 50000',
      ],
    ],
    [
      'J-REFUND-REQ',
      journals.refundReservation(parties, 20_000n),
      ['debit 2010:seller-1 20000', 'credit 2130:seller-1 20000'],
    ],
    [
      'J-REFUND-DONE',
      journals.refundEntry(parties, 20_000n),
      ['debit 2130:seller-1 20000', 'credit 1110:simulator 20000'],
    ],
    [
      'J-REFUND-FAIL',
      journals.refundRelease(parties, 20_000n),
      ['debit 2130:seller-1 20000', 'credit 2010:seller-1 20000'],
    ],
    [
      'J-REFUND-REQ with J-REFUND-DONE, late',
      journals.lateRefundEntry(parties, 20_000n),
      [
        'debit 2010:seller-1 20000',
        'credit 2130:seller-1 20000',
        'debit 2130:seller-1 20000',
        'credit 1110:simulator 20000',
      ],
    ],
  ];
  for (const [name, entry, expected] of cases) {
    it(name, () => {
      expect(lines(entry)).to.deep.equal(expected);
    });
  }

  it('are refused, not cut, for an amount that no entry can hold', () => {
    expect(() => journals.captureEntry(parties, MAX_AMOUNT)).to.throw('the entry of a payment');
    expect(() => journals.authorizationEntry(parties, 0n)).to.throw('the entry of a payment');
  });
});

describe('the balances of a payment', () => {
  it('say the same as its amounts, after every event of any history', () => {
    fc.assert(
      fc.property(anyPaymentHistory(), (history) => {
        const balances = new Map<string, bigint>();
        let stream = NO_PAYMENT;
        for (const recorded of history.recorded) {
          stream = evolvePayment(stream, recorded);
          post(balances, recorded.event);
          expect(Object.fromEntries(balances)).to.deep.equal(expectedBalances(stream));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are drawn from histories in which everything happens', () => {
    const seen = new Set<string>();
    const late = new Set<string>();
    fc.assert(
      fc.property(anyPaymentHistory(), ({ events }) => {
        for (const event of events) {
          seen.add(event.type);
          if (event.type === 'RefundSucceeded' && event.data.entry.legs.length === 4) {
            late.add(event.type);
          }
        }
      }),
      { numRuns: 300, seed: 5 },
    );
    const all = PAYMENT_EVENT_TYPES.filter((type) => type !== 'PaymentAbandoned');
    expect([...seen].sort()).to.deep.equal([...all].sort());
    expect(late.size).to.equal(1);
  });

  it('are moved by nothing that is in doubt', () => {
    const history = new PaymentHistory().start('attempt').done().start('capture').unknown();
    const before = new Map<string, bigint>();
    for (const event of history.events) post(before, event);
    expect(Object.fromEntries(before)).to.deep.equal({
      '9010:simulator': 50_000n,
      '9011:simulator': -50_000n,
    });
  });
});

/** Debits less credits of every account that is not at zero. */
function post(balances: Map<string, bigint>, event: LedgerEvent): void {
  for (const { account, side, amount } of entryOf(event)?.legs ?? []) {
    const balance = (balances.get(account) ?? 0n) + (side === 'debit' ? amount : -amount);
    if (balance === 0n) balances.delete(account);
    else balances.set(account, balance);
  }
}

/** What the balances must be, from nothing but the amounts of the payment. */
function expectedBalances(stream: PaymentStream): Readonly<Record<string, bigint>> {
  if (stream.kind !== 'payment') throw new Error('no payment');
  const { captured, refunded } = stream;
  const pending = pendingOf(stream, 'refund');
  const all = {
    '9010:simulator': uncaptured(stream),
    '9011:simulator': -uncaptured(stream),
    '1110:simulator': captured - refunded,
    '2010:seller-1': -(captured - refunded - pending),
    '2130:seller-1': -pending,
  };
  return Object.fromEntries(Object.entries(all).filter(([, balance]) => balance !== 0n));
}

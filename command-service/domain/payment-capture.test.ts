import { expect } from 'chai';
import { describe, it } from 'mocha';
import { entryFrom } from '../../shared/testing/entry-lines.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { specification } from '../../shared/testing/specification.js';
import { paymentDecider } from './payment.js';

const EXPIRES = Date.parse('2026-03-09T01:00:00.000Z');
const { given } = specification(paymentDecider, { now: EXPIRES - 1 });
const atExpiry = specification(paymentDecider, { now: EXPIRES });

const capture = (amount?: bigint) =>
  ({
    type: 'capture',
    id: 'new',
    fingerprint: 'f',
    ...(amount === undefined ? {} : { amount }),
  }) as const;
const giveUp = { type: 'void', id: 'new', fingerprint: 'f' } as const;
const started = (amount: bigint) =>
  ({ type: 'CaptureStarted', data: { operation: 'new', amount } }) as const;

const requested = () => new PaymentHistory().start('attempt');
const authorized = () => requested().done();

/** Authorised, and to be captured before {@link EXPIRES}. */
function expiring(): PaymentHistory {
  const history = requested();
  const entry = entryFrom('debit 9010:simulator 50000', 'credit 9011:simulator 50000');
  const operation = `${history.id}-1`;
  const told = { operation, orderId: 'order-1', gatewayId: 'g', by: 'answer' } as const;
  const data = { ...told, amount: 50_000n, expiresAt: EXPIRES, entry };
  return history.add({ type: 'PaymentAuthorized', data });
}

describe('capturing', () => {
  const allowed: readonly (readonly [string, PaymentHistory, bigint | undefined, bigint])[] = [
    ['all that is authorised, by default', authorized(), undefined, 50_000n],
    ['all of it, in so many words', authorized(), 50_000n, 50_000n],
    ['a part', authorized(), 1n, 1n],
    ['a second part', authorized().start('capture', 20_000n).done(), 10_000n, 10_000n],
    ['the rest, by default', authorized().start('capture', 20_000n).done(), undefined, 30_000n],
    ['what a capture under way leaves', authorized().start('capture', 20_000n), undefined, 30_000n],
    [
      'what a capture in doubt leaves',
      authorized().start('capture', 20_000n).unknown(),
      undefined,
      30_000n,
    ],
    [
      'what failed before, under a new key',
      authorized().start('capture').failed(),
      undefined,
      50_000n,
    ],
    ['after a void that was refused', authorized().start('void').failed(), undefined, 50_000n],
    [
      'more, after everything captured so far went back',
      authorized().start('capture', 20_000n).done().start('refund').done(),
      30_000n,
      30_000n,
    ],
  ];
  for (const [what, { recorded }, asked, amount] of allowed) {
    it(`${what} is decided before the gateway is called`, () => {
      given(...recorded)
        .when(capture(asked))
        .then(started(amount));
    });
  }

  const tooMuch: readonly (readonly [string, PaymentHistory, bigint, string])[] = [
    ['is authorised', authorized(), 50_001n, '50000'],
    ['other captures left', authorized().start('capture', 20_000n).done(), 30_001n, '30000'],
    ['a capture under way leaves', authorized().start('capture', 20_000n), 30_001n, '30000'],
    ['a capture in doubt leaves', authorized().start('capture').unknown(), 1n, '0'],
    ['is left of a capture of everything', authorized().start('capture').done(), 1n, '0'],
  ];
  for (const [what, { recorded }, asked, left] of tooMuch) {
    it(`more than ${what} is refused, with what is left`, () => {
      const { errors } = given(...recorded)
        .when(capture(asked))
        .thenRefused('CAPTURE_EXCEEDS_AUTHORIZED');
      expect(errors).to.deep.include({
        field: 'capturable',
        value: left,
        reason: 'what is left to capture',
      });
    });
  }

  it('nothing is refused', () => {
    given(...authorized().recorded)
      .when(capture(0n))
      .thenRefused('ZERO_AMOUNT');
    given(...authorized().recorded)
      .when(capture(-1n))
      .thenRefused('ZERO_AMOUNT');
  });

  const illegal: readonly (readonly [string, PaymentHistory])[] = [
    ['before the gateway answered', requested()],
    ['while the authorisation is in doubt', requested().unknown()],
    ['what was declined', requested().failed()],
    ['what is voided', authorized().start('void').done()],
    ['what is being voided', authorized().start('void')],
    ['while it is not known whether it is voided', authorized().start('void').unknown()],
    ['what has expired', authorized().expired()],
    ['what is left after it expired', authorized().start('capture', 1n).done().expired()],
  ];
  for (const [what, { recorded }] of illegal) {
    it(`${what} is refused`, () => {
      given(...recorded)
        .when(capture(1n))
        .thenRefused('ILLEGAL_STATE');
      given(...recorded)
        .when(capture())
        .thenRefused('ILLEGAL_STATE');
    });
  }

  it('all that is left is refused when nothing is', () => {
    given(...authorized().start('capture').done().recorded)
      .when(capture())
      .thenRefused('ILLEGAL_STATE');
    given(...authorized().start('capture').unknown().recorded)
      .when(capture())
      .thenRefused('ILLEGAL_STATE');
  });

  it('ends with the time the gateway gave, to the millisecond', () => {
    given(...expiring().recorded)
      .when(capture())
      .then(started(50_000n));
    atExpiry
      .given(...expiring().recorded)
      .when(capture())
      .thenRefused('ILLEGAL_STATE');
  });
});

describe('voiding', () => {
  const intent = { type: 'VoidStarted', data: { operation: 'new', amount: 50_000n } } as const;

  const allowed: readonly (readonly [string, PaymentHistory])[] = [
    ['what is authorised', authorized()],
    ['after a capture that failed', authorized().start('capture').failed()],
    ['again, after a void that failed', authorized().start('void').failed()],
  ];
  for (const [what, { recorded }] of allowed) {
    it(`${what} takes the whole`, () => {
      given(...recorded)
        .when(giveUp)
        .then(intent);
    });
  }

  it('keeps the reason', () => {
    given(...authorized().recorded)
      .when({ ...giveUp, reason: 'sold out' })
      .then({ type: 'VoidStarted', data: { ...intent.data, reason: 'sold out' } });
  });

  const illegal: readonly (readonly [string, PaymentHistory, string])[] = [
    ['before the gateway answered', requested(), 'nothing is authorised'],
    ['while the authorisation is in doubt', requested().unknown(), 'nothing is authorised'],
    ['what was declined', requested().failed(), 'nothing is authorised'],
    ['what is captured', authorized().start('capture').done(), 'it is captured: refund it'],
    [
      'what is partly captured',
      authorized().start('capture', 1n).done(),
      'it is captured: refund it',
    ],
    ['what is being captured', authorized().start('capture', 1n), 'it is being captured'],
    [
      'while it is not known whether it is captured',
      authorized().start('capture', 1n).unknown(),
      'it is being captured',
    ],
    ['what is being voided', authorized().start('void'), 'it is being voided'],
    [
      'while it is not known whether it is voided',
      authorized().start('void').unknown(),
      'it is being voided',
    ],
    ['a second time', authorized().start('void').done(), 'the authorisation is gone'],
    ['what has expired', authorized().expired(), 'the authorisation is gone'],
  ];
  for (const [what, { recorded }, why] of illegal) {
    it(`${what} is refused, and says why`, () => {
      const { errors } = given(...recorded)
        .when(giveUp)
        .thenRefused('ILLEGAL_STATE');
      expect(errors[0]?.reason).to.equal(why);
    });
  }
});

describe('the expiry of an authorisation', () => {
  const expire = { type: 'expire', answer: '{"status":"EXPIRED"}' } as const;
  const expired = (amount: bigint) =>
    ({
      type: 'AuthorizationExpired',
      data: {
        orderId: 'order-1',
        amount,
        by: 'clock',
        answer: '{"status":"EXPIRED"}',
        entry: entryFrom(`debit 9011:simulator ${amount}`, `credit 9010:simulator ${amount}`),
      },
    }) as const;

  it('takes the memo of it back (J-AUTH-REV)', () => {
    atExpiry
      .given(...expiring().recorded)
      .when(expire)
      .then(expired(50_000n));
  });

  it('takes back only what is not captured', () => {
    atExpiry
      .given(...expiring().start('capture', 20_000n).done().recorded)
      .when(expire)
      .then(expired(30_000n));
  });

  it('comes not a millisecond too early', () => {
    given(...expiring().recorded)
      .when(expire)
      .thenRepeated();
  });

  const nothing: readonly (readonly [string, PaymentHistory])[] = [
    ['it has no end', authorized()],
    ['it was not made yet', requested()],
    ['it expired before', expiring().expired()],
    ['it is captured', expiring().start('capture').done()],
    ['it is voided', expiring().start('void').done()],
    ['it is being captured, be it in part', expiring().start('capture', 1n)],
    ['a capture is in doubt', expiring().start('capture', 1n).unknown()],
    ['it is being voided', expiring().start('void')],
    ['a void is in doubt', expiring().start('void').unknown()],
  ];
  for (const [state, { recorded }] of nothing) {
    it(`changes nothing when ${state}`, () => {
      atExpiry
        .given(...recorded)
        .when(expire)
        .thenRepeated();
    });
  }
});

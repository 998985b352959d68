import { expect } from 'chai';
import { describe, it } from 'mocha';
import { entryFrom } from '../../shared/testing/entry-lines.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { specification } from '../../shared/testing/specification.js';
import type { OutcomeCommand, ToldDone, ToldFailed } from './outcome.js';
import { paymentDecider } from './payment.js';

/*
 * The table of what becomes of an operation: whatever is told of whatever kind of it, whatever was
 * known before.
 */

const { given } = specification(paymentDecider, { now: 0 });

const KINDS = ['attempt', 'auto', 'capture', 'void', 'refund'] as const;
type Kind = (typeof KINDS)[number];
type By = ToldDone['by'];

/** Of 50,000 won: authorised, voided, 20,000 captured, 20,000 of them all refunded. */
const AMOUNTS = {
  attempt: 50_000n,
  auto: 50_000n,
  capture: 20_000n,
  void: 50_000n,
  refund: 20_000n,
} as const;

const authorized = () => new PaymentHistory().start('attempt').done();
const BEGUN: Readonly<Record<Kind, () => PaymentHistory>> = {
  attempt: () => new PaymentHistory().start('attempt'),
  auto: () => new PaymentHistory({ capture: 'auto' }).start('attempt'),
  capture: () => authorized().start('capture', 20_000n),
  void: () => authorized().start('void'),
  refund: () => authorized().start('capture').done().start('refund', 20_000n),
};

const { id: ID } = new PaymentHistory();
const SECOND = '00000001-0000-4000-8000-000000000002';
const THIRD = '00000001-0000-4000-8000-000000000003';
const OPERATIONS = {
  attempt: `${ID}-1`,
  auto: `${ID}-1`,
  capture: SECOND,
  void: SECOND,
  refund: THIRD,
} as const;

const DECLINE = { code: 'card_declined', pgCode: 'X1', pgMessage: 'no', retryable: false };
const GIVEN_UP = {
  code: 'not_processed',
  pgCode: '',
  pgMessage: 'asked twice after its own time-out, the gateway does not know the request',
  retryable: true,
};
const DETAIL = 'no answer within 30000 ms';

function told(kind: Kind, by: By) {
  const base = { operation: OPERATIONS[kind], by, answer: '{"raw":1}' };
  return by === 'operator' ? { ...base, reason: 'the bank says so' } : base;
}

const commands = {
  done: (kind: Kind, by: By): ToldDone => ({
    type: 'done',
    ...told(kind, by),
    amount: AMOUNTS[kind],
    currency: 'KRW',
    gatewayId: 'gw-1',
  }),
  failed: (kind: Kind, by: By): ToldFailed => ({
    type: 'failed',
    ...told(kind, by),
    failure: 'declined',
    decline: DECLINE,
  }),
  unknown: (kind: Kind): OutcomeCommand => ({
    type: 'unknown',
    operation: OPERATIONS[kind],
    reason: 'timeout',
    detail: DETAIL,
  }),
  'not-found': (kind: Kind): OutcomeCommand => ({
    type: 'not-found',
    operation: OPERATIONS[kind],
    answer: '{"raw":0}',
  }),
} as const;

const memo = (amount: bigint) => [
  `debit 9011:simulator ${amount}`,
  `credit 9010:simulator ${amount}`,
];
const capturing = (amount: bigint) =>
  entryFrom(`debit 1110:simulator ${amount}`, `credit 2010:seller-1 ${amount}`, ...memo(amount));
const reserving = ['debit 2010:seller-1 20000', 'credit 2130:seller-1 20000'];
const refunding = ['debit 2130:seller-1 20000', 'credit 1110:simulator 20000'];

/** It was done: J-AUTH, J-CAPTURE with J-AUTH-REV, J-AUTH-REV, J-REFUND-DONE. */
function done(kind: Kind, by: By): readonly unknown[] {
  const amount = AMOUNTS[kind];
  const data = { ...told(kind, by), orderId: 'order-1', amount, gatewayId: 'gw-1' };
  const entry = entryFrom('debit 9010:simulator 50000', 'credit 9011:simulator 50000');
  const authorization = { type: 'PaymentAuthorized', data: { ...data, entry } };
  switch (kind) {
    case 'attempt':
      return [authorization];
    case 'auto': {
      const captured: Record<string, unknown> = { ...data, remaining: 0n };
      captured['entry'] = capturing(50_000n);
      // The gateway's answer is with the first of the two.
      delete captured['answer'];
      return [authorization, { type: 'PaymentCaptured', data: captured }];
    }
    case 'capture': {
      const captured = { ...data, remaining: 30_000n, entry: capturing(20_000n) };
      return [{ type: 'PaymentCaptured', data: captured }];
    }
    case 'void':
      return [{ type: 'PaymentVoided', data: { ...data, entry: entryFrom(...memo(50_000n)) } }];
    case 'refund':
      return [{ type: 'RefundSucceeded', data: { ...data, entry: entryFrom(...refunding) } }];
  }
}

/** It was done, as was found out after it had been given up: what nobody waits for goes back. */
function late(kind: Kind, by: By): readonly unknown[] {
  const operation = `${ID}-reversal`;
  const reason = 'authorised after it had been given up';
  switch (kind) {
    case 'attempt':
      return [
        ...done(kind, by),
        { type: 'VoidStarted', data: { operation, amount: 50_000n, reason } },
      ];
    case 'auto': {
      const entry = entryFrom('debit 2010:seller-1 50000', 'credit 2130:seller-1 50000');
      const data = { operation, orderId: 'order-1', amount: 50_000n, reason, entry };
      return [...done(kind, by), { type: 'RefundRequested', data }];
    }
    case 'capture':
    case 'void':
      return done(kind, by);
    case 'refund': {
      const { orderId, amount } = { orderId: 'order-1', amount: 20_000n };
      const entry = entryFrom(...reserving, ...refunding);
      const data = { ...told(kind, by), orderId, amount, gatewayId: 'gw-1', entry };
      return [{ type: 'RefundSucceeded', data }];
    }
  }
}

const FAILURES = {
  attempt: 'AttemptDeclined',
  auto: 'AttemptDeclined',
  capture: 'CaptureFailed',
  void: 'VoidFailed',
  refund: 'RefundFailed',
} as const;

/** It was not done. Of a refund the reservation goes back (J-REFUND-FAIL). */
function failure(kind: Kind, data: object): readonly unknown[] {
  const type = FAILURES[kind];
  if (kind !== 'refund') return [{ type, data }];
  const entry = entryFrom('debit 2130:seller-1 20000', 'credit 2010:seller-1 20000');
  return [{ type, data: { ...data, orderId: 'order-1', amount: 20_000n, entry } }];
}

const failed = (kind: Kind, by: By) =>
  failure(kind, { ...told(kind, by), failure: 'declined', decline: DECLINE });

function givenUp(kind: Kind): readonly unknown[] {
  const { operation } = told(kind, 'inquiry');
  const decided = { by: 'inquiry', failure: 'not-processed', decline: GIVEN_UP };
  return failure(kind, { operation, ...decided, answer: '{"raw":0}' });
}

function doubted(kind: Kind): readonly unknown[] {
  const data = { operation: OPERATIONS[kind], reason: 'timeout', detail: DETAIL };
  return [{ type: 'OutcomeUnknown', data }];
}

function notFound(kind: Kind): readonly unknown[] {
  return [{ type: 'OutcomeNotFound', data: { operation: OPERATIONS[kind], answer: '{"raw":0}' } }];
}

function contradicted(kind: Kind, by: By, what: 'done' | 'failed'): readonly unknown[] {
  const data = { ...told(kind, by), told: what, detail: `the books have it as ${other(what)}` };
  return [{ type: 'AnswerContradicted', data }];
}

function other(what: 'done' | 'failed'): string {
  return what === 'done' ? 'failed' : 'done';
}

/** What is expected, in the words of the table. */
const VERDICTS = {
  done,
  'done late': late,
  failed,
  'given up': givenUp,
  'in doubt': doubted,
  'not found': notFound,
  'contradicts done': (kind: Kind, by: By) => contradicted(kind, by, 'failed'),
  'contradicts failed': (kind: Kind, by: By) => contradicted(kind, by, 'done'),
};
type Verdict = keyof typeof VERDICTS | 'repeated' | 'refused';

const TOLD = [
  'done by answer',
  'done by inquiry',
  'done by operator',
  'failed by answer',
  'failed by inquiry',
  'failed by operator',
  'unknown',
  'not-found',
] as const;

type Each<All extends readonly unknown[], One> = { readonly [Index in keyof All]: One };
/** A word for each of {@link TOLD}. */
type Row = Each<typeof TOLD, Verdict>;
type Happened = (begun: PaymentHistory) => PaymentHistory;

const open = ['done', 'done', 'done', 'failed', 'failed', 'failed'] as const;
/** A person decides only on what is in doubt. */
const running = ['done', 'done', 'refused', 'failed', 'failed', 'refused'] as const;
const nothing = ['repeated', 'repeated'] as const;
const closed = ['repeated', 'repeated', 'refused', ...nothing] as const;

/** What is known of an operation, how it came to that, and what each thing told makes of it. */
const TABLE: readonly (readonly [string, Happened, Row])[] = [
  ['under way', (begun) => begun, [...running, 'in doubt', 'not found']],
  ['under way, once not found', (begun) => begun.notFound(), [...running, 'in doubt', 'given up']],
  ['in doubt', (begun) => begun.unknown(), [...open, 'repeated', 'not found']],
  [
    'in doubt, once not found',
    (begun) => begun.unknown().notFound(),
    [...open, 'repeated', 'given up'],
  ],
  [
    'done',
    (begun) => begun.done(),
    [...nothing, 'refused', 'contradicts done', 'contradicts done', 'refused', ...nothing],
  ],
  [
    'declined',
    (begun) => begun.failed(undefined, 'declined'),
    ['contradicts failed', 'done late', 'refused', ...closed],
  ],
  [
    'refused',
    (begun) => begun.failed(undefined, 'refused'),
    ['contradicts failed', 'done late', 'refused', ...closed],
  ],
  [
    'given up',
    (begun) => begun.unknown().notFound().failed(undefined, 'not-processed'),
    ['done late', 'done late', 'refused', ...closed],
  ],
];

function commandOf(kind: Kind, what: (typeof TOLD)[number]): readonly [OutcomeCommand, By] {
  if (what === 'unknown' || what === 'not-found') return [commands[what](kind), 'inquiry'];
  const by = BY[what.slice(what.indexOf(' by ') + ' by '.length)] ?? 'clock';
  return [commands[what.startsWith('done') ? 'done' : 'failed'](kind, by), by];
}

const BY: Readonly<Record<string, By>> = {
  answer: 'answer',
  inquiry: 'inquiry',
  operator: 'operator',
};

for (const kind of KINDS) {
  describe(`the outcome of an operation: ${kind}`, () => {
    for (const [known, happened, row] of TABLE) {
      row.forEach((verdict, column) => {
        const what = TOLD[column] ?? 'unknown';
        const [command, by] = commandOf(kind, what);
        it(`${known}, told ${what}: ${verdict}`, () => {
          const { recorded } = happened(BEGUN[kind]());
          const then = given(...recorded).when(command);
          if (verdict === 'repeated') then.thenRepeated();
          else if (verdict === 'refused') then.thenRefused('ILLEGAL_STATE');
          else then.then(...VERDICTS[verdict](kind, by));
        });
      });
    }

    it('is that of an operation there is', () => {
      const { recorded } = BEGUN[kind]();
      const { errors } = given(...recorded)
        .when({ type: 'not-found', operation: 'another' })
        .thenRefused('NOT_FOUND');
      expect(errors[0]).to.include({ field: 'operation', value: 'another' });
    });
  });
}

describe('what is kept of an outcome', () => {
  it('until when an authorisation can be captured', () => {
    const expiresAt = 1_773_000_000_000;
    const entry = entryFrom('debit 9010:simulator 50000', 'credit 9011:simulator 50000');
    const data = { ...told('attempt', 'answer'), orderId: 'order-1', amount: 50_000n };
    given(...BEGUN.attempt().recorded)
      .when({ ...commands.done('attempt', 'answer'), expiresAt })
      .then({ type: 'PaymentAuthorized', data: { ...data, gatewayId: 'gw-1', expiresAt, entry } });
  });

  it('no answer where none was given', () => {
    const { operation, by } = told('capture', 'answer');
    const command = {
      type: 'failed',
      operation,
      by,
      failure: 'refused',
      decline: DECLINE,
    } as const;
    given(...BEGUN.capture().recorded)
      .when(command)
      .then({
        type: 'CaptureFailed',
        data: { operation, by, failure: 'refused', decline: DECLINE },
      });
  });
});

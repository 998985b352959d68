import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decodeEvent } from '../../shared/events/codec.js';
import { StorageFull } from '../../shared/ports/event-store.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import { BY_TEST, day, done, legs, outcome, plain, Processes } from '../testing/processes.js';
import type { PostEntry } from './ledger.js';
import type { OpenLedger } from './open-ledger.js';

describe('posting entries', () => {
  let store: RacingEventStore;
  let processes: Processes;
  let ledger: OpenLedger;
  beforeEach(async () => {
    store = new RacingEventStore({ clock: () => 77 });
    processes = new Processes(store);
    ledger = await processes.open();
  });
  afterEach(() => processes.close());

  const post = async (command: PostEntry) => outcome(await ledger.postEntry(command, BY_TEST));
  const entries = () => store.log.filter(({ type }) => type === 'EntryPosted');

  it('stores an entry with all that was said about it', async () => {
    const command = plain('e-1', {
      effectiveDate: day('2026-11-01'),
      occurredAt: Date.parse('2026-10-31T16:00:00.000Z'),
      metadata: { order: '77' },
    });
    const context = { actor: 'ann', correlationId: 'c-9', causationId: 'r-1', traceparent: 't' };
    const value = done(await ledger.postEntry(command, context));
    const [stored] = entries();
    if (stored === undefined) throw new Error('nothing stored');
    const decoded = decodeEvent(stored);
    expect(value).to.deep.equal({
      id: 'e-1',
      stream: 'entry-e-1',
      revision: 0n,
      position: stored.position,
      recordedAt: 77,
      effectiveDate: '2026-11-01',
    });
    const { fingerprint, ...metadata } = decoded.metadata;
    expect(fingerprint).to.match(/^[\w-]{16}$/);
    expect(metadata).to.deep.equal({
      schemaVersion: 1,
      commandId: 'e-1',
      correlationId: 'c-9',
      causationId: 'r-1',
      actor: 'ann',
      occurredAt: command.occurredAt,
      effectiveDate: '2026-11-01',
      traceparent: 't',
    });
    expect(decoded.event).to.deep.equal({
      type: 'EntryPosted',
      data: {
        id: 'e-1',
        description: 'a sale',
        entry: { legs: command.legs },
        metadata: { order: '77' },
      },
    });
  });

  it('takes the day in the zone of the ledger where none is given', async () => {
    processes.now = Date.parse('2026-11-20T15:00:00.000Z');
    expect(done(await ledger.postEntry(plain('e'), BY_TEST)).effectiveDate).to.equal('2026-11-21');
  });

  describe('refuses, and stores nothing:', () => {
    const refusals: readonly (readonly [string, Partial<PostEntry>, string])[] = [
      [
        'UNBALANCED',
        { legs: [...legs('1010', '4010', 5n), ...legs('1010', '4010', 7n)].slice(1, 3) },
        'legs',
      ],
      ['TOO_FEW_LEGS', { legs: legs('1010', '4010', 5n).slice(1) }, 'legs'],
      [
        'TOO_MANY_LEGS',
        { legs: Array.from({ length: 251 }, () => legs('1010', '4010', 1n)).flat() },
        'legs',
      ],
      ['ZERO_AMOUNT', { legs: legs('1010', '4010', 0n) }, 'legs[0].amount'],
      ['AMOUNT_OVERFLOW', { legs: legs('1010', '4010', 2n ** 63n) }, 'legs[0].amount'],
      ['ACCOUNT_MALFORMED', { legs: legs('10 10', '4010', 5n) }, 'legs[0].account'],
      ['ACCOUNT_UNKNOWN', { legs: legs('1010', 'nope:1', 5n) }, 'legs[1].account'],
      ['CURRENCY_UNKNOWN', { legs: legs('1010', '4010', 5n, 'XXX') }, 'legs[0].currency'],
      ['CURRENCY_NOT_ALLOWED', { legs: legs('1010', 'won', 5n, 'USD') }, 'legs[1].currency'],
      ['EFFECTIVE_DATE_OUT_OF_RANGE', { effectiveDate: day('1899-12-31') }, 'effectiveDate'],
      ['EFFECTIVE_DATE_OUT_OF_RANGE', { effectiveDate: day('2026-11-22') }, 'effectiveDate'],
    ];
    for (const [code, fields, field] of refusals) {
      it(`${code}, naming ${field}`, async () => {
        const won = { code: 'won', name: 'Won', type: 'asset', guarded: false, floor: 0n } as const;
        await ledger.declareAccount({ ...won, currencies: ['KRW'] }, BY_TEST);
        const before = store.log.length;
        const answer = await ledger.postEntry(plain('e-1', fields), BY_TEST);
        if (answer.kind !== 'refused') throw new Error('not refused');
        expect(answer.refusal.code).to.equal(code);
        expect(answer.refusal.errors[0]?.field).to.equal(field);
        expect(store.log).to.have.length(before);
        expect(await post(plain('e-1'))).to.equal('done');
      });
    }

    it('an id that is none, as a fault: it should not have come this far', async () => {
      let fault: unknown;
      await ledger.postEntry(plain('no id'), BY_TEST).catch((error: unknown) => (fault = error));
      expect(fault).to.be.instanceOf(Error);
      expect(ledger.metrics().requestsInFlight).to.equal(0);
    });
  });

  it('accepts the days at both ends', async () => {
    expect(await post(plain('a', { effectiveDate: day('1900-01-01') }))).to.equal('done');
    expect(await post(plain('b', { effectiveDate: day('2026-11-21') }))).to.equal('done');
  });

  describe('knows a request again', () => {
    const first = plain('k', { metadata: { a: '1', b: '2' } });

    it('and answers as before, in this process and in another, later', async () => {
      const value = done(await ledger.postEntry(first, BY_TEST));
      const other = await processes.open();
      processes.now += 3 * 86_400_000;
      for (const process of [ledger, other]) {
        const again = await process.postEntry(
          { ...first, metadata: { b: '2', a: '1' } },
          { actor: 'retry', correlationId: 'other' },
        );
        expect(again).to.deep.equal({ kind: 'done', value, replayed: true });
      }
      expect(entries()).to.have.length(1);
    });

    const others: readonly (readonly [string, Partial<PostEntry>])[] = [
      ['legs', { legs: legs('1010', '4010', 501n) }],
      ['accounts', { legs: legs('1010', '4020', 500n) }],
      ['sides', { legs: legs('4010', '1010', 500n) }],
      ['currency', { legs: legs('1010', '4010', 500n, 'USD') }],
      ['description', { description: 'another sale' }],
      ['labels', { metadata: { a: '1', b: '3' } }],
      ['effective date', { effectiveDate: day('2026-11-20') }],
      ['time', { occurredAt: 1 }],
    ];
    for (const [what, fields] of others) {
      it(`but not with other ${what}`, async () => {
        await ledger.postEntry(first, BY_TEST);
        expect(await post({ ...first, ...fields })).to.equal('IDEMPOTENCY_KEY_REUSED');
        expect(entries()).to.have.length(1);
      });
    }

    it('while it is running', async () => {
      const running = ledger.postEntry(first, BY_TEST);
      expect(await post(first)).to.equal('REQUEST_IN_PROGRESS');
      expect(outcome(await running)).to.equal('done');
      expect(await post(first)).to.equal('replayed');
    });

    it('when two processes are asked at once: one stores, the other repeats', async () => {
      const other = await processes.open();
      const answers = await Promise.all([
        ledger.postEntry(first, BY_TEST),
        other.postEntry(first, BY_TEST),
      ]);
      expect(answers.map(outcome).sort()).to.deep.equal(['done', 'replayed']);
      expect(answers[0]).to.deep.include({ value: done(answers[1]) });
      expect(entries()).to.have.length(1);
    });
  });

  describe('many at once', () => {
    it('answers in the order asked; each stands or falls alone', async () => {
      await ledger.postEntry(plain('old'), BY_TEST);
      await ledger.postEntry(plain('used'), BY_TEST);
      const answers = await ledger.postEntries(
        [
          plain('a'),
          plain('zero', { legs: legs('1010', '4010', 0n) }),
          plain('old'),
          plain('used', { description: 'other' }),
          plain('b'),
          plain('lost', { legs: legs('nope', '4010', 1n) }),
        ],
        BY_TEST,
      );
      expect(answers.map(outcome)).to.deep.equal([
        'done',
        'ZERO_AMOUNT',
        'replayed',
        'IDEMPOTENCY_KEY_REUSED',
        'done',
        'ACCOUNT_UNKNOWN',
      ]);
      expect(done(await ledger.postEntry(plain('b'), BY_TEST))).to.deep.equal(
        answers[4] === undefined ? undefined : done(answers[4]),
      );
    });

    it('takes an id that comes again in the batch for what it would be later', async () => {
      const unbalanced = legs('1010', '4010', 5n).slice(0, 1);
      const answers = await ledger.postEntries(
        [
          plain('a'),
          plain('a'),
          plain('a', { description: 'other' }),
          plain('b', { legs: unbalanced }),
          plain('b'),
          plain('b'),
          plain('a'),
          plain('c', { legs: legs('nope', '4010', 1n) }),
          plain('c'),
        ],
        BY_TEST,
      );
      expect(answers.map(outcome)).to.deep.equal([
        'done',
        'replayed',
        'IDEMPOTENCY_KEY_REUSED',
        'TOO_FEW_LEGS',
        'done',
        'replayed',
        'replayed',
        'ACCOUNT_UNKNOWN',
        'done',
      ]);
      expect(entries()).to.have.length(3);
    });

    it('handles more than a slice', async () => {
      const commands = Array.from({ length: 2500 }, (_, index) => plain(`n-${index}`));
      const answers = await ledger.postEntries(commands, BY_TEST);
      expect(answers.map((answer) => done(answer).id)).to.deep.equal(commands.map(({ id }) => id));
      expect(entries()).to.have.length(2500);
    });

    it('answers nothing for nothing', async () => {
      expect(await ledger.postEntries([], BY_TEST)).to.deep.equal([]);
    });

    it('ends with the fault of the store; a retry finishes the rest, once', async () => {
      store.beforeAppend = (stream) => {
        if (stream === 'entry-b') throw new StorageFull('full');
      };
      const batch = [plain('a'), plain('b'), plain('c')];
      let fault: unknown;
      await ledger.postEntries(batch, BY_TEST).catch((error: unknown) => (fault = error));
      expect(fault).to.be.instanceOf(StorageFull);
      expect(entries()).to.have.length(2);
      store.beforeAppend = undefined;
      expect((await ledger.postEntries(batch, BY_TEST)).map(outcome)).to.deep.equal([
        'replayed',
        'done',
        'replayed',
      ]);
      expect(entries()).to.have.length(3);
    });
  });
});

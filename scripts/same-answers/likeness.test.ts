import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Answer, LoggedEvent } from './asking.js';
import { Likeness } from './likeness.js';

const BEGAN = Date.parse('2026-03-31T00:00:00Z');
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(32));

function log(...positions: readonly bigint[]): { events: LoggedEvent[] } {
  return {
    events: positions.map((position, index) => ({
      position,
      recordedAt: new Date(BEGAN + index).toISOString(),
      stream: 's',
      type: 'T',
    })),
  };
}

function answer(data: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  const type = { 'content-type': 'application/json' };
  return {
    status: 200,
    headers: new Map(Object.entries({ ...type, ...headers })),
    text: JSON.stringify(data),
  };
}

describe('the likeness of two answers', () => {
  const likeness = (): Likeness => new Likeness(log(1n, 2n, 3n), log(70n, 200n, 350n), BEGAN);
  const differ = (one: unknown, other: unknown): void => {
    expect(likeness().ofAnswers(answer(one), answer(other)), JSON.stringify(other)).to.be.a(
      'string',
    );
  };
  const agree = (one: unknown, other: unknown): void => {
    expect(likeness().ofAnswers(answer(one), answer(other))).to.equal(undefined);
  };

  it('takes positions for the numbers of events', () => {
    agree({ position: '2' }, { position: '200' });
    differ({ position: '2' }, { position: '350' });
    differ({ position: '2' }, { position: '201' });
    agree({ asOf: { position: '2' } }, { asOf: { position: '349' } });
    differ({ asOf: { position: '2' } }, { asOf: { position: '350' } });
    agree({ asOf: { known: 'position:2' } }, { asOf: { known: 'position:201' } });
    differ({ message: 'position 2 only' }, { message: 'position 70 only' });
    differ({ amount: '2' }, { amount: '200' });
  });

  it('takes recorded times for those of events', () => {
    const [first, second] = log(1n, 2n).events.map(({ recordedAt }) => recordedAt);
    agree({ recordedAt: first }, { recordedAt: first });
    differ({ recordedAt: first }, { recordedAt: second });
    agree({ occurredAt: first }, { occurredAt: second });
    differ({ effectiveDate: '2026-03-31' }, { effectiveDate: '2026-04-01' });
    differ({ occurredAt: '2024-01-01T00:00:00.000Z' }, { occurredAt: '2024-01-01T00:00:00.001Z' });
    differ({ expiresAt: '2026-04-07T00:00:01.000Z' }, { expiresAt: '2026-04-08T00:00:01.000Z' });
  });

  it('takes ids one for one', () => {
    agree([A, B, A], [B, C, B]);
    differ([A, B, A], [B, C, C]);
    differ([A, B], [C, C]);
  });

  it('finds what differs in shape, order, text or headers', () => {
    differ({ a: 1 }, { a: 2 });
    differ({ a: 1 }, { a: null });
    differ({ a: 1, b: 2 }, { b: 2, a: 1 });
    differ([1], [1, 2]);
    differ({ nextCursor: null }, { nextCursor: 'abc' });
    agree({ nextCursor: 'abd' }, { nextCursor: 'abc' });
    const [one, other] = [answer(1, { etag: '"v1"' }), answer(1, { etag: '"v2"' })];
    expect(likeness().ofAnswers(one, other)).to.include('etag');
    expect(likeness().ofAnswers(one, answer(1))).to.include('headers');
    expect(likeness().ofAnswers(one, { ...one, status: 201 })).to.include('status');
  });

  it('reads CSV and lines', () => {
    const csv = (position: string): Answer => ({
      ...answer(0, { 'content-type': 'text/csv; charset=utf-8' }),
      text: `row,position,text\r\nitem,${position},"a ""b"""\r\n`,
    });
    expect(likeness().ofAnswers(csv('1'), csv('70'))).to.equal(undefined);
    expect(likeness().ofAnswers(csv('1'), csv('71'))).to.include('[0].position');
    const lines = (...positions: readonly string[]): Answer => ({
      ...answer(0, { 'content-type': 'application/x-ndjson' }),
      text: positions.map((position) => `${JSON.stringify({ position })}\n`).join(''),
    });
    expect(likeness().ofAnswers(lines('1', '3'), lines('70', '350'))).to.equal(undefined);
    expect(likeness().ofAnswers(lines('1', '3'), lines('70'))).to.include('of them');
  });
});

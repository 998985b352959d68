import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isAccountId, type AccountId } from '../../shared/ledger/account.js';
import { isDay, type Day } from '../../shared/ledger/day.js';
import { at, send, serveRoutes, type TestServer } from '../../shared/testing/http.js';
import {
  QueryRefused,
  type AnsweredAsOf,
  type EventItem,
  type JournalItem,
  type Statement,
} from '../queries/answers.js';
import type { Queries } from '../queries/open.js';
import { queryRoutes } from './routes.js';

const RECORDED = Date.UTC(2026, 2, 31);
const AS_OF: AnsweredAsOf = { effective: null, known: null, position: 90n };
const DAY = day('2026-03-31');
const ROW = { currency: 'KRW', debits: 2n ** 63n, credits: 1n, balance: -5n };

function day(text: string): Day {
  if (!isDay(text)) throw new Error(text);
  return text;
}

function account(text: string): AccountId {
  if (!isAccountId(text)) throw new Error(text);
  return text;
}

const ENTRY: JournalItem = {
  id: 'e-1',
  stream: 'entry-e-1',
  revision: 3n,
  position: 80n,
  recordedAt: RECORDED,
  effectiveDate: DAY,
  occurredAt: RECORDED,
  description: 'Order',
  reverses: null,
  metadata: {},
  legs: [{ account: account('1110'), side: 'debit', amount: 5n, currency: 'KRW' }],
};

const event = (position: bigint): EventItem => ({
  eventId: `id-${position}`,
  stream: 'entry-e-1',
  revision: 0n,
  position,
  type: 'EntryPosted',
  recordedAt: RECORDED,
  schemaVersion: 1,
  occurredAt: RECORDED,
  effectiveDate: '2026-03-31',
  actor: 'shop',
  commandId: 'c',
  correlationId: 'r',
  causationId: 'c',
  data: { id: 'e-1' },
});

/** Pages of one item each; the descriptions are what a spreadsheet might run. */
const DESCRIPTIONS = ['=1+1', '+1', '-1', '@a', 'say "hi", you', 'plain'];

function statementPage(id: AccountId, cursor: string | undefined): Statement {
  const index = Number(cursor ?? 0);
  return {
    account: id,
    opening: [{ ...ROW, balance: 0n }],
    items: [
      {
        effectiveDate: DAY,
        position: 80n + BigInt(index),
        recordedAt: RECORDED,
        entryId: 'e-1',
        description: DESCRIPTIONS[index] ?? '',
        side: 'credit',
        amount: 5n,
        currency: 'KRW',
        balance: -5n,
        stream: 'entry-e-1',
      },
    ],
    closing: [ROW],
    nextCursor: index + 1 < DESCRIPTIONS.length ? String(index + 1) : null,
    asOf: AS_OF,
  };
}

const notAsked = () => Promise.reject(new Error('another test asks about payments'));

/** Answers everything, and remembers what it was asked. */
function fakeQueries(asked: unknown[]): Queries {
  const note = <T>(question: unknown, answer: T): Promise<T> => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  return {
    balances: (id, asOf) => note(asOf, { account: id, balances: [ROW], asOf: AS_OF }),
    trialBalance: (asOf, prefix) =>
      note([asOf, prefix], {
        rows: [{ ...ROW, account: account('1110'), name: 'PG', type: 'asset' as const }],
        totals: [{ currency: 'KRW', debits: 5n, credits: 5n }],
        asOf: AS_OF,
      }),
    statement: (id, query) => note(query, statementPage(id, query.cursor)),
    journal: (query) => note(query, { items: [ENTRY], nextCursor: 'abc' }),
    entry: (id) =>
      id === 'missing'
        ? Promise.reject(new QueryRefused('NOT_FOUND', 'id', id, 'there is no such entry'))
        : note(id, { ...ENTRY, id }),
    accounts: (query) => note(query, { items: [], nextCursor: null }),
    trace: (correlationId) =>
      note(correlationId, {
        correlationId,
        roots: [{ event: event(1n), children: [{ event: event(2n), children: [] }] }],
        events: 2,
        truncated: false,
      }),
    events: (after, limit) => {
      const left = Number(1_200n - after);
      const size = Math.max(0, Math.min(limit, left));
      const items = Array.from({ length: size }, (_, index) => event(after + 1n + BigInt(index)));
      const nextCursor = size < left ? String(after + BigInt(size)) : null;
      return note([after, limit], { items, nextCursor });
    },
    streamEvents: (stream, query) => note([stream, query], { items: [event(1n)], nextCursor: '1' }),
    payment: notAsked,
    paymentEvents: notAsked,
    paymentEntries: notAsked,
    paymentHistory: notAsked,
    payments: notAsked,
    paymentsInDoubt: notAsked,
    head: () => Promise.resolve(95n),
    position: () => Promise.resolve(90n),
    waitFor: (position) =>
      position <= 95n
        ? Promise.resolve(95n)
        : Promise.reject(
            new QueryRefused('READ_MODEL_BEHIND', 'X-Min-Position', String(position), 'behind'),
          ),
  };
}

describe('questions over HTTP', () => {
  let asked: unknown[];
  let server: TestServer;

  beforeEach(async () => {
    asked = [];
    server = await serveRoutes(queryRoutes(fakeQueries(asked)));
  });

  afterEach(() => server.stop());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    send(`${server.url}/v1/${path}`, { headers });

  it('answers balances with amounts as text and what they are as of', async () => {
    const { json, headers } = await get('ledger/accounts/2010:a/balances');
    expect(at(json, 'data')).to.deep.equal({
      account: '2010:a',
      balances: [{ currency: 'KRW', debits: '9223372036854775808', credits: '1', balance: '-5' }],
      asOf: { effective: null, known: null, position: '90' },
    });
    expect(headers.get('X-Position')).to.equal('90');
  });

  it('reads both times, with the plus of an offset as people type it', async () => {
    const instant = Date.parse('2026-03-31T09:00:00+09:00');
    for (const known of ['2026-03-31T09:00:00+09:00', '2026-03-31T09:00:00%2B09:00']) {
      await get(`ledger/accounts/2010/balances?effective=2026-03-31&known=${known}`);
      expect(asked.pop()).to.deep.equal({ effective: '2026-03-31', known: { instant } });
    }
    await get('ledger/trial-balance?known=position:12&prefix=2010:');
    expect(asked.pop()).to.deep.equal([{ known: { position: 12n } }, '2010:']);
  });

  const refused: readonly [path: string, field: string][] = [
    ['ledger/accounts/2010/balances?effective=2026-02-30', 'effective'],
    ['ledger/accounts/2010/balances?effective=', 'effective'],
    ['ledger/accounts/2010/balances?known=yesterday', 'known'],
    ['ledger/accounts/2010/balances?known=2026-03-31T09:00:00', 'known'],
    ['ledger/accounts/2010/balances?known=position:-1', 'known'],
    ['ledger/accounts/2010/balances?known=position:9223372036854775808', 'known'],
    ['ledger/accounts/2010/balances?at=now', 'at'],
    ['ledger/accounts/20%2010/balances', 'id'],
    ['ledger/accounts/2010/statement?limit=0', 'limit'],
    ['ledger/accounts/2010/statement?currency=won', 'currency'],
    ['ledger/accounts/2010/statement?from=x', 'from'],
    ['ledger/accounts?limit=501', 'limit'],
    ['ledger/accounts?limit=1.5', 'limit'],
    ['ledger/accounts?limit=050', 'limit'],
    ['ledger/accounts?type=money', 'type'],
    ['ledger/accounts?cursor=a%20b', 'cursor'],
    ['ledger/accounts?prefix=%00', 'prefix'],
    ['ledger/journal?after=-1', 'after'],
    ['ledger/journal?account=', 'account'],
    ['ledger/trial-balance?prefix=a&prefix=b', 'prefix'],
    ['events?after=x', 'after'],
    ['events?limit=9999', 'limit'],
    ['streams/a%20b/events', 'stream'],
    ['streams/entry-a/events?from=x', 'from'],
    ['traces/a%20b', 'correlationId'],
    ['ledger/entries/a%20b', 'id'],
    ['ledger/entries/a?x=1', 'x'],
    ['ledger/entries/a?__proto__=1', '__proto__'],
  ];
  for (const [path, field] of refused) {
    it(`refuses ${path}`, async () => {
      const answer = await get(path);
      expect(answer.status).to.equal(400);
      expect(answer.json).to.include({ code: 'VALIDATION_FAILED' });
      expect(at(answer.json, 'errors', 0, 'field')).to.equal(field);
      expect(asked).to.have.length(0);
    });
  }

  it('answers an entry with its revision, also one of a hold', async () => {
    const { json, headers } = await get('ledger/entries/e-1');
    expect(at(json, 'data', 'legs', 0)).to.include({ amount: '5' });
    expect(headers.get('ETag')).to.equal('"v3"');
    await get('ledger/entries/account-2111:ann%2F4');
    expect(asked.pop()).to.equal('account-2111:ann/4');
  });

  it('answers what the queries refuse', async () => {
    const answer = await get('ledger/entries/missing');
    expect(answer.status).to.equal(404);
    expect(answer.json).to.deep.include({
      code: 'NOT_FOUND',
      errors: [{ field: 'id', value: 'missing', reason: 'there is no such entry' }],
    });
  });

  it('waits for X-Min-Position, or says that it is behind', async () => {
    const reached = await get('ledger/journal', { 'X-Min-Position': '95' });
    expect(reached.headers.get('X-Position')).to.equal('95');
    const behind = await get('ledger/journal', { 'X-Min-Position': '96' });
    expect(behind.status).to.equal(503);
    expect(behind.json).to.include({ code: 'READ_MODEL_BEHIND' });
    expect(behind.headers.get('Retry-After')).to.equal('1');
    const wrong = await get('ledger/journal', { 'X-Min-Position': 'soon' });
    expect(wrong.status).to.equal(400);
    expect(at(wrong.json, 'errors', 0, 'field')).to.equal('X-Min-Position');
  });

  it('has a default limit of 50 and passes cursors on', async () => {
    const { json } = await get('ledger/journal?account=1110&after=7&cursor=abc');
    expect(asked.pop()).to.deep.equal({ account: '1110', after: 7n, cursor: 'abc', limit: 50 });
    expect(at(json, 'data', 'nextCursor')).to.equal('abc');
    await get('ledger/accounts?limit=500&type=asset');
    expect(asked.pop()).to.deep.equal({ type: 'asset', limit: 500 });
    await get('streams/entry-a/events?from=1&to=9&cursor=4');
    expect(asked.pop()).to.deep.equal(['entry-a', { from: 4n, to: 9n, limit: 50 }]);
    await get('streams/hold-2111:ann%2Fh-1/events');
    expect(asked.pop()).to.deep.equal(['hold-2111:ann/h-1', { limit: 50 }]);
  });

  it('answers a statement page by page', async () => {
    const { json } = await get('ledger/accounts/2010/statement?limit=1&from=2026-03-01');
    expect(asked).to.deep.equal([{ limit: 1, from: '2026-03-01' }]);
    expect(at(json, 'data', 'items', 0)).to.include({ amount: '5', balance: '-5' });
    expect(at(json, 'data', 'nextCursor')).to.equal('1');
  });

  it('answers a whole statement as CSV that no spreadsheet runs', async () => {
    const { text, headers } = await get('ledger/accounts/2010/statement', { Accept: 'text/csv' });
    expect(headers.get('Content-Type')).to.equal('text/csv; charset=utf-8');
    const lines = text.split('\r\n');
    expect(lines[0]).to.match(/^row,effectiveDate,position,/);
    expect(lines[1]).to.equal('opening,,,,,,,,KRW,0,');
    expect(lines.slice(2, 8).map((line) => line.split(/e-1,(.*),credit/)[1])).to.deep.equal([
      `"'=1+1"`,
      `"'+1"`,
      `"'-1"`,
      `"'@a"`,
      '"say ""hi"", you"',
      'plain',
    ]);
    expect(lines[2]).to.match(/,credit,5,KRW,-5,entry-e-1$/);
    expect(lines[8]).to.equal('closing,,,,,,,,KRW,-5,');
  });

  it('answers one page of CSV when a limit is given', async () => {
    const accept = { Accept: 'text/csv, application/json;q=0.5' };
    const { text } = await get('ledger/accounts/2010/statement?limit=1', accept);
    expect(text.match(/^item/gm)).to.have.length(1);
  });

  it('streams events as lines, to the end', async () => {
    const accept = { Accept: 'application/x-ndjson' };
    const { text, headers } = await get('events?after=10', accept);
    expect(headers.get('Content-Type')).to.include('application/x-ndjson');
    const lines = text.trimEnd().split('\n');
    expect(lines).to.have.length(1_190);
    expect(JSON.parse(lines[0] ?? '')).to.include({ position: '11', schemaVersion: 1 });
    const few = await get('events?after=10&limit=3', accept);
    expect(few.text.trimEnd().split('\n')).to.have.length(3);
  });

  it('answers events and traces in JSON', async () => {
    const { json } = await get('events?limit=2');
    expect(at(json, 'data', 'items')).to.have.length(2);
    expect(at(json, 'data', 'nextCursor')).to.equal('2');
    await get('events?cursor=2');
    expect(asked.at(-1)).to.deep.equal([2n, 50]);
    const trace = await get('traces/r');
    const child = at(trace.json, 'data', 'roots', 0, 'children', 0, 'event');
    expect(child).to.include({ position: '2', recordedAt: '2026-03-31T00:00:00.000Z' });
  });
});

import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { pino } from 'pino';
import { COMMAND_SPECS } from '../command-service/http/specs.js';
import { QUERY_SPECS } from '../query-service/http/specs.js';
import { readConfig } from '../shared/config.js';
import { Metrics } from '../shared/http/metrics.js';
import { OPERATIONAL_SPECS } from '../shared/http/operations.js';
import type { RunningService } from '../shared/http/service.js';
import { at, send, type Json, type TestAnswer } from '../shared/testing/http.js';
import { startAll } from './start.js';

const SALE = [
  { account: '1110', side: 'debit', amount: '50000', currency: 'KRW' },
  { account: '2010:seller-7', side: 'credit', amount: '50000', currency: 'KRW' },
];

const text = (json: Json): string => (typeof json === 'string' ? json : '');

const entriesOf = (json: Json): readonly [string, Json][] =>
  typeof json === 'object' && json !== null ? Object.entries(json) : [];

describe('all in one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-start-'));
  let running: RunningService;
  let position = '0';

  const launch = async (): Promise<void> => {
    const config = { ...readConfig({ SAGAE_DATA: folder, LOG_LEVEL: 'silent' }, 0), port: 0 };
    const basics = { config, log: pino({ level: 'silent' }), metrics: new Metrics('command') };
    running = await startAll(basics);
  };

  before(launch);
  after(async () => {
    await running.stop();
    rmSync(folder, { recursive: true });
  });

  const post = async (path: string, body: unknown, key = path): Promise<TestAnswer> => {
    const headers = { 'Idempotency-Key': key, 'X-Correlation-ID': `test:${key.length}` };
    const answer = await send(`${running.url}/v1/ledger/${path}`, { body, headers });
    position = answer.headers.get('X-Position') ?? position;
    return answer;
  };

  /** The data of an answer that reflects all that was posted. */
  const read = async (path: string): Promise<Json> => {
    const headers = { 'X-Min-Position': position };
    const { status, json } = await send(`${running.url}/v1/${path}`, { headers });
    expect(status, path).to.equal(200);
    return at(json, 'data');
  };

  it('is ready', async () => {
    for (const path of ['/health', '/ready']) {
      const answer = await send(running.url + path);
      expect(answer.status, answer.text).to.equal(200);
    }
  });

  it('posts an entry once, however often it is sent', async () => {
    const body = { description: 'Order 1001', legs: SALE, effectiveDate: '2026-03-31' };
    const first = await post('entries', body, 'order-1001');
    expect(first.status).to.equal(201);
    const again = await post('entries', body, 'order-1001');
    expect(again.status).to.equal(201);
    expect(again.headers.get('Idempotent-Replayed')).to.equal('true');
    expect(at(again.json, 'data')).to.deep.equal(at(first.json, 'data'));
    const other = await post('entries', { ...body, description: 'Order 1002' }, 'order-1001');
    expect(other.status).to.equal(422);
    expect(other.json).to.include({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const stored = await read(`ledger/entries/${text(at(first.json, 'data', 'id'))}`);
    expect(stored).to.include({ description: 'Order 1001', effectiveDate: '2026-03-31' });
  });

  it('refuses what the books do not allow, and stores nothing of it', async () => {
    const head = position;
    const [debit, credit] = SALE;
    const leg = { ...debit, amount: '1' };
    const wrong: readonly [code: string, status: number, body: object][] = [
      ['UNBALANCED', 422, { legs: [leg, credit] }],
      ['TOO_FEW_LEGS', 422, { legs: [debit] }],
      [
        'ZERO_AMOUNT',
        422,
        {
          legs: [
            { ...debit, amount: 0 },
            { ...credit, amount: '0' },
          ],
        },
      ],
      ['ACCOUNT_UNKNOWN', 422, { legs: [{ ...debit, account: '7777:x' }, credit] }],
      ['CURRENCY_UNKNOWN', 422, { legs: SALE.map((one) => ({ ...one, currency: 'ZZZ' })) }],
      ['EFFECTIVE_DATE_OUT_OF_RANGE', 400, { legs: SALE, effectiveDate: '1899-12-31' }],
      ['EFFECTIVE_DATE_OUT_OF_RANGE', 400, { legs: SALE, effectiveDate: '2999-01-01' }],
    ];
    for (const [code, status, body] of wrong) {
      const answer = await post('entries', { description: 'x', ...body }, `wrong-${code}`);
      expect(answer.json).to.include({ code });
      expect(answer.status, code).to.equal(status);
      expect(at(answer.json, 'errors', 0, 'field'), code).to.be.a('string');
    }
    const [max, min] = SALE.map((one) => ({ ...one, amount: (2n ** 63n - 1n).toString() }));
    const legs = [max, max, min, min];
    const overflow = await post('entries', { description: 'x', legs }, 'overflow');
    expect(overflow.json).to.include({ code: 'AMOUNT_OVERFLOW' });
    expect(at(await read('events?limit=500'), 'items')).to.have.length(Number(head));
  });

  it('posts a batch and reads it as of both times', async () => {
    const before = position;
    const entries = ['2026-01-05', '2026-02-05', 'nonsense'].map((effectiveDate, index) => ({
      id: `batch-${index}`,
      description: `Day ${index}`,
      effectiveDate,
      legs: SALE,
    }));
    const answer = await post('entries/batch', { entries });
    expect(at(answer.json, 'data')).to.include({ accepted: 2, duplicates: 0, rejected: 1 });
    const again = await post('entries/batch', { entries: [...entries, entries[0]] });
    expect(at(again.json, 'data')).to.include({ accepted: 0, duplicates: 3, rejected: 1 });

    const balance = async (query: string) =>
      at(await read(`ledger/accounts/2010:seller-7/balances${query}`), 'balances', 0, 'balance');
    expect(await balance('')).to.equal('150000');
    expect(await balance('?effective=2026-01-31')).to.equal('50000');
    expect(await balance(`?known=position:${before}`)).to.equal('50000');
    const future = await send(`${running.url}/v1/ledger/trial-balance?known=2999-01-01T00:00:00Z`);
    expect(future.status).to.equal(400);
    expect(at(future.json, 'errors', 0, 'field')).to.equal('known');
  });

  it('answers statement, trial balance, journal, accounts', async () => {
    const statement = await read('ledger/accounts/2010:seller-7/statement?from=2026-02-01');
    expect(at(statement, 'opening', 0)).to.include({ balance: '50000' });
    expect(at(statement, 'items')).to.have.length(2);
    expect(at(statement, 'closing', 0)).to.include({ balance: '150000' });
    const trial = await read('ledger/trial-balance');
    const total = { currency: 'KRW', debits: '150000', credits: '150000' };
    expect(at(trial, 'totals')).to.deep.equal([total]);
    const page = await read('ledger/journal?limit=2');
    expect(at(page, 'items')).to.have.length(2);
    const rest = await read(`ledger/journal?limit=2&cursor=${text(at(page, 'nextCursor'))}`);
    expect(at(rest, 'items')).to.have.length(1);
    expect(at(rest, 'nextCursor')).to.equal(null);
    const accounts = await read('ledger/accounts?prefix=2010');
    expect(at(accounts, 'items', 1)).to.include({ id: '2010:seller-7', type: 'liability' });
  });

  it('reverses an entry only at the revision that was read', async () => {
    const { headers } = await send(`${running.url}/v1/ledger/entries/batch-1`);
    const undo = (condition: string) =>
      send(`${running.url}/v1/ledger/entries/batch-1/reversal`, {
        body: { reason: 'x', effectiveDate: '1800-01-01' },
        headers: { 'Idempotency-Key': 'undo-0', 'If-Match': condition },
      });
    expect((await undo('"v99"')).status).to.equal(412);
    // Met, so that the next rule is what refuses it.
    expect((await undo(headers.get('ETag') ?? '')).status).to.equal(400);
  });

  it('reverses an entry once', async () => {
    const body = { reason: 'sent twice' };
    const first = await post('entries/batch-0/reversal', body, 'undo-1');
    expect(first.status).to.equal(201);
    const again = await post('entries/batch-0/reversal', body, 'undo-1');
    expect(again.headers.get('Idempotent-Replayed')).to.equal('true');
    const second = await post('entries/batch-0/reversal', body, 'undo-2');
    expect(second.status).to.equal(409);
    expect(second.json).to.include({ code: 'ALREADY_REVERSED' });
    const unknown = await post('entries/nothing/reversal', body, 'undo-3');
    expect(unknown.status).to.equal(404);
  });

  it('guards an account, and holds and settles its money', async () => {
    const wallet = { code: '2111', name: 'Wallets', type: 'liability', guarded: true };
    expect((await post('accounts', wallet)).status).to.equal(201);
    expect((await post('accounts', wallet)).status).to.equal(200);
    const other = await post('accounts', { ...wallet, name: 'Purses' });
    expect(other.status).to.equal(409);
    const move = (side: string, amount: string) => ({
      description: 'wallet',
      legs: [
        { account: '2111:ann', side, amount, currency: 'KRW' },
        { account: '1010', side: side === 'debit' ? 'credit' : 'debit', amount, currency: 'KRW' },
      ],
    });
    expect((await post('entries', move('credit', '1000'), 'load')).status).to.equal(201);
    const overspent = await post('entries', move('debit', '1001'), 'spend');
    expect(overspent.status).to.equal(422);
    expect(overspent.json).to.include({ code: 'INSUFFICIENT_BALANCE' });
    const hold = {
      account: '2111:ann',
      amount: '600',
      currency: 'KRW',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      description: 'Order 1003',
    };
    const held = await post('holds', hold, 'hold-1');
    expect(held.status).to.equal(201);
    const id = text(at(held.json, 'data', 'id'));
    const place = `holds/2111:ann/${id}`;
    const claim = await read(`streams/hold-2111:ann%2F${id}/events`);
    expect(at(claim, 'items', 0)).to.include({ type: 'EntryClaimed' });
    const settled = await post(`${place}/settle`, { to: '2010:seller-7', amount: '500' }, 's-1');
    expect(settled.status).to.equal(200);
    expect(at(settled.json, 'data')).to.include({ status: 'settled', amount: '500' });
    expect((await post(`${place}/release`, {}, 'r-1')).status).to.equal(409);
    const left = await read('ledger/accounts/2111:ann/balances');
    expect(at(left, 'balances', 0)).to.include({ balance: '500' });
  });

  it('shows events, streams and traces', async () => {
    const stream = await read('streams/entry-batch-1/events');
    expect(at(stream, 'items', 0)).to.include({ type: 'EntryPosted', actor: 'anonymous' });
    expect(at(stream, 'items', 0, 'data', 'entry', 'legs', 0)).to.include({ amount: '50000' });
    const id = text(at(stream, 'items', 0, 'correlationId'));
    const trace = await read(`traces/${id}`);
    expect(at(trace, 'correlationId')).to.equal(id);
    expect(at(trace, 'roots')).to.have.length.above(0);
    const lines = await send(`${running.url}/v1/events`, {
      headers: { Accept: 'application/x-ndjson' },
    });
    expect(lines.text.trimEnd().split('\n')).to.have.length(Number(position));
  });

  it('speaks for all three in its document, and serves every route of it', async () => {
    const { json } = await send(`${running.url}/openapi.json`);
    expect(json).to.include({ openapi: '3.1.0' });
    const documented = entriesOf(at(json, 'paths')).flatMap(([path, methods]) =>
      entriesOf(methods).map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    const specs = [...COMMAND_SPECS, ...QUERY_SPECS, ...OPERATIONAL_SPECS];
    expect(documented).to.have.members(specs.map(({ method, path }) => `${method} ${path}`));
    for (const { method, path } of specs) {
      const url = running.url + path.replace(/\{\w+\}/g, 'x');
      const { status, text } = await send(url, method === 'POST' ? { body: {} } : {});
      expect(text, path).not.to.include('no such route');
      expect(status, path).not.to.be.oneOf([405, 500]);
      const wrong = await send(url, { method: 'DELETE' });
      expect(wrong.status, path).to.equal(405);
      expect(wrong.headers.get('Allow'), path).to.include(method);
    }
  });

  it('gives the figures of all three', async () => {
    const { text } = await send(`${running.url}/metrics`);
    for (const service of ['command', 'projection', 'query']) {
      expect(text).to.match(new RegExp(`nodejs_eventloop_lag_seconds\\{service="${service}"`));
    }
    expect(text).to.match(/sagae_events_appended_total\{service="command"\} \d+/);
    expect(text).to.match(/sagae_projection_lag_seconds\{[^}]*view="journal"/);
    expect(text).to.match(/route="\/v1\/ledger\/journal"/);
  });

  it('has everything after a restart, and replays what it answered', async () => {
    await running.stop();
    await launch();
    const body = { description: 'Order 1001', legs: SALE, effectiveDate: '2026-03-31' };
    const again = await post('entries', body, 'order-1001');
    expect(again.headers.get('Idempotent-Replayed')).to.equal('true');
    expect(at(await read('ledger/trial-balance'), 'totals', 0)).to.have.property('currency', 'KRW');
  });
});

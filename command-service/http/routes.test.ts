import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  at,
  send,
  serveRoutes,
  type TestAnswer,
  type TestServer,
} from '../../shared/testing/http.js';
import { FakeLedger } from '../testing/fake-ledger.js';
import { commandRoutes } from './routes.js';

const LEG = { account: '1110', side: 'debit', amount: '50000', currency: 'KRW' };
const OTHER = { account: '2010:seller-7', side: 'credit', amount: '50000', currency: 'KRW' };
const ENTRY = { description: 'Order 1001', legs: [LEG, OTHER] };
const ACCOUNT = { code: '2111', name: 'Wallets', type: 'liability' };
const HOLD = {
  account: '2111:ann',
  amount: 3000,
  currency: 'KRW',
  expiresAt: '2030-01-01T00:00:00+09:00',
  description: 'Order 1002',
};
const revisionOf = (id: string) => Promise.resolve(id === 'e-1' ? 3n : undefined);
const KEY = { 'Idempotency-Key': 'order-1001' };

describe('batches, accounts, reversals and holds over HTTP', () => {
  let ledger: FakeLedger;
  let server: TestServer;

  beforeEach(async () => {
    ledger = new FakeLedger();
    server = await serveRoutes(commandRoutes(ledger, revisionOf));
  });

  afterEach(() => server.stop());

  const post = (
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = KEY,
  ): Promise<TestAnswer> => send(`${server.url}/v1/ledger/${path}`, { body, headers });

  /** Expects a refusal, with this field named, and that the ledger was not asked. */
  const expectRefused = (
    answer: TestAnswer,
    status: number,
    code: string,
    field?: string,
  ): void => {
    expect(answer.json).to.include({ code });
    expect(answer.status).to.equal(status);
    if (field !== undefined) expect(at(answer.json, 'errors', 0, 'field')).to.equal(field);
    expect(ledger.asked, 'asked').to.have.length(0);
  };

  describe('POST /v1/ledger/entries/batch', () => {
    const entry = (id: string, more = {}) => ({ id, ...ENTRY, ...more });

    it('answers each entry in the order sent', async () => {
      const answer = await post('entries/batch', {
        entries: [
          entry('a'),
          entry('b', { legs: [{ ...LEG, amount: '1.5' }, OTHER] }),
          entry('unbalanced-1'),
          { ...ENTRY },
          entry('c'),
        ],
      });
      expect(answer.status).to.equal(200);
      const data = at(answer.json, 'data');
      expect(data).to.include({ accepted: 2, duplicates: 0, rejected: 3, position: '42' });
      expect(answer.headers.get('X-Position')).to.equal('42');
      const results = at(data, 'results');
      expect(results).to.have.length(5);
      expect(at(results, 0)).to.deep.equal({ id: 'a', status: 'accepted', position: '40' });
      expect(at(results, 1)).to.include({ id: 'b', status: 'rejected', code: 'VALIDATION_FAILED' });
      expect(at(results, 1, 'message')).to.include('legs[0].amount');
      expect(at(results, 2)).to.include({ status: 'rejected', code: 'UNBALANCED' });
      expect(at(results, 3)).to.include({ id: null, status: 'rejected' });
      expect(at(results, 4)).to.include({ id: 'c', status: 'accepted' });
    });

    it('needs no Idempotency-Key and counts duplicates', async () => {
      ledger.next = 'replay';
      const answer = await post('entries/batch', { entries: [entry('a'), entry('b')] }, {});
      expect(at(answer.json, 'data')).to.include({ accepted: 0, duplicates: 2, rejected: 0 });
    });

    it('rejects only the entry whose number is written with a point', async () => {
      const body = JSON.stringify({ entries: [entry('a'), entry('b')] });
      const at50000 = body.lastIndexOf('"50000"');
      const changed = `${body.slice(0, at50000)}50000.0${body.slice(at50000 + 7)}`;
      const results = at((await post('entries/batch', changed)).json, 'data', 'results');
      expect(at(results, 0)).to.include({ status: 'accepted' });
      expect(at(results, 1)).to.include({ status: 'rejected', code: 'VALIDATION_FAILED' });
      expect(at(results, 1, 'message')).to.include('legs[1].amount');
    });

    it('takes one entry a line', async () => {
      const lines = [
        JSON.stringify(entry('a')),
        '{"id":"b",',
        '',
        JSON.stringify(entry('c', { extra: 1 })),
        JSON.stringify(entry('d')),
      ];
      const headers = { 'Content-Type': 'application/x-ndjson' };
      const answer = await post('entries/batch', `${lines.join('\n')}\n`, headers);
      const results = at(answer.json, 'data', 'results');
      expect(results).to.have.length(4);
      expect(at(results, 1)).to.include({ id: null, code: 'MALFORMED_JSON' });
      expect(at(results, 2)).to.include({ id: 'c', code: 'VALIDATION_FAILED' });
      expect(at(results, 3)).to.include({ id: 'd', status: 'accepted' });
    });

    it('refuses the whole when the batch itself is wrong', async () => {
      expectRefused(await post('entries/batch', {}), 400, 'VALIDATION_FAILED', 'entries');
      expectRefused(
        await post('entries/batch', { entries: [] }),
        400,
        'VALIDATION_FAILED',
        'entries',
      );
      const more = { entries: [], note: 1 };
      expectRefused(await post('entries/batch', more), 400, 'VALIDATION_FAILED');
      const many = { entries: new Array(10_001).fill(0) };
      expectRefused(await post('entries/batch', many), 400, 'VALIDATION_FAILED', 'entries');
      expectRefused(await post('entries/batch', '{"entries":[1,'), 400, 'MALFORMED_JSON');
      const huge = 'x'.repeat(16 * 1024 * 1024 + 1);
      expectRefused(await post('entries/batch', huge), 413, 'PAYLOAD_TOO_LARGE');
    });

    it('asks the ledger nothing when no entry is valid', async () => {
      const answer = await post('entries/batch', { entries: [{ id: 'a' }] });
      expect(at(answer.json, 'data')).to.include({ rejected: 1, position: null });
      expect(answer.headers.has('X-Position')).to.equal(false);
      expect(ledger.asked).to.have.length(0);
    });
  });

  describe('the other commands', () => {
    it('declares an account: 201, and 200 when it was so already', async () => {
      const answer = await post('accounts', ACCOUNT, {});
      expect(answer.status).to.equal(201);
      expect(at(answer.json, 'data')).to.include({ id: '2111', guarded: false, floor: '0' });
      ledger.next = 'replay';
      expect((await post('accounts', ACCOUNT, {})).status).to.equal(200);
    });

    it('refuses an account that is none', async () => {
      const wrong: readonly [string, object][] = [
        ['code', { ...ACCOUNT, code: '2111:a' }],
        ['type', { ...ACCOUNT, type: 'money' }],
        ['name', { ...ACCOUNT, name: '' }],
        ['floor', { ...ACCOUNT, floor: '-0' }],
        ['floor', { ...ACCOUNT, floor: '9223372036854775808' }],
        ['currencies[0]', { ...ACCOUNT, currencies: ['won'] }],
        ['guarded', { ...ACCOUNT, guarded: 'yes' }],
      ];
      for (const [field, body] of wrong) {
        expectRefused(await post('accounts', body, {}), 400, 'VALIDATION_FAILED', field);
      }
    });

    it('reverses an entry', async () => {
      const answer = await post('entries/e-1/reversal', { reason: 'twice' });
      expect(answer.status).to.equal(201);
      expect(ledger.asked).to.have.nested.property('[0][0].id', 'e-1');
      const other = await post('entries/e-1/reversal', { reason: 'twice' }, {});
      expect(other.json).to.include({ code: 'IDEMPOTENCY_KEY_REQUIRED' });
    });

    it('reverses an entry only at the revision that If-Match names', async () => {
      const undo = (id: string, condition: string) =>
        post(`entries/${id}/reversal`, { reason: 'x' }, { ...KEY, 'If-Match': condition });
      for (const condition of ['"v2"', 'v3', 'W/"v3"', '']) {
        expectRefused(await undo('e-1', condition), 412, 'REVISION_MISMATCH', 'If-Match');
      }
      expectRefused(await undo('e-2', '*'), 412, 'REVISION_MISMATCH', 'If-Match');
      for (const condition of ['"v3"', '*', '"v2", "v3"']) {
        expect((await undo('e-1', condition)).status).to.equal(201);
      }
    });

    it('gives a reversal another command id for another entry', async () => {
      await post('entries/e-1/reversal', { reason: 'twice' });
      await post('entries/e-2/reversal', { reason: 'twice' });
      const [first, second] = ledger.asked;
      expect(first).not.to.have.nested.property('[0].commandId', undefined);
      expect(JSON.stringify(first)).not.to.equal(JSON.stringify(second));
    });

    it('refuses an entry id that is none', async () => {
      const answer = await post('entries/a%20b/reversal', { reason: 'twice' });
      expectRefused(answer, 400, 'VALIDATION_FAILED', 'id');
      expectRefused(await post('entries/%ff/reversal', {}), 400, 'VALIDATION_FAILED', 'path');
    });

    it('places, settles and releases a hold', async () => {
      const placed = await post('holds', HOLD);
      expect(placed.status).to.equal(201);
      expect(at(placed.json, 'data')).to.include({ status: 'held', amount: '3000' });
      const settled = await post('holds/2111:ann/h-1/settle', { to: '2010:s', amount: '10' });
      expect(settled.status).to.equal(200);
      expect(at(settled.json, 'data')).to.include({ status: 'settled', id: 'h-1' });
      const released = await send(`${server.url}/v1/ledger/holds/2111:ann/h-1/release`, {
        method: 'POST',
        headers: KEY,
      });
      expect(released.status).to.equal(200);
      expect(at(released.json, 'data')).to.include({ status: 'released' });
      expect(ledger.asked).to.have.nested.property('[1][0].amount', 10n);
    });

    it('wants a key for holds too', async () => {
      for (const path of ['holds', 'holds/2111:a/h/settle', 'holds/2111:a/h/release']) {
        const body = path === 'holds' ? HOLD : path.endsWith('settle') ? { to: '2010' } : {};
        expectRefused(await post(path, body, {}), 400, 'IDEMPOTENCY_KEY_REQUIRED');
      }
    });
  });
});

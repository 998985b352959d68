import { expect } from 'chai';
import { request as rawRequest } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { STATUS_OF } from '../../shared/http/statuses.js';
import { AppendTooLarge, StorageFull, StoreUnavailable } from '../../shared/ports/event-store.js';
import {
  at,
  send,
  serveRoutes,
  type TestAnswer,
  type TestServer,
} from '../../shared/testing/http.js';
import type { RefusalCode } from '../domain/refusal.js';
import { FakeLedger } from '../testing/fake-ledger.js';
import { commandRoutes } from './routes.js';

const LEG = { account: '1110', side: 'debit', amount: '50000', currency: 'KRW' };
const OTHER = { account: '2010:seller-7', side: 'credit', amount: '50000', currency: 'KRW' };
const ENTRY = { description: 'Order 1001', legs: [LEG, OTHER] };
const revisionOf = () => Promise.resolve(undefined);
const KEY = { 'Idempotency-Key': 'order-1001' };

describe('an entry over HTTP', () => {
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

  describe('POST /v1/ledger/entries', () => {
    it('answers where the entry is', async () => {
      const answer = await post('entries', ENTRY);
      expect(answer.status).to.equal(201);
      expect(answer.headers.get('X-Position')).to.equal('40');
      expect(answer.headers.has('Idempotent-Replayed')).to.equal(false);
      expect(at(answer.json, 'data')).to.include({
        revision: '0',
        position: '40',
        recordedAt: '2026-03-31T00:00:00.000Z',
        effectiveDate: '2026-03-31',
      });
    });

    it('passes on what was sent, amounts as bigint', async () => {
      const legs = [{ ...LEG, amount: 9_007_199_254_740_991 }, OTHER];
      await post('entries', {
        ...ENTRY,
        legs,
        occurredAt: '2026-03-31T09:00:00+09:00',
        metadata: { order: '1001' },
      });
      expect(ledger.asked).to.have.nested.property('[0][0].legs[0].amount', 9007199254740991n);
      expect(ledger.asked).to.have.nested.property('[0][0].occurredAt', 1_774_915_200_000);
      expect(ledger.asked).to.have.nested.property('[0][1].actor', 'anonymous');
    });

    it('makes the same id of the same key, bare or quoted, and another of another', async () => {
      const idOf = async (key: string) =>
        at((await post('entries', ENTRY, { 'Idempotency-Key': key })).json, 'data', 'id');
      const id = await idOf('k1');
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(await idOf('"k1"')).to.equal(id);
      expect(await idOf('k2')).not.to.equal(id);
    });

    it('says so when the answer is an earlier one', async () => {
      ledger.next = 'replay';
      const answer = await post('entries', ENTRY);
      expect(answer.status).to.equal(201);
      expect(answer.headers.get('Idempotent-Replayed')).to.equal('true');
    });

    it('wants an Idempotency-Key', async () => {
      expectRefused(await post('entries', ENTRY, {}), 400, 'IDEMPOTENCY_KEY_REQUIRED');
      for (const key of ['a b', 'é', 'x'.repeat(256), '""']) {
        const answer = await post('entries', ENTRY, { 'Idempotency-Key': key });
        expectRefused(answer, 400, 'VALIDATION_FAILED', 'Idempotency-Key');
      }
    });

    const amounts = ['10.5', '1e3', '-5', '007', '0x1', '', ' 5', '9223372036854775808', '5 '];
    for (const amount of [...amounts, 10.5, -5, 2 ** 53, true, null, ['5'], { value: '5' }]) {
      it(`refuses the amount ${JSON.stringify(amount)}`, async () => {
        const answer = await post('entries', { ...ENTRY, legs: [{ ...LEG, amount }, OTHER] });
        expectRefused(answer, 400, 'VALIDATION_FAILED', 'legs[0].amount');
      });
    }

    for (const literal of ['1e3', '5.0', '0.99999999999999999999', '1E2']) {
      it(`refuses the number ${literal}, which JSON.parse would make whole`, async () => {
        const body = JSON.stringify(ENTRY).replace('"50000"', literal);
        expectRefused(await post('entries', body), 400, 'VALIDATION_FAILED', 'legs[0].amount');
      });
    }

    it('leaves 0 to the kernel, which names the rule', async () => {
      ledger.next = 'ZERO_AMOUNT';
      const answer = await post('entries', { ...ENTRY, legs: [{ ...LEG, amount: '0' }, OTHER] });
      expect(answer.status).to.equal(422);
    });

    const wrong: readonly [title: string, field: string, body: unknown][] = [
      ['an unknown field', 'note', { ...ENTRY, note: 'x' }],
      [
        'an unknown field of a leg',
        'legs[1].memo',
        { ...ENTRY, legs: [LEG, { ...OTHER, memo: 1 }] },
      ],
      ['no legs', 'legs', { description: 'x' }],
      ['legs that are no list', 'legs', { ...ENTRY, legs: 'all' }],
      ['no description', 'description', { legs: [LEG, OTHER] }],
      ['an empty description', 'description', { ...ENTRY, description: '' }],
      ['a control character', 'description', { ...ENTRY, description: 'a\u0000b' }],
      ['a lone surrogate', 'description', { ...ENTRY, description: 'a\ud800b' }],
      ['a description too long', 'description', { ...ENTRY, description: 'x'.repeat(501) }],
      [
        'a side that is none',
        'legs[0].side',
        { ...ENTRY, legs: [{ ...LEG, side: 'left' }, OTHER] },
      ],
      [
        'an account that is none',
        'legs[0].account',
        { ...ENTRY, legs: [{ ...LEG, account: 'a b' }] },
      ],
      [
        'a currency in small letters',
        'legs[0].currency',
        { ...ENTRY, legs: [{ ...LEG, currency: 'krw' }] },
      ],
      ['30 February', 'effectiveDate', { ...ENTRY, effectiveDate: '2026-02-30' }],
      [
        'a day that is an instant',
        'effectiveDate',
        { ...ENTRY, effectiveDate: '2026-02-03T00:00:00Z' },
      ],
      ['an instant without offset', 'occurredAt', { ...ENTRY, occurredAt: '2026-02-03T00:00:00' }],
      ['an instant that is none', 'occurredAt', { ...ENTRY, occurredAt: '2026-02-30T00:00:00Z' }],
      [
        'an instant before 1900',
        'occurredAt',
        { ...ENTRY, occurredAt: '0000-01-01T00:00:00+09:00' },
      ],
      ['an instant past 9999', 'occurredAt', { ...ENTRY, occurredAt: '9999-12-31T23:59:59-09:00' }],
      ['metadata that is no text', 'metadata.a', { ...ENTRY, metadata: { a: 1 } }],
      ['a body that is a list', 'body', [ENTRY]],
      ['a body that is null', 'body', null],
    ];
    for (const [title, field, body] of wrong) {
      it(`refuses ${title}`, async () => {
        expectRefused(await post('entries', body), 400, 'VALIDATION_FAILED', field);
      });
    }

    for (const key of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__']) {
      it(`refuses the key ${key}`, async () => {
        const body = JSON.stringify(ENTRY).replace('"legs"', `"metadata":{"${key}":"x"},"legs"`);
        expectRefused(await post('entries', body), 400, 'VALIDATION_FAILED');
      });
    }

    it('refuses a key given twice', async () => {
      const body = JSON.stringify(ENTRY).replace('"legs"', '"description":"y","legs"');
      expectRefused(await post('entries', body), 400, 'VALIDATION_FAILED', 'description');
    });

    it('refuses broken JSON without repeating it', async () => {
      for (const body of ['{"description":', '{secret}', 'undefined', '{"a":1}x', '\ufeff{}']) {
        const answer = await post('entries', body);
        expectRefused(answer, 400, 'MALFORMED_JSON');
        expect(answer.text).not.to.include('secret');
      }
    });

    it('refuses deep nesting', async () => {
      const deep = `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`;
      expectRefused(await post('entries', deep), 400, 'VALIDATION_FAILED', 'body');
      const deeper = '['.repeat(100_000) + ']'.repeat(100_000);
      expectRefused(await post('entries', deeper), 400, 'VALIDATION_FAILED', 'body');
    });

    it('refuses a body that is not UTF-8', async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { ...KEY, 'Content-Type': 'application/json' };
        const request = rawRequest(`${server.url}/v1/ledger/entries`, { method: 'POST', headers });
        request.on('response', (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject);
        request.end(Buffer.from([0x22, 0xff, 0xfe, 0x22]));
      });
      expect(status).to.equal(400);
    });

    it('refuses a body above 256 KiB, sent with its length or in pieces', async () => {
      const body = JSON.stringify({ ...ENTRY, description: 'x'.repeat(256 * 1024) });
      expectRefused(await post('entries', body), 413, 'PAYLOAD_TOO_LARGE', 'body');
      const pieces = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(body));
          controller.close();
        },
      });
      const answer = await fetch(`${server.url}/v1/ledger/entries`, {
        method: 'POST',
        headers: { ...KEY, 'Content-Type': 'application/json' },
        body: pieces,
        duplex: 'half',
      });
      expect(answer.status).to.equal(413);
      expect(ledger.asked).to.have.length(0);
    });

    it('refuses another content type', async () => {
      const types = ['text/plain', 'application/xml', 'application/json; charset=latin1', ''];
      for (const type of types) {
        const answer = await post('entries', JSON.stringify(ENTRY), {
          ...KEY,
          'Content-Type': type,
        });
        expectRefused(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Type');
      }
      const compressed = { ...KEY, 'Content-Encoding': 'gzip' };
      expectRefused(await post('entries', ENTRY, compressed), 415, 'UNSUPPORTED_MEDIA_TYPE');
    });

    it('refuses what looks like a card number and does not show it', async () => {
      for (const number of ['4111111111111111', '4111 1111 1111 1111', '3782-822463-10005']) {
        for (const body of [
          { ...ENTRY, description: `card ${number}` },
          { ...ENTRY, metadata: { card: number } },
          { ...ENTRY, metadata: { [number]: 'x' } },
        ]) {
          const answer = await post('entries', body);
          expectRefused(answer, 400, 'VALIDATION_FAILED');
          expect(answer.text).not.to.include(number);
        }
      }
      // Eight digits: four are in every so many random trace ids.
      expect(server.logged.join('')).not.to.match(/4111[ -]?1111|3782[ -]?8224/);
    });

    it('cuts long values', async () => {
      const answer = await post('entries', { ...ENTRY, effectiveDate: 'x'.repeat(1000) });
      expect(at(answer.json, 'errors', 0, 'value')).to.have.length(100);
    });

    it('refuses If-Match, since a new entry has no revision', async () => {
      for (const condition of ['"v0"', '*']) {
        const answer = await post('entries', ENTRY, { ...KEY, 'If-Match': condition });
        expectRefused(answer, 412, 'REVISION_MISMATCH', 'If-Match');
      }
    });

    it('refuses query parameters', async () => {
      expectRefused(await post('entries?dry=1', ENTRY), 400, 'VALIDATION_FAILED', 'dry');
    });
  });

  describe('what the ledger refuses', () => {
    const codes: Readonly<Record<RefusalCode, number>> = {
      UNBALANCED: 422,
      TOO_FEW_LEGS: 422,
      TOO_MANY_LEGS: 422,
      ZERO_AMOUNT: 422,
      AMOUNT_OVERFLOW: 422,
      ACCOUNT_MALFORMED: 400,
      ACCOUNT_UNKNOWN: 422,
      ACCOUNT_EXISTS: 409,
      ACCOUNT_RESERVED: 422,
      CURRENCY_UNKNOWN: 422,
      CURRENCY_NOT_ALLOWED: 422,
      EFFECTIVE_DATE_OUT_OF_RANGE: 400,
      INSUFFICIENT_BALANCE: 422,
      MULTIPLE_GUARDED_ACCOUNTS: 422,
      IDEMPOTENCY_KEY_REUSED: 422,
      REQUEST_IN_PROGRESS: 409,
      ALREADY_REVERSED: 409,
      NOT_FOUND: 404,
      HOLD_EXPIRED: 409,
      HOLD_CLOSED: 409,
      ACCOUNT_NOT_GUARDED: 422,
      CONTENTION: 503,
      CAPTURE_EXCEEDS_AUTHORIZED: 422,
      REFUND_EXCEEDS_CAPTURED: 422,
      ILLEGAL_STATE: 409,
      DUPLICATE_REQUEST: 409,
      CAPTURE_MODE_UNSUPPORTED: 422,
      TOO_MANY_OPERATIONS: 422,
      GATEWAY_UNAVAILABLE: 503,
    };
    for (const code of Object.keys(codes).filter(
      (name): name is RefusalCode => name in STATUS_OF,
    )) {
      it(`${code} is ${codes[code]}`, async () => {
        ledger.next = code;
        const answer = await post('entries', ENTRY);
        expect(answer.status).to.equal(codes[code]);
        expect(answer.json).to.deep.equal({
          code,
          message: `refused: ${code}`,
          errors: [{ field: 'legs', value: 'KRW', reason: `because ${code}` }],
        });
      });
    }
  });

  describe('faults', () => {
    const faults: readonly [Error, number, string][] = [
      [new StorageFull('disk of /srv/secret'), 507, 'STORAGE_FULL'],
      [new StoreUnavailable('locked by /srv/secret'), 503, 'STORE_UNAVAILABLE'],
      [new AppendTooLarge('/srv/secret'), 413, 'PAYLOAD_TOO_LARGE'],
      [new TypeError('/srv/secret is not a function'), 500, 'INTERNAL_ERROR'],
    ];
    for (const [fault, status, code] of faults) {
      it(`${fault.name} is ${status}, and tells nothing of its inside`, async () => {
        ledger.next = fault;
        const answer = await post('entries', ENTRY);
        expect(answer.status).to.equal(status);
        expect(answer.json).to.include({ code });
        expect(answer.text).not.to.match(/secret|\bat .*\.js|node_modules/);
        expect(answer.headers.has('Retry-After')).to.equal(status === 503 || status === 507);
        expect(server.logged.join('')).to.include(answer.headers.get('X-Correlation-ID'));
      });
    }
  });
});

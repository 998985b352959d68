import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { afterEach, describe, it } from 'mocha';
import { z } from 'zod';
import { at, send, serveRoutes, type ServeOptions, type TestServer } from '../testing/http.js';
import { nothing } from './fields.js';
import type { PartState } from './operations.js';
import { command, query, type Route } from './route.js';

const SECRET = 'correct-horse-battery-staple';
const KEY = { name: 'shop', sha256: createHash('sha256').update(SECRET).digest() };

const tested = {
  tag: 'Tests',
  summary: 'x',
  params: nothing,
  success: { 200: 'ok' },
  refusals: [],
};

/** A route that answers who asked, and one that fails. */
const ROUTES: readonly Route[] = [
  query(
    { ...tested, method: 'GET', path: '/who', query: nothing, data: z.unknown() },
    ({ exchange }) =>
      Promise.resolve({
        status: 200,
        message: 'ok',
        data: { actor: exchange.actor, ...exchange.trace },
        position: 5n,
        revision: 3n,
      }),
  ),
  query(
    { ...tested, method: 'GET', path: '/fails/{id}', query: nothing, params: z.unknown() },
    () => Promise.reject(new Error(`secret ${SECRET}`)),
  ),
  command(
    { ...tested, method: 'POST', path: '/who', limit: 1_000, body: nothing, data: z.unknown() },
    () => Promise.resolve({ status: 200, message: 'ok', data: {} }),
  ),
];

describe('every route', () => {
  let server: TestServer | undefined;
  const serve = async (options: ServeOptions = {}) => {
    server = await serveRoutes(ROUTES, options);
    return server.url;
  };
  afterEach(() => server?.stop());

  describe('X-Correlation-ID and traceparent', () => {
    const VALID = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

    it('are made when absent, the correlation id being the trace id', async () => {
      const { headers, json } = await send(`${await serve()}/who`);
      const traceparent = headers.get('traceparent') ?? '';
      expect(traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(headers.get('X-Correlation-ID')).to.equal(traceparent.slice(3, 35));
      expect(at(json, 'data', 'traceparent')).to.equal(traceparent);
    });

    it('are echoed, in errors too', async () => {
      const url = await serve();
      for (const path of ['/who', '/nowhere', '/fails/1', '/who?x=1']) {
        const { headers } = await send(url + path, {
          headers: { 'X-Correlation-ID': 'order:1001', traceparent: VALID },
        });
        expect(headers.get('X-Correlation-ID')).to.equal('order:1001');
        expect(headers.get('traceparent')).to.equal(VALID);
      }
    });

    it('takes the trace id for the correlation id', async () => {
      const { headers } = await send(`${await serve()}/who`, { headers: { traceparent: VALID } });
      expect(headers.get('X-Correlation-ID')).to.equal('4bf92f3577b34da6a3ce929d0e0e4736');
    });

    it('refuses a correlation id that is none', async () => {
      const url = await serve();
      const cards = ['4111111111111111', '4111-1111-1111-1111'];
      for (const id of ['a b', 'x'.repeat(65), 'ä', 'a,b', ...cards]) {
        const answer = await send(`${url}/who`, { headers: { 'X-Correlation-ID': id } });
        expect(answer.status).to.equal(400);
        expect(at(answer.json, 'errors', 0, 'field')).to.equal('X-Correlation-ID');
        expect(answer.headers.get('X-Correlation-ID')).to.match(/^[0-9a-f]{32}$/);
        expect(JSON.stringify(answer.json)).to.not.contain('41111111');
      }
      const chance = 'af4111111111111111bf3577b34da6a3';
      const taken = await send(`${url}/who`, { headers: { 'X-Correlation-ID': chance } });
      expect(taken.headers.get('X-Correlation-ID')).to.equal(chance);
    });

    it('makes a new trace for a traceparent that is none', async () => {
      const url = await serve();
      for (const traceparent of [
        'x',
        `${VALID}-more`,
        VALID.replace('00-', 'ff-'),
        VALID.toUpperCase(),
        VALID.replace(/4bf9\w+/, '0'.repeat(32)),
        VALID.replace('00f067aa0ba902b7', '0'.repeat(16)),
      ]) {
        const { headers, status } = await send(`${url}/who`, { headers: { traceparent } });
        expect(status).to.equal(200);
        expect(headers.get('traceparent')).to.match(/^00-/).and.not.equal(traceparent);
      }
    });
  });

  it('answers a success in the envelope, with position and revision', async () => {
    const { json, headers } = await send(`${await serve()}/who`);
    expect(json).to.include({ code: 'SUCCESS', message: 'ok' });
    expect(headers.get('X-Position')).to.equal('5');
    expect(headers.get('ETag')).to.equal('"v3"');
    expect(headers.get('Cache-Control')).to.equal('no-store');
    expect(headers.get('X-Content-Type-Options')).to.equal('nosniff');
    expect(headers.get('Content-Security-Policy')).to.include("default-src 'none'");
    expect(headers.has('X-Powered-By')).to.equal(false);
  });

  it('answers a problem when asked for one, with the same code', async () => {
    const { json, headers } = await send(`${await serve()}/who?x=${'y'.repeat(300)}`, {
      headers: { Accept: 'application/problem+json', 'X-Correlation-ID': 'c-1' },
    });
    expect(headers.get('Content-Type')).to.equal('application/problem+json');
    expect(json).to.deep.equal({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'x: is not a field of this request',
      instance: 'urn:sagae:request:c-1',
      code: 'VALIDATION_FAILED',
      correlationId: 'c-1',
      errors: [{ field: 'x', value: '', reason: 'is not a field of this request' }],
    });
  });

  it('answers 404 for an unknown path and 405 with Allow for an unknown method', async () => {
    const url = await serve();
    const unknown = await send(`${url}/nowhere`);
    expect(unknown.status).to.equal(404);
    expect(unknown.json).to.include({ code: 'NOT_FOUND' });
    for (const method of ['DELETE', 'PUT', 'PATCH']) {
      const answer = await send(`${url}/who`, { method });
      expect(answer.status).to.equal(405);
      expect(answer.json).to.include({ code: 'METHOD_NOT_ALLOWED' });
      expect(answer.headers.get('Allow')).to.equal('GET, HEAD, POST, OPTIONS');
    }
    const options = await send(`${url}/who`, { method: 'OPTIONS' });
    expect(options.headers.get('Allow')).to.equal('GET, HEAD, POST, OPTIONS');
    expect((await send(`${url}/who`, { method: 'HEAD' })).text).to.equal('');
  });

  it('tells nothing of a fault but its correlation id, and logs the rest', async () => {
    const answer = await send(`${await serve()}/fails/4111111111111111`);
    expect(answer.status).to.equal(500);
    expect(answer.json).to.include({ code: 'INTERNAL_ERROR' });
    expect(answer.text).not.to.match(/secret|\bat |\.js|\.ts/);
    const logged = server?.logged.join('') ?? '';
    expect(logged).to.include(answer.headers.get('X-Correlation-ID')).and.include('/fails/{id}');
    expect(logged).not.to.include('4111111111111111');
  });

  it('refuses a name given twice, and broken percent-encoding', async () => {
    const url = await serve();
    for (const path of ['/who?a=1&a=2', '/who?a=%zz', '/fails/%zz']) {
      expect((await send(url + path)).status, path).to.equal(400);
    }
  });

  it('logs method, route, status and time, and no value', async () => {
    const url = await serve();
    await send(`${url}/who?token=hidden`, { headers: { Authorization: 'Bearer hidden' } });
    const line: unknown = JSON.parse(server?.logged.at(-1) ?? '');
    expect(line).to.include({ method: 'GET', route: '/who', status: 400 });
    expect(line).to.have.property('ms').that.is.a('number');
    expect(server?.logged.join('')).not.to.include('hidden');
  });

  describe('with keys', () => {
    it('asks for one everywhere but for /health and /ready', async () => {
      const url = await serve({ apiKeys: [KEY] });
      for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: SECRET }]) {
        const answer = await send(`${url}/who`, { headers });
        expect(answer.status).to.equal(401);
        expect(answer.json).to.include({ code: 'UNAUTHENTICATED' });
        expect(answer.headers.get('WWW-Authenticate')).to.include('Bearer');
      }
      for (const path of ['/metrics', '/openapi.json', '/docs']) {
        expect((await send(url + path)).status, path).to.equal(401);
      }
      for (const path of ['/health', '/ready'])
        expect((await send(url + path)).status).to.equal(200);
    });

    it('takes the name of the key for the actor', async () => {
      const url = await serve({ apiKeys: [KEY] });
      const headers = { Authorization: `Bearer ${SECRET}` };
      const { json } = await send(`${url}/who`, { headers });
      expect(at(json, 'data', 'actor')).to.equal('shop');
      expect(server?.logged.join('')).not.to.include(SECRET);
    });
  });

  describe('of operations', () => {
    it('says what is wrong, and 503', async () => {
      const states: PartState[] = [{ part: 'log' }, { part: 'disk', problem: 'is full' }];
      const url = await serve({ states: () => states });
      const answer = await send(`${url}/ready`);
      expect(answer.status).to.equal(503);
      expect(answer.json).to.deep.include({
        code: 'NOT_READY',
        errors: [{ field: 'disk', value: '', reason: 'is full' }],
      });
      states.pop();
      const { status, json } = await send(`${url}/ready`);
      expect(status).to.equal(200);
      expect(at(json, 'data', 'parts', 0)).to.deep.equal({ part: 'log', problem: null });
    });

    it('counts requests by route and status', async () => {
      const url = await serve();
      await send(`${url}/who`);
      const { text, headers } = await send(`${url}/metrics`);
      expect(headers.get('Content-Type')).to.include('text/plain');
      expect(text).to.match(
        /sagae_http_request_duration_seconds_count\{[^}]*route="\/who",status="200"[^}]*\} 1/,
      );
      expect(text).to.include('nodejs_eventloop_lag_seconds');
    });

    it('shows the documentation with nothing from elsewhere', async () => {
      const { text, headers } = await send(`${await serve()}/docs`);
      expect(headers.get('Content-Type')).to.include('text/html');
      expect(text).to.include('<code>/fails/{id}</code>').and.include('curl');
      expect(text).not.to.match(/<script|src=|@import|https?:\/\//);
      const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      expect(headers.get('Content-Security-Policy')).to.include(`'sha256-${hash}'`);
    });
  });

  it('answers what it has in hand before it stops', async () => {
    let release = (): void => undefined;
    let arrived = (): void => undefined;
    const here = new Promise<void>((resolve) => (arrived = resolve));
    const slow = query(
      { ...tested, method: 'GET', path: '/slow', query: nothing, data: z.unknown() },
      async () => {
        arrived();
        await new Promise<void>((resolve) => (release = resolve));
        return { status: 200, message: 'late', data: null };
      },
    );
    const stopped = await serveRoutes([slow]);
    const pending = send(`${stopped.url}/slow`);
    await here;
    const stopping = stopped.stop();
    release();
    const answer = await pending;
    expect(answer.json).to.include({ message: 'late' });
    expect(answer.headers.get('Connection')).to.equal('close');
    await stopping;
    const refused = await send(`${stopped.url}/slow`).then(
      () => false,
      () => true,
    );
    expect(refused).to.equal(true);
  });
});

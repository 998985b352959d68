import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readConfig } from '../../shared/config.js';
import { pino } from 'pino';
import { PassThrough } from 'node:stream';
import { ServiceThread } from './service-thread.js';

/** A thread that serves on port 7, is well, and dies when it is asked for metrics. */
const FRAGILE = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => {
    if (message.kind === 'stop') parentPort.close();
    else if (message.what === 'metrics') throw new Error('dies');
    else parentPort.postMessage({ kind: 'states', id: message.id, states: [{ part: 'log' }] });
  });
  parentPort.postMessage({ kind: 'started', port: 7 });
`;

const fileOf = (source: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(source)}`);

describe('the thread of a service', () => {
  const logged = new PassThrough();
  const thread = (source: string): ServiceThread =>
    new ServiceThread('query', fileOf(source), readConfig({}, 0), pino(logged));

  it('is started again when it dies, and until then is said not to be there', async () => {
    const query = thread(
      FRAGILE.replace('require', '(await import("node:module")).createRequire("file:///")'),
    );
    await query.start();
    expect(query.port).to.equal(7);
    expect(await query.states('ready')).to.deep.equal([{ part: 'query: log' }]);
    expect(await query.metrics()).to.deep.equal([]);
    expect(query.port).to.equal(undefined);
    expect(await query.states('ready')).to.deep.equal([
      { part: 'query', problem: 'is being started again' },
    ]);
    await query.serving();
    expect(query.port).to.equal(7);
    expect(await query.states('ready')).to.deep.equal([{ part: 'query: log' }]);
    await query.stop();
  });

  it('outlives a question it cannot answer', async () => {
    const file = JSON.stringify(new URL('../../shared/http/thread.js', import.meta.url).href);
    const query = thread(`
      const { runThread } = await import(${file});
      const fault = () => Promise.reject(new Error('the log cannot be read'));
      const health = () => Promise.resolve([{ part: 'log' }]);
      const stop = () => Promise.resolve();
      await runThread('query', () =>
        Promise.resolve({ port: 7, health, ready: fault, metrics: fault, stop }));
    `);
    await query.start();
    expect(await query.metrics()).to.deep.equal([]);
    expect(await query.states('ready')).to.deep.equal([
      { part: 'query: query', problem: 'the log cannot be read' },
    ]);
    expect(await query.states('health')).to.deep.equal([{ part: 'query: log' }]);
    await query.stop();
  });

  it('says why it cannot start', async () => {
    const broken = thread('throw new Error("no such folder")');
    const failure = await broken.start().catch((error: unknown) => error);
    expect(failure).to.have.property('message', 'no such folder');
    await broken.stop();
  });
});

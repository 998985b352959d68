import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, afterEach, describe, it } from 'mocha';
import { at, send } from '../../shared/testing/http.js';

const ALL = ['../sagae.js', 'start'];
const COMMAND = ['../../command-service/main.js'];
const QUERY = ['../../query-service/main.js'];
const PROJECTION = ['../../projection-service/main.js'];

const LEGS = [
  { account: '1110', side: 'debit', amount: '5', currency: 'KRW' },
  { account: '2010', side: 'credit', amount: '5', currency: 'KRW' },
];

/** A program of ours, and what it has said. */
type Program = Readonly<{
  child: ChildProcess;
  lines: string[];
  errors: string[];
  exited: Promise<unknown>;
}>;

describe('the programs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-processes-'));
  const programs: Program[] = [];

  afterEach(() => {
    for (const { child } of programs.splice(0)) child.kill('SIGKILL');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const launch = (
    [file = '', ...args]: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Program => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], {
      env: { PATH: process.env['PATH'], SAGAE_DATA: folder, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const errors: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
    const program = {
      child,
      lines,
      errors,
      exited: once(child, 'close').then((codes: unknown[]) => codes[0]),
    };
    programs.push(program);
    return program;
  };

  /** Where the program serves, once it says that it is ready. */
  const ready = async (program: Program): Promise<string> => {
    const { child, lines, errors, exited } = program;
    const left = exited.then(() => {
      throw new Error(`it left: ${errors.join('\n')}`);
    });
    while (lines.length === 0 && child.stdout !== null) {
      await Promise.race([once(child.stdout, 'data'), left]);
    }
    return / on (http:\S+)$/.exec(lines[0] ?? '')?.[1] ?? '';
  };

  it('all in one says one line when it is ready, and leaves with 0 when told to', async () => {
    const program = launch(ALL);
    const url = await ready(program);
    expect(program.lines).to.deep.equal([`Sagae is ready on ${url}`]);
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await send(`${url}/ready`)).status).to.equal(200);
    program.child.kill('SIGTERM');
    expect(await program.exited).to.equal(0);
    expect(program.lines).to.have.length(1);
  });

  it('each service runs alone on the same folder', async () => {
    const [command, projection, query] = [launch(COMMAND), launch(PROJECTION), launch(QUERY)];
    const urls = await Promise.all([command, projection, query].map(ready));
    const [commandUrl = '', projectionUrl = '', queryUrl = ''] = urls;
    const posted = await send(`${commandUrl}/v1/ledger/entries`, {
      body: { description: 'x', legs: LEGS },
      headers: { 'Idempotency-Key': 'alone' },
    });
    expect(posted.status).to.equal(201);
    const answer = await send(`${queryUrl}/v1/ledger/accounts/2010/balances`, {
      headers: { 'X-Min-Position': posted.headers.get('X-Position') ?? '' },
    });
    expect(at(answer.json, 'data', 'balances', 0)).to.include({ balance: '5' });
    for (const url of urls) expect((await send(`${url}/ready`)).status).to.equal(200);
    const figures = await send(`${projectionUrl}/metrics`);
    expect(figures.text).to.include('sagae_projection_lag_seconds{view="journal"');
    for (const { child, exited } of [command, projection, query]) {
      child.kill('SIGINT');
      expect(await exited).to.equal(0);
    }
  });

  const refused: readonly (readonly [variable: string, value: string])[] = [
    ['HOST', '0.0.0.0'],
    ['PORT', 'http'],
    ['SAGAE_STORE', 'postgres'],
    ['SAGAE_TIME_ZONE', 'Nowhere'],
  ];
  for (const [variable, value] of refused) {
    it(`do not start with ${variable}=${value}: 2, and the variable named`, async () => {
      const program = launch(ALL, { [variable]: value });
      expect(await program.exited).to.equal(2);
      expect(program.errors.join('\n')).to.include(`${variable}: `);
      expect(program.errors.join('\n')).not.to.match(/\bat .*:\d+:\d+/);
    });
  }

  it('wait for a store that is not there, say so, and leave with 0 when told to', async () => {
    const program = launch(COMMAND, {
      SAGAE_STORE: 'eventstoredb',
      // Nobody listens there, and nobody without privileges can.
      ESDB_URL: 'esdb://127.0.0.1:1?tls=false',
      MONGODB_URL: 'mongodb://127.0.0.1:1',
    });
    const { child, errors } = program;
    while (errors.length === 0 && child.stderr !== null) await once(child.stderr, 'data');
    expect(errors[0]).to.include('waiting for it');
    child.kill('SIGTERM');
    expect(await program.exited).to.equal(0);
    expect(program.lines).to.deep.equal([]);
  });

  it('do not start on a port that is taken', async () => {
    const first = launch(COMMAND);
    const { port } = new URL(await ready(first));
    const second = launch(QUERY, { PORT: port });
    expect(await second.exited).to.equal(1);
    expect(second.errors.join('\n')).to.include('EADDRINUSE');
  });
});

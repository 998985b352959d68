import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { openEventImport } from '../../shared/adapters/sqlite/event-import.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { event } from '../../shared/testing/event-samples.js';
import { withServer } from '../../shared/testing/eventstoredb/with-server.js';
import { copyLog } from '../copy-log/copy.js';
import { sampleLog } from '../copy-log/sample-logs.js';
import { sagae, startSagae, type Ran } from './run-child.js';

const facts = z.object({ log: z.string(), events: z.int(), digest: z.string() });
const report = z.object({
  ok: z.boolean(),
  from: facts,
  to: facts,
  copied: z.int().optional(),
  before: z.int().optional(),
  since: z.int(),
  monthEnds: z.array(z.object({ day: z.string(), same: z.boolean() })),
});

const reported = ({ code, stdout }: Ran) => {
  const parsed = report.parse(JSON.parse(stdout));
  expect(code).to.equal(parsed.ok ? 0 : 1);
  return parsed;
};

describe('sagae copy-log', function () {
  this.timeout(60_000);
  const { server } = withServer();
  let data: string;

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'sagae-copy-'));
    await growTo(40);
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  /** A larger sample goes on where a smaller one ends. */
  const growTo = async (entries: number) => {
    const log = await openEventImport(data);
    await copyLog(sampleLog(entries), log);
    await log.close();
  };
  const toServer = () => [
    ...['copy-log', '--from', 'sqlite', '--to', 'eventstoredb', '--to-url', server().url],
    ...['--format', 'json'],
  ];
  const fromServer = (folder: string) => [
    ...['copy-log', '--from', 'eventstoredb', '--from-url', server().url],
    ...['--to', 'sqlite', '--to-data', folder, '--format', 'json'],
  ];

  it('moves a log to a server and back, where the auditor finds nothing wrong', async () => {
    const there = reported(await sagae(data, ...toServer()));
    expect(there).to.deep.include({ copied: 42, before: 0, since: 0 });
    expect(there.monthEnds.filter(({ day }) => day === '2026-01-31')).to.eql([
      { day: '2026-01-31', same: true },
      { day: '2026-01-31', same: true },
    ]);
    const back = join(data, 'back');
    expect(reported(await sagae(data, ...fromServer(back))).to.digest).to.equal(there.from.digest);
    const verified = await sagae(back, 'audit', 'verify');
    expect(verified).to.include({ code: 0, stderr: '' });
    const replays = await Promise.all(
      [data, back].map((folder) => sagae(folder, 'audit', 'replay', '--effective', '2026-02-28')),
    );
    expect(replays[1]).to.eql(replays[0]);
  });

  it('copies only what is missing when it runs again, and says what is', async () => {
    await sagae(data, ...toServer());
    await growTo(50);
    const behind = await sagae(data, ...toServer(), '--verify-only');
    expect(reported(behind)).to.deep.include({ ok: false });
    expect(behind.stderr).to.contain('event 43 differs').and.to.contain('target: no such event');
    expect(reported(await sagae(data, ...toServer()))).to.include({ copied: 10, before: 42 });
    const verified = reported(await sagae(data, ...toServer(), '--verify-only'));
    expect(verified).to.include({ ok: true }).and.not.to.have.property('copied');
    expect(verified.to.events).to.equal(52);
  });

  for (const kind of ['lost-answer', 'no-answer'] as const) {
    it(`goes on after a SIGKILL in the middle (${kind})`, async () => {
      server().misbehave({ on: 'append', kind: 'late-answer', ms: 0, times: 25 });
      const { met } = server().misbehave({ on: 'append', kind });
      const { child, ran } = startSagae(data, ...toServer());
      await met;
      child.kill('SIGKILL');
      expect((await ran).code).to.equal(null);
      const { before = 0, copied = 0, ok } = reported(await sagae(data, ...toServer()));
      expect({ ok, all: before + copied }).to.eql({ ok: true, all: 42 });
      expect(before).to.be.within(1, 41);
    });
  }

  it('refuses a target with other events, and says where', async () => {
    const other = join(data, 'other');
    const log = await openEventStore({ folder: other });
    await log.append('foreign', 'no-stream', [event()]);
    await log.close();
    const to = ['copy-log', '--from', 'sqlite', '--to', 'sqlite', '--to-data', other];
    const refused = await sagae(data, ...to);
    expect(refused).to.include({ code: 1, stdout: '' });
    expect(refused.stderr).to.contain('the target is no copy of this source: event 1 differs');
    const compared = await sagae(data, ...to, '--verify-only');
    expect(compared).to.include({ code: 1 });
    expect(compared.stdout).to.contain('The logs DIFFER.').and.to.contain('event 1 differs');
  });

  it('leaves with 2 when it is used wrongly, and prints no password', async () => {
    const url = 'esdb://me:secret@host:2113';
    for (const [args, said] of [
      [['--from', 'sqlite'], '--to'],
      [['--from', 'sqlite', '--to', 'sqlite'], 'is both --from and --to'],
      [['--from', 'sqlite', '--from-data', join(data, 'none'), '--to', 'sqlite'], 'no log in'],
      [['--from', 'sqlite', '--to', 'eventstoredb', '--to-url', url], '@FILE'],
    ] as const) {
      const { code, stdout, stderr } = await sagae(data, 'copy-log', ...args);
      expect({ code, stdout }).to.eql({ code: 2, stdout: '' });
      expect(stderr).to.contain(said).and.not.to.contain('secret');
    }
  });

  it('says that it can be run again when the server goes away', async () => {
    const args = toServer();
    server().misbehave({ on: 'append', kind: 'late-answer', ms: 0, times: 25 });
    const plan = server().misbehave({ on: 'append', kind: 'reset', stored: false, times: 99 });
    const { ran } = startSagae(data, ...args);
    await plan.met;
    await server().down();
    const { code, stderr } = await ran;
    expect(code).to.equal(1);
    expect(stderr).to.contain('EventStoreDB at').and.to.contain('Run the same command again');
    plan.end();
    await server().up();
    expect(reported(await sagae(data, ...args))).to.include({ ok: true });
  });
});

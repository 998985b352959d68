import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { openEventImport } from '../../shared/adapters/sqlite/event-import.js';
import { withStore } from '../../shared/testing/eventstoredb/with-store.js';
import { copyLog } from '../copy-log/copy.js';
import { RecordedTarget } from '../copy-log/recorded-target.js';
import { sampleLog } from '../copy-log/sample-logs.js';
import { sagae, sagaeWith, type Ran } from './run-child.js';

const verification = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({ name: z.string(), checked: z.string(), failures: z.array(z.object({})) }),
  ),
});

describe('auditing a log on EventStoreDB from the command line', function () {
  this.timeout(60_000);
  const { store, server } = withStore();
  let data: string;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'sagae-audited-'));
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  /** Where nobody answers: who does not need the views does not ask for them. */
  const onServer = (...args: string[]): Promise<Ran> =>
    sagaeWith(
      {
        SAGAE_STORE: 'eventstoredb',
        ESDB_URL: server().url,
        MONGODB_URL: 'mongodb://127.0.0.1:1/sagae',
        SAGAE_DATA: join(data, 'none'),
      },
      ...args,
    );

  /** The same book in a file and at the server. */
  const fillBoth = async () => {
    const book = sampleLog(40);
    const target = await openEventImport(data);
    await copyLog(book, target);
    await target.close();
    await copyLog(book, new RecordedTarget(store()));
  };

  const withoutPositions = ({ stdout, ...ran }: Ran) => {
    return { ...ran, stdout: stdout.replace(/(position"?:? "?)\d+/g, '$1N') };
  };

  it('replays and exports as from a file', async () => {
    await fillBoth();
    const known = ['--known', '2026-04-01T00:00:00.005Z'];
    for (const args of [
      ['audit', 'replay'],
      ['audit', 'replay', '--effective', '2026-02-24', ...known, '--format', 'csv'],
      ['audit', 'replay', ...known, '--format', 'json'],
      ['export', '--format', 'hledger'],
      ['export', '--format', 'beancount', ...known],
    ]) {
      const [file, there] = await Promise.all([sagae(data, ...args), onServer(...args)]);
      expect(file).to.include({ code: 0, stderr: '' });
      expect(withoutPositions(there), args.join(' ')).to.deep.equal(withoutPositions(file));
    }
    const beyond = ['audit', 'replay', '--known', `position:${(await store().head()) + 1n}`];
    expect(await onServer(...beyond)).to.include({ code: 2, stdout: '' });
  });

  it('checks the log although the views cannot be reached, and does not call that a success', async () => {
    await fillBoth();
    const { code, stdout } = await onServer('audit', 'verify', '--format', 'json');
    const { ok, checks } = verification.parse(JSON.parse(stdout));
    expect({ code, ok }).to.deep.equal({ code: 1, ok: false });
    expect(checks.map(({ name, failures }) => `${name} ${failures.length}`)).to.deep.equal([
      'stored events 0',
      'entries 0',
      'views 1',
    ]);
    expect(checks[2]?.checked).to.equal('not to the end');
  });

  it('says which server is away', async () => {
    await server().down();
    for (const args of [
      ['audit', 'replay'],
      ['audit', 'verify'],
      ['export', '--format', 'ledger'],
    ]) {
      const { code, stdout, stderr } = await onServer(...args);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.contain('EventStoreDB at');
    }
    await server().up();
  });

  it('imports into it what it imports into a file', async () => {
    const file = join(data, 'rows.csv');
    const rows = ['i1,2024-01-05,one,1010,2010:a,700,KRW', 'i2,2024-01-06,two,1010,2010:b,300,KRW'];
    const columns = 'id,effective_date,description,debit_account,credit_account,amount,currency';
    writeFileSync(file, `${[columns, ...rows].join('\n')}\n`);
    for (const accepted of [2, 0]) {
      const { code, stdout } = await onServer('import', 'entries', file);
      expect({ code }).to.deep.equal({ code: 0 });
      expect(stdout).to.contain(`2 rows: ${accepted} accepted, ${2 - accepted} there before`);
    }
    await sagae(data, 'import', 'entries', file);
    const [here, there] = await Promise.all([
      sagae(data, 'audit', 'replay'),
      onServer('audit', 'replay'),
    ]);
    expect(here).to.include({ code: 0 });
    expect(withoutPositions(there)).to.deep.equal(withoutPositions(here));
  });
});

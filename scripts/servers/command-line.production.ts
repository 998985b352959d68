import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { allViews } from '../../projection-service/views/all.js';
import { withStore } from '../../shared/testing/eventstoredb/with-store.js';
import { sagae, sagaeWith, type Ran } from '../cli/run-child.js';
import { MongoUnderTest } from './mongo-under-test.js';

const ROWS = `id,effective_date,description,debit_account,credit_account,amount,currency
v1,2024-01-05,one,1010,2010:a,700,KRW
v2,2024-01-06,two,1010,2010:b,300,KRW
`;

const verification = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      failures: z.array(z.object({ where: z.string(), what: z.string() })),
    }),
  ),
});
const list = z.object({
  views: z.array(z.object({ view: z.string(), position: z.string(), parked: z.int() })),
});
const VIEWS = allViews('Asia/Seoul').map(({ name }) => name);

describe('the command line on EventStoreDB and MongoDB', () => {
  const { server, store } = withStore();
  let mongo: MongoUnderTest;
  let database: string;
  let data: string;
  before(async () => {
    mongo = await MongoUnderTest.start('memory');
  });
  after(() => mongo.stop());
  beforeEach(() => {
    database = mongo.newDatabase();
    data = mkdtempSync(join(tmpdir(), 'sagae-line-'));
    writeFileSync(join(data, 'rows.csv'), ROWS);
  });
  afterEach(async () => {
    await mongo.drop(database);
    rmSync(data, { recursive: true });
  });

  const run = (...args: string[]): Promise<Ran> =>
    sagaeWith(
      {
        SAGAE_STORE: 'eventstoredb',
        ESDB_URL: server().url,
        MONGODB_URL: urlOf(mongo.url, database),
        SAGAE_DATA: join(data, 'none'),
      },
      ...args,
    );

  const succeed = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }, args.join(' ')).to.deep.equal({ code: 0, stderr: '' });
    return stdout;
  };

  const verify = async () => {
    const { code, stdout } = await run('audit', 'verify', '--format', 'json');
    const { ok, checks } = verification.parse(JSON.parse(stdout));
    expect(code).to.equal(ok ? 0 : 1);
    return Object.fromEntries(checks.map(({ name, failures }) => [name, failures]));
  };

  const fill = async () => {
    await succeed('import', 'entries', join(data, 'rows.csv'));
    await succeed('views', 'rebuild');
  };

  it('works where there is nothing yet, and writes nothing to look', async () => {
    expect(await succeed('audit', 'verify')).to.contain('stored events: 0 events');
    const { views } = list.parse(JSON.parse(await succeed('views', 'list', '--format', 'json')));
    expect(views).to.deep.equal(VIEWS.map((view) => ({ view, position: '0', parked: 0 })));
    expect(await succeed('parked', 'list')).to.equal('');
    expect(await mongo.collections(database)).to.deep.equal([]);
    expect(await succeed('relay', 'parked')).to.equal('');
    expect(await succeed('parked', 'retry')).to.equal('0 handled, 0 still parked\n');
  });

  it('verifies the views in MongoDB', async () => {
    await fill();
    const head = await store().head();
    const text = await succeed('audit', 'verify');
    expect(text).to.match(
      /^ok {4} {2}stored events: 37 events: revisions of every stream; not bytes/m,
    );
    expect(text).to.match(/^ok {4} {2}entries: 2 entries/m);
    expect(text).to.contain(`ok      views: journal to position ${head}`);
    const { views } = list.parse(JSON.parse(await succeed('views', 'list', '--format', 'json')));
    expect(views.map(({ position }) => position)).to.deep.equal(VIEWS.map(() => `${head}`));
  });

  it('finds a row in MongoDB that was changed by hand, and a rebuild heals it', async () => {
    await fill();
    const tables = (await mongo.collections(database)).filter((name) => name.startsWith('legs_v'));
    expect(tables).to.have.length(1);
    await mongo.tamper(database, tables[0] ?? '', { 'row.amount': 701n });
    const found = await verify();
    expect(found['stored events']).to.deep.equal([]);
    expect(found['entries']).to.deep.equal([]);
    expect(found['views']?.map(({ where }) => where)).to.deep.equal(['journal']);
    expect(found['views']?.[0]?.what).to.contain('701').and.to.contain('recomputed');
    await succeed('views', 'rebuild', 'journal');
    expect((await verify())['views']).to.deep.equal([]);
  });

  it('lists and retries what a view could not handle', async () => {
    await fill();
    const metadata = {
      ...{ schemaVersion: 1, commandId: 'c', $correlationId: 'c' },
      ...{ actor: 'hand', effectiveDate: '2024-01-07' },
    };
    await store().append('entry-future', 'no-stream', [
      {
        eventId: randomUUID(),
        type: 'SomethingNew',
        data: '{"some":"thing"}',
        metadata: JSON.stringify(metadata),
      },
    ]);
    const head = await store().head();
    await succeed('views', 'rebuild', 'traces');
    const parked = await succeed('parked', 'list');
    expect(parked).to.match(/^traces: position \d+, entry-future revision 0: .*unknown type/);
    expect(parked).to.contain(`position ${head},`);
    const retried = await run('parked', 'retry');
    expect(retried).to.include({ code: 1 });
    expect(retried.stdout).to.match(/^0 handled, 1 still parked\n/);
    const halted = await run('views', 'rebuild', 'journal');
    expect(halted).to.include({ code: 1 });
    expect(halted.stderr).to.contain(`position ${head}`);
    const found = await verify();
    expect(found['entries']?.map(({ where }) => where)).to.deep.equal([`position ${head}`]);
    expect(found['views']).to.deep.equal([]);
  });

  it('replays and exports what a copy of the log in a file says', async () => {
    await fill();
    const copy = join(data, 'copy');
    const from = ['--from', 'eventstoredb', '--to', 'sqlite', '--to-data', copy];
    await succeed('copy-log', ...from);
    for (const args of [
      ['audit', 'replay', '--effective', '2024-01-05'],
      ['export', '--format', 'ledger'],
    ]) {
      const { code, stdout } = await sagae(copy, ...args);
      expect(code).to.equal(0);
      const withoutPositions = (text: string) => text.replace(/(position:? )\d+/g, '$1N');
      expect(withoutPositions(await succeed(...args))).to.equal(withoutPositions(stdout));
    }
  });
});

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

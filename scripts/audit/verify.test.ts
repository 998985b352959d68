import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { projectionTables } from '../../projection-service/service.js';
import { allViews } from '../../projection-service/views/all.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import { sagae } from '../cli/run-child.js';

const verification = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      failures: z.array(z.object({ where: z.string(), what: z.string() })),
    }),
  ),
});

const ROWS = `id,effective_date,description,debit_account,credit_account,amount,currency
v1,2024-01-05,find this text,1010,2010:a,700,KRW
v2,2024-01-06,another,1010,2010:b,300,KRW
`;

const PAYMENT = {
  id: 'p1',
  orderId: 'o1',
  sellerId: 's1',
  amount: '50000',
  currency: 'KRW',
  method: { type: 'card', token: 'tok_ok' },
  capture: 'manual',
  gateway: 'simulator',
};

describe('sagae audit verify', function () {
  this.timeout(60_000);
  let data: string;
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'sagae-test-'));
    writeFileSync(join(data, 'rows.csv'), ROWS);
    expect(await sagae(data, 'import', 'entries', join(data, 'rows.csv'))).to.include({ code: 0 });
    expect(await sagae(data, 'views', 'rebuild')).to.include({ code: 0 });
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  const verify = async () => {
    const { code, stdout } = await sagae(data, 'audit', 'verify', '--format', 'json');
    const { ok, checks } = verification.parse(JSON.parse(stdout));
    expect(code).to.equal(ok ? 0 : 1);
    return Object.fromEntries(checks.map(({ name, failures }) => [name, failures]));
  };

  const append = async (stream: string, type: string, payload: object) => {
    const store = await openEventStore({ folder: data });
    const metadata = {
      schemaVersion: 1,
      commandId: 'c',
      $correlationId: 'c',
      actor: 'hand',
      effectiveDate: '2024-01-07',
    };
    const event = {
      eventId: randomUUID(),
      type,
      data: JSON.stringify(payload),
      metadata: JSON.stringify(metadata),
    };
    await store.append(stream, 'no-stream', [event]);
    await store.close();
  };

  it('finds nothing wrong where nothing is, and says what it looked at', async () => {
    const { code, stdout, stderr } = await sagae(data, 'audit', 'verify');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^ok {4} {2}stored events: 37 events/m);
    expect(stdout).to.match(/^ok {4} {2}entries: 2 entries/m);
    expect(stdout).to.match(/^ok {4} {2}views: journal to position 37/m);
  });

  it('finds a flipped bit, and names the event', async () => {
    const path = join(data, 'events.db');
    const bytes = readFileSync(path);
    const at = bytes.indexOf('find this text');
    expect(at).to.be.greaterThan(0);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const found = await verify();
    expect(found['stored events']).to.have.length(1);
    expect(found['stored events']?.[0]?.where).to.equal('position 36');
    const text = await sagae(data, 'audit', 'verify');
    expect(text.stdout)
      .to.match(/^FAILED {2}stored events/m)
      .and.to.contain('position 36');
    const replay = await sagae(data, 'audit', 'replay');
    expect(replay).to.include({ code: 1, stdout: '' });
    expect(replay.stderr).to.contain('position 36');
  });

  it('finds an entry that does not balance, and that the books do not', async () => {
    const leg = (account: string, side: string, amount: string) => {
      return { account, side, amount, currency: 'KRW' };
    };
    const legs = [leg('1010', 'debit', '5'), leg('2010:a', 'credit', '4')];
    await append('entry-evil', 'EntryPosted', { id: 'evil', description: 'evil', entry: { legs } });
    const found = await verify();
    expect(found['stored events']).to.deep.equal([]);
    expect(found['entries']?.[0]?.where).to.equal('position 38');
    expect(found['entries']?.[0]?.what).to.contain('differ by 1 minor units of KRW');
  });

  it('finds an event that no program of today can read', async () => {
    await append('entry-future', 'SomethingNew', { some: 'thing' });
    const found = await verify();
    expect(found['entries']?.[0]).to.deep.include({ where: 'position 38' });
    expect(found['entries']?.[0]?.what).to.contain('unknown type');
  });

  it('finds a row of a view that was tampered with, and a rebuild heals it', async () => {
    await append('payment-p1', 'PaymentRequested', PAYMENT);
    expect(await sagae(data, 'views', 'rebuild')).to.include({ code: 0 });
    const all = allViews('Asia/Seoul');
    const views = all.filter(({ name }) => name !== 'traces');
    const store = openViewStore({ folder: data, tables: projectionTables(all) });
    for (const view of views) {
      const [target] = view.tables;
      if (target === undefined) throw new Error('a view without tables');
      const [row = []] = await store.scan(target, { index: 'key', prefix: [], limit: 1 });
      const keys = target.columns.map(([name]) => target.key.includes(name));
      const at = keys.lastIndexOf(false);
      const value = row[at];
      const tampered =
        typeof value === 'bigint' ? value + 1n : typeof value === 'string' ? `${value}x` : null;
      const after = await store.checkpoint(view.name);
      const puts = [
        { table: target, rows: [row.map((cell, index) => (index === at ? tampered : cell))] },
      ];
      expect(await store.commit(view.name, { after, upTo: after, puts })).to.equal('committed');
    }
    await store.close();
    const found = await verify();
    expect(found['views']?.map(({ where }) => where)).to.deep.equal(views.map(({ name }) => name));
    expect(await sagae(data, 'views', 'rebuild')).to.include({ code: 0 });
    expect((await verify())['views']).to.deep.equal([]);
  });

  it('lists views and parked events', async () => {
    await append('entry-future', 'SomethingNew', { some: 'thing' });
    const list = await sagae(data, 'views', 'list', '--format', 'json');
    expect(JSON.parse(list.stdout)).to.deep.include({ head: '38' });
    const wrong = await sagae(data, 'views', 'rebuild', 'nothing');
    expect(wrong).to.include({ code: 2 });
    const none = await sagae(data, 'parked', 'list', '--format', 'json');
    expect(JSON.parse(none.stdout)).to.deep.equal({ parked: [] });
    expect(await sagae(data, 'parked', 'retry')).to.include({ code: 0 });

    expect(await sagae(data, 'views', 'rebuild', 'traces')).to.include({ code: 0 });
    const parked = await sagae(data, 'parked', 'list');
    expect(parked.stdout).to.match(/^traces: position 38, entry-future revision 0: .*unknown type/);
    const retried = await sagae(data, 'parked', 'retry');
    expect(retried).to.include({ code: 1 });
    expect(retried.stdout).to.match(/^0 handled, 1 still parked\n/);

    // A total that misses an event is worse than none: the view that was there stays.
    const halted = await sagae(data, 'views', 'rebuild', 'journal');
    expect(halted).to.include({ code: 1 });
    expect(halted.stderr).to.contain('position 38');
  });
});

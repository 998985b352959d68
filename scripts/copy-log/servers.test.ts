import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openEventImport, type EventImport } from '../../shared/adapters/sqlite/event-import.js';
import { scrubEvents } from '../../shared/adapters/sqlite/event-scrub.js';
import { openEventStore, type SqliteEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { event, expectInOrder, rejection } from '../../shared/testing/event-samples.js';
import { withStore } from '../../shared/testing/eventstoredb/with-store.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import { copyLog, TargetRefused } from './copy.js';
import { RecordedTarget, type RecordedStore } from './recorded-target.js';
import { eventsOf, sampleLog } from './sample-logs.js';
import { verifyCopy } from './verify-copy.js';

describe('copying between SQLite and a server that speaks EventStoreDB', () => {
  const { server, store, open } = withStore();
  let folder: string;
  let source: SqliteEventStore;
  const imports: EventImport[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-copy-'));
    const log = sampleLog(60);
    const payments = Array.from({ length: 4 }, (_, number) => {
      const at = Date.parse('2026-05-31T14:59:00Z') + number * 1_700;
      return new PaymentHistory({ number, at }).start('attempt').done().start('capture', 100n);
    });
    recordPayments(log, payments);
    const filling = await openInto('from');
    await copyLog(log, filling);
    await filling.close();
    source = await openEventStore({ folder: join(folder, 'from') });
  });
  afterEach(async () => {
    await source.close();
    await Promise.all(imports.splice(0).map((one) => one.close()));
    rmSync(folder, { recursive: true });
  });

  async function openInto(name: string): Promise<EventImport> {
    const log = await openEventImport(join(folder, name));
    imports.push(log);
    return log;
  }

  it('brings the same log there and back', async () => {
    const { copied } = await copyLog(source, new RecordedTarget(store()));
    expect(copied).to.equal(Number(await source.head()));
    expectInOrder(await store().readAll(0n, 1000));
    // As a process reads it that was not there when it was copied.
    const fresh = await open({ readonly: true });
    expect(await eventsOf(fresh)).to.eql(await eventsOf(source));
    expect(await verifyCopy(source, fresh, await source.head())).to.include({ ok: true });

    const back = await openInto('back');
    await copyLog(fresh, back);
    expect(await eventsOf(back)).to.eql(await eventsOf(source));
    expect(await verifyCopy(fresh, back, await fresh.head())).to.include({ ok: true });
    await back.close();
    expect(await scrubEvents(join(folder, 'back'))).to.eql([]);
  });

  it('lets the ledger go on after the last event: time never runs backwards', async () => {
    await copyLog(source, new RecordedTarget(store()));
    const last = (await eventsOf(source)).at(-1);
    const appended = await store().append(last?.stream ?? '', last?.revision ?? 0n, [event()]);
    expect(appended).to.include({ kind: 'appended', revision: (last?.revision ?? 0n) + 1n });
    expectInOrder(await store().readAll(0n, 1000));
    const refused = await rejection(copyLog(source, new RecordedTarget(store())));
    expect(refused).to.be.instanceOf(TargetRefused);
  });

  for (const kind of ['lost-answer', 'no-answer', 'timed-out', 'half-close', 'reset'] as const) {
    it(`takes no event twice and leaves none out: ${kind}`, async () => {
      const impatient = await open({ appendTimeoutMs: 50 });
      const fault = { on: 'append', stored: true, kind } as const;
      server().misbehave({ on: 'append', kind: 'late-answer', ms: 0, times: 20 });
      const { met } = server().misbehave(fault);
      await copyLog(source, new RecordedTarget(impatient));
      await met;
      expect(await eventsOf(impatient)).to.eql(await eventsOf(source));
    });
  }

  for (const stored of [true, false]) {
    it(`goes on where it was when the server went away ${stored ? 'after' : 'before'} an append`, async () => {
      let appends = 0;
      const dying: RecordedStore = {
        head: () => store().head(),
        readAll: (after, limit) => store().readAll(after, limit),
        appendRecorded: async (stream, expected, events) => {
          appends += 1;
          if (appends === 30) {
            if (stored) await store().appendRecorded(stream, expected, events);
            await server().down();
          }
          return store().appendRecorded(stream, expected, events);
        },
      };
      const fault = await rejection(copyLog(source, new RecordedTarget(dying)));
      expect(fault).to.be.instanceOf(StoreUnavailable);
      await server().up();
      const { before } = await copyLog(source, new RecordedTarget(await open()));
      expect(before).to.be.greaterThan(0);
      expect(await eventsOf(store())).to.eql(await eventsOf(source));
    });
  }

  it('refuses a server that holds another ledger', async () => {
    await store().append('account-9', 'no-stream', [event()]);
    const refused = await rejection(copyLog(source, new RecordedTarget(store())));
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(String(refused)).to.contain('event 1 differs').and.to.contain('account-9 revision 0');
  });

  it('stops when a service appends to the server meanwhile', async () => {
    const service = await open();
    let appends = 0;
    const crowded: RecordedStore = {
      head: () => store().head(),
      readAll: (after, limit) => store().readAll(after, limit),
      appendRecorded: async (stream, expected, events) => {
        appends += 1;
        if (appends === 30) await service.append('account-9', 'no-stream', [event()]);
        return store().appendRecorded(stream, expected, events);
      },
    };
    expect(await rejection(copyLog(source, new RecordedTarget(crowded)))).to.be.instanceOf(Error);
    expect(appends).to.equal(30);
    const refused = await rejection(copyLog(source, new RecordedTarget(store())));
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(String(refused)).to.contain('target: position').and.to.contain('account-9 revision 0');
  });

  it('refuses a SQLite log into which a server writes meanwhile', async () => {
    const target = await openInto('to');
    const intruder = await openEventStore({ folder: join(folder, 'to') });
    const refused = await rejection(
      copyLog(source, {
        head: () => target.head(),
        readAll: (after, limit) => target.readAll(after, limit),
        extend: async (after, events) => {
          await intruder.append('intruder', 'no-stream', [event()]);
          return target.extend(after, events);
        },
      }),
    );
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(await intruder.head()).to.equal(1n);
    await intruder.close();
  });
});

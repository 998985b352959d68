import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { MemoryLog } from '../../shared/testing/memory-log.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import { copyLog, TargetRefused } from './copy.js';
import type { LogTarget } from './log-target.js';
import { RecordedTarget, type RecordedStore } from './recorded-target.js';
import {
  AppendFailed,
  eventsOf,
  foreignEvent,
  MemoryRecordedStore,
  sampleLog,
  type Failure,
} from './sample-logs.js';
import { verifyCopy } from './verify-copy.js';

/** Any number of payments, their events interleaved in the log. */
const anyPaymentsLog: fc.Arbitrary<MemoryLog> = fc
  .array(fc.nat(), { maxLength: 6 })
  .chain((numbers) => fc.tuple(...numbers.map((_, number) => anyPaymentHistory({ number }))))
  .map((histories) => {
    const log = new MemoryLog(11n);
    recordPayments(log, histories);
    return log;
  });

const anyText = fc.string({ unit: 'binary', maxLength: 40 });

/** Events of any texts in a few streams, at times that often repeat. No books can be made of them. */
const anyLog: fc.Arbitrary<MemoryLog> = fc
  .array(
    fc.record({
      eventId: fc.uuid(),
      stream: fc.constantFrom('a', 'b', 'payment-1', '계정-1'),
      type: fc.constantFrom('Tested', 'Done', '완료'),
      data: anyText.map((text) => JSON.stringify({ text })),
      metadata: anyText.map((text) => ` { "text": ${JSON.stringify(text)} }`),
      wait: fc.constantFrom(0, 0, 1, 86_400_000),
    }),
    { maxLength: 60 },
  )
  .map((events) => {
    const log = new MemoryLog(7n);
    let recordedAt = Date.parse('2020-02-29T00:00:00Z');
    for (const { stream, wait, ...event } of events) {
      recordedAt += wait;
      log.append(stream, { ...event, recordedAt });
    }
    return log;
  });

const anyFailures: fc.Arbitrary<(Failure | undefined)[]> = fc.array(
  fc.constantFrom('answer-lost', 'not-stored', undefined, undefined, undefined),
  { maxLength: 30 },
);

/** Starts the copy again and again until it comes to an end. */
async function copyInTheEnd(source: MemoryLog, target: LogTarget): Promise<number> {
  for (let runs = 1; ; runs += 1) {
    try {
      await copyLog(source, target);
      return runs;
    } catch (error) {
      if (!(error instanceof AppendFailed)) throw error;
    }
  }
}

describe('copying a log', () => {
  it('keeps every event as it is, in order, whatever is in it and whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyLog, anyPaymentsLog), anyFailures, async (source, failures) => {
        const store = new MemoryRecordedStore();
        store.failures.push(...failures);
        await copyInTheEnd(source, new RecordedTarget(store));
        expect(await eventsOf(store)).to.eql(await eventsOf(source));
        expect(store.mostInFlight).to.be.at.most(1);
        const { difference, target } = await verifyCopy(source, store, await source.head());
        expect(difference).to.equal(undefined);
        expect(target.events).to.equal(source.recorded.length);
      }),
    );
  });

  it('folds any payments to the same books', async () => {
    await fc.assert(
      fc.asyncProperty(anyPaymentsLog, async (source) => {
        const store = new MemoryRecordedStore();
        await copyLog(source, new RecordedTarget(store));
        const verified = await verifyCopy(source, store, await source.head());
        expect(verified.ok).to.equal(true);
        expect(verified.target.entries).to.equal(
          source.decoded().filter(({ event }) => 'entry' in event.data).length,
        );
      }),
    );
  });

  it('goes on where it was, whichever append it dies at, before or after it is stored', async () => {
    const source = sampleLog(12);
    const unharmed = new MemoryRecordedStore();
    await copyLog(source, new RecordedTarget(unharmed));
    for (let append = 0; append < unharmed.appends; append += 1) {
      for (const failure of ['answer-lost', 'not-stored'] as const) {
        const store = new MemoryRecordedStore();
        store.failures[append] = failure;
        const target = new RecordedTarget(store);
        expect(await rejection(copyLog(source, target))).to.be.instanceOf(AppendFailed);
        const there = store.log.recorded.length;
        const { before, copied } = await copyLog(source, target);
        expect({ before, copied }).to.eql({
          before: there,
          copied: source.recorded.length - there,
        });
        expect(await eventsOf(store)).to.eql(await eventsOf(source));
      }
    }
  });

  it('copies what there is when it begins, and what came since when it runs again', async () => {
    const source = sampleLog(10);
    const store = new MemoryRecordedStore();
    const target = new RecordedTarget(store);
    let grown = false;
    const first = await copyLog(source, target, () => {
      if (!grown) source.append('late', { ...foreignEvent(), recordedAt: 1e13 });
      grown = true;
    });
    expect(first.copied).to.equal(12);
    expect(source.recorded.length).to.equal(13);
    const second = await copyLog(source, target);
    expect(second).to.include({ before: 12, copied: 1, upTo: await source.head() });
    expect(await eventsOf(store)).to.eql(await eventsOf(source));
  });

  it('puts events of one stream that follow each other into one append of at most 1 MiB', async () => {
    const source = new MemoryLog();
    const data = JSON.stringify('x'.repeat(300_000));
    for (let number = 0; number < 10; number += 1) {
      const event = { ...foreignEvent(), data: number < 7 ? data : '{}' };
      source.append(number === 8 ? 'b' : 'a', event);
    }
    const store = new MemoryRecordedStore();
    await copyLog(source, new RecordedTarget(store));
    // Of `a` three, three and two, then one of `b`, then the last of `a`.
    expect(store.appends).to.equal(5);
    expect(await eventsOf(store)).to.eql(await eventsOf(source));
  });

  it('refuses a target that holds anything but a beginning of the source, and names it', async () => {
    const source = sampleLog(9);
    const all = await eventsOf(source);
    for (const [at, changes, part] of [
      [0, { eventId: foreignEvent().eventId }, 'id'],
      [3, { data: '{}' }, 'data'],
      [4, { metadata: '{}' }, 'metadata'],
      [5, { recordedAt: 1e13 }, 'recorded time'],
      [6, { type: 'Other' }, 'type'],
      [7, { stream: 'elsewhere' }, 'stream'],
    ] as const) {
      const log = new MemoryLog();
      for (const [index, { stream, ...event }] of all.slice(0, 9).entries()) {
        const changed = { stream, ...event, ...(index === at ? changes : {}) };
        log.append(changed.stream, changed);
      }
      const store = new MemoryRecordedStore(log);
      const refused = await rejection(copyLog(source, new RecordedTarget(store)));
      expect(refused).to.be.instanceOf(TargetRefused);
      expect(String(refused))
        .to.contain(`event ${at + 1} differs: `)
        .and.to.contain(part)
        .and.to.contain(`${log.recorded[at]?.stream ?? ''} revision`);
      expect(store.appends).to.equal(0);
    }
  });

  it('refuses a target that holds more than the source', async () => {
    const source = sampleLog(3);
    const store = new MemoryRecordedStore();
    await copyLog(source, new RecordedTarget(store));
    store.log.append('foreign', foreignEvent());
    const refused = await rejection(copyLog(source, new RecordedTarget(store)));
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(String(refused)).to.contain('event 6 differs; source: no such event; target: position');
  });

  it('stops when an event turns out to be in the target before those that come before it', async () => {
    const source = sampleLog(9);
    const store = new MemoryRecordedStore();
    const unordered: RecordedStore = {
      head: () => store.head(),
      readAll: (after, limit) => store.readAll(after, limit),
      appendRecorded: async (stream, expected, events) => {
        const result = await store.appendRecorded(stream, expected, events);
        if (store.appends < 5 || result.kind === 'conflict') return result;
        return { ...result, position: 13n };
      },
    };
    const refused = await rejection(copyLog(source, new RecordedTarget(unordered)));
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(store.appends).to.equal(5);
  });

  it('stops when somebody else writes into the target meanwhile', async () => {
    const source = sampleLog(9);
    const last = source.recorded.at(-1);
    const store = new MemoryRecordedStore();
    const target = new RecordedTarget(store);
    const intruding: LogTarget = {
      head: () => target.head(),
      readAll: (after, limit) => target.readAll(after, limit),
      extend: async (after, events) => {
        store.log.append(last?.stream ?? '', foreignEvent());
        return target.extend(after, events);
      },
    };
    const refused = await rejection(copyLog(source, intruding));
    expect(refused).to.be.instanceOf(TargetRefused);
    expect(String(refused)).to.contain('something else writes into the target');
  });
});

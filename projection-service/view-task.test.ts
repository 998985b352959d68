import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { RecordedEvent } from '../shared/ports/event-store.js';
import { MemoryEventStore } from '../shared/testing/memory-event-store.js';
import { MemoryViewStore } from '../shared/testing/memory-view-store.js';
import { recordBad, recordGood, runningView, streamsView } from '../shared/testing/sample-views.js';
import { LogBatch } from './log-batch.js';
import { parkedTable } from './parked.js';
import type { View } from './view.js';
import { ViewTask } from './view-task.js';

/** Events of a few streams, some of them not decodable. */
const anyLog = fc.array(
  fc.record({ stream: fc.constantFrom('a', 'b', 'c'), isGood: fc.integer({ min: 0, max: 9 }) }),
  { minLength: 1, maxLength: 60 },
);

async function eventsOf(
  specs: readonly Readonly<{ stream: string; isGood: number }>[],
): Promise<readonly RecordedEvent[]> {
  const log = new MemoryEventStore();
  for (const { stream, isGood } of specs) (isGood > 0 ? recordGood : recordBad)(log, stream);
  return log.readAll(0n, specs.length);
}

/** Handles events in batches of these sizes; anew from what is stored where `restart` says so. */
async function project(
  view: View,
  events: readonly RecordedEvent[],
  sizes: readonly number[],
  restart: boolean,
): Promise<MemoryViewStore> {
  const store = new MemoryViewStore();
  const task = new ViewTask(view, store);
  await task.load();
  for (let done = 0, turn = 0; done < events.length; turn++) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? events.length);
    const after = events[done - 1]?.position ?? 0n;
    await task.handle(new LogBatch(after, events.slice(done, done + size)));
    if (restart) await task.load();
    done += size;
  }
  return store;
}

function rowsOf(store: MemoryViewStore, view: View) {
  return [...view.tables, parkedTable].map((table) => store.rows(table));
}

describe('a view on its way through the log', () => {
  it('has the same rows wherever batches are cut, and however often it starts anew', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(anyLog, cuts, fc.boolean(), async (specs, sizes, restart) => {
        const events = await eventsOf(specs);
        for (const view of [streamsView(), runningView()]) {
          const whole = await project(view, events, [], false);
          const cut = await project(view, events, sizes, restart);
          expect(rowsOf(cut, view)).to.deep.equal(rowsOf(whole, view));
          expect(await cut.checkpoint(view.name)).to.equal(await whole.checkpoint(view.name));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has the same rows wherever a fold fails and is narrowed down', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.nat({ max: 59 }), async (specs, place) => {
        const events = await eventsOf(specs);
        const view = streamsView();
        view.poison.add(events[place % events.length]?.position ?? 0n);
        const whole = await project(view, events, [], false);
        const single = await project(view, events, [1], false);
        expect(rowsOf(whole, view)).to.deep.equal(rowsOf(single, view));
      }),
      { numRuns: 100 },
    );
  });

  it('handles no event twice when a batch comes again', async () => {
    const events = await eventsOf([
      { stream: 'a', isGood: 1 },
      { stream: 'a', isGood: 1 },
    ]);
    const view = streamsView();
    const store = await project(view, events, [], false);
    const before = rowsOf(store, view);
    const task = new ViewTask(view, store);
    await task.load();
    expect(await task.handle(new LogBatch(0n, events))).to.deep.equal({ kind: 'handled' });
    expect(rowsOf(store, view)).to.deep.equal(before);
  });
});

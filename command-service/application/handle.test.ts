import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { NewEvent } from '../../shared/ports/event-store.js';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import { handle, type Folded, type HandleOptions, type Plan } from './handle.js';

/** The state is how many events there are. */
class Counter {
  pauses: number[] = [];
  #made = 0;
  readonly store = new RacingEventStore();
  readonly source = {
    stream: 's',
    read: () => this.#fold({ state: 0, revision: -1n }),
    refresh: (folded: Folded<number>) => this.#fold(folded),
  };

  options(more: Partial<HandleOptions> = {}): HandleOptions {
    const pause = (milliseconds: number) => {
      this.pauses.push(milliseconds);
      return Promise.resolve();
    };
    return { store: this.store, random: () => 0.5, pause, ...more };
  }

  event(): NewEvent {
    this.#made += 1;
    return { eventId: `id-${this.#made}`, type: 'Counted', data: '{}', metadata: '{}' };
  }

  add = ({ state }: Folded<number>): Plan<number> => ({
    kind: 'append',
    events: [this.event()],
    appended: () => state + 1,
  });

  async #fold({ state, revision }: Folded<number>): Promise<Folded<number>> {
    const events = await this.store.readStream('s', {
      direction: 'forwards',
      from: revision + 1n,
      limit: 100,
    });
    return { state: state + events.length, revision: revision + BigInt(events.length) };
  }
}

describe('handle', () => {
  it('reads, decides and appends', async () => {
    const counter = new Counter();
    expect(await handle(counter.source, counter.add, counter.options())).to.deep.equal({
      kind: 'handled',
      outcome: 1,
    });
    expect(counter.store.log).to.have.length(1);
  });

  it('answers without appending where the decision says so', async () => {
    const counter = new Counter();
    const answer = () => ({ kind: 'answer', outcome: 'no' }) as const;
    expect(await handle(counter.source, answer, counter.options())).to.deep.equal({
      kind: 'handled',
      outcome: 'no',
    });
    expect(counter.store.log).to.have.length(0);
  });

  it('decides again on what somebody else wrote', async () => {
    const counter = new Counter();
    const seen: number[] = [];
    const handled = await handle(
      counter.source,
      async (folded) => {
        seen.push(folded.state);
        if (seen.length < 4) {
          const expected = folded.revision === -1n ? 'no-stream' : folded.revision;
          await counter.store.append('s', expected, [counter.event()]);
        }
        return counter.add(folded);
      },
      counter.options(),
    );
    expect(handled).to.deep.equal({ kind: 'handled', outcome: 4 });
    expect(seen).to.deep.equal([0, 1, 2, 3]);
    // The first retry is at once; then full jitter in a window that doubles.
    expect(counter.pauses).to.deep.equal([4, 8]);
  });

  it('gives up after a bounded number of conflicts, and stores nothing', async () => {
    const counter = new Counter();
    let tries = 0;
    const handled = await handle(
      counter.source,
      async (folded) => {
        tries += 1;
        const expected = folded.revision === -1n ? 'no-stream' : folded.revision;
        await counter.store.append('s', expected, [counter.event()]);
        return counter.add(folded);
      },
      counter.options(),
    );
    expect(handled).to.deep.equal({ kind: 'contention' });
    expect(tries).to.equal(8);
    expect(counter.store.log).to.have.length(8);
  });

  it('decides once, and on no other revision, where the caller names one', async () => {
    const counter = new Counter();
    await handle(counter.source, counter.add, counter.options());
    expect(
      await handle(counter.source, counter.add, counter.options({ ifRevision: 3n })),
    ).to.deep.equal({ kind: 'mismatch', actual: 0n });
    const raced = await handle(
      counter.source,
      async (folded) => {
        await counter.store.append('s', folded.revision, [counter.event()]);
        return counter.add(folded);
      },
      counter.options({ ifRevision: 0n }),
    );
    expect(raced).to.deep.equal({ kind: 'mismatch', actual: 1n });
    expect(counter.store.log).to.have.length(2);
  });

  it('looks again before it decides, when asked to', async () => {
    const counter = new Counter();
    let asked = 0;
    const handled = await handle<number, number>(
      counter.source,
      async (folded) => {
        asked += 1;
        if (asked > 1) return { kind: 'answer', outcome: folded.state };
        await counter.store.append('s', 'no-stream', [counter.event()]);
        return { kind: 'refresh' };
      },
      counter.options(),
    );
    expect(handled).to.deep.equal({ kind: 'handled', outcome: 1 });
  });
});

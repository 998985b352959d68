import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { RecordedEvent } from '../../ports/event-store.js';
import type { Acknowledged } from '../../testing/event-samples.js';
import { scrubEvents } from './event-scrub.js';
import { openEventStore } from './event-store.js';

const CHILD = fileURLToPath(new URL('./event-processes.child.js', import.meta.url));

describe('one log, several processes', function () {
  this.timeout(60_000);
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-processes-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  function startChild(name: string, count: number, acknowledged: Acknowledged[]): ChildProcess {
    const child = fork(CHILD, [folder, name, String(count)]);
    children.push(child);
    child.on('message', (message: Acknowledged) => acknowledged.push(message));
    return child;
  }

  async function everything(): Promise<readonly RecordedEvent[]> {
    const store = await openEventStore({ folder });
    const events = await store.readAll(0n, 1_000_000);
    await store.close();
    return events;
  }

  /** Every acknowledged append is where it was said to be, and no event is there twice. */
  function expectKept(
    events: readonly RecordedEvent[],
    acknowledged: readonly Acknowledged[],
  ): void {
    const byPosition = new Map(events.map((event) => [event.position.toString(), event]));
    for (const { stream, eventId, position } of acknowledged) {
      expect(byPosition.get(position)).to.include({ stream, eventId });
    }
    expect(new Set(events.map(({ eventId }) => eventId)).size).to.equal(events.length);
  }

  it('all append at once, make the file at once, and nothing is lost', async () => {
    const acknowledged: Acknowledged[] = [];
    const running = ['a', 'b', 'c'].map((name) => startChild(name, 200, acknowledged));
    const codes = await Promise.all(running.map((child) => once(child, 'exit')));
    expect(codes.map(([code]: unknown[]) => code)).to.eql([0, 0, 0]);
    const events = await everything();
    expect(events).to.have.length(acknowledged.length);
    expect(events.filter(({ stream }) => stream !== 'shared')).to.have.length(600);
    expectKept(events, acknowledged);
    expect(await scrubEvents(folder)).to.eql([]);
  });

  it('a subscription sees what another process appends', async () => {
    const store = await openEventStore({ folder });
    const acknowledged: Acknowledged[] = [];
    const child = startChild('other', 50, acknowledged);
    const stop = new AbortController();
    const seen = new Set<string>();
    for await (const batch of store.subscribe(0n, stop.signal)) {
      for (const { stream } of batch) seen.add(stream);
      if (seen.has('shared') && seen.size === 51) stop.abort();
    }
    if (child.exitCode === null) await once(child, 'exit');
    await store.close();
    expect(seen.size).to.equal(51);
  });

  it('killed at any moment, it keeps every append that was acknowledged', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 5; round += 1) {
      const child = startChild(`round${round}`, 1_000_000, acknowledged);
      const enough = acknowledged.length + 50 + Math.floor(Math.random() * 300);
      while (acknowledged.length < enough) await once(child, 'message');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const events = await everything();
      expectKept(events, acknowledged);
      expect(await scrubEvents(folder)).to.eql([]);
    }
  });
});

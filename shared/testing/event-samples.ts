import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  RecordedEvent,
} from '../ports/event-store.js';

/* Events to append, and ways to look at what came of them, for tests of any event store. */

export function event(fields: Partial<NewEvent> = {}): NewEvent {
  const data = JSON.stringify({ nonce: randomUUID() });
  return { eventId: randomUUID(), type: 'Tested', data, metadata: '{}', ...fields };
}

export function newStream(prefix = 'contract'): string {
  return `${prefix}-${randomUUID()}`;
}

/** A JSON text of exactly so many bytes. */
export function json(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2));
}

export function all(store: EventStore, stream: string): Promise<readonly RecordedEvent[]> {
  return store.readStream(stream, { direction: 'forwards', limit: 1000 });
}

export async function readAfter(
  store: EventStore,
  after: bigint,
  page: number,
): Promise<readonly RecordedEvent[]> {
  const read: RecordedEvent[] = [];
  for (let from = after; ;) {
    const events = await store.readAll(from, page);
    const last = events.at(-1);
    if (last === undefined) return read;
    read.push(...events);
    from = last.position;
  }
}

/** What the caller gave of a recorded event. */
export function given({ eventId, type, data, metadata }: RecordedEvent): NewEvent {
  return { eventId, type, data, metadata };
}

export function appended(result: AppendResult): Extract<AppendResult, { kind: 'appended' }> {
  if (result.kind === 'appended') return result;
  throw new Error(`a conflict with revision ${result.actual}`);
}

export function conflict(actual: ExpectedRevision): AppendResult {
  return { kind: 'conflict', actual };
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

/** At least once: an event may come again, but never one before those that were not seen yet. */
export function withoutRepeats(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  let last = 0n;
  return events.filter(({ position }) => {
    if (position <= last) return false;
    last = position;
    return true;
  });
}

export function expectInOrder(events: readonly RecordedEvent[]): void {
  for (const [index, one] of events.entries()) {
    const before = events[index - 1];
    if (before === undefined) continue;
    expect(one.position > before.position).to.equal(true);
    expect(one.recordedAt >= before.recordedAt).to.equal(true);
  }
}

export function byOrder(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** What a process of a test tells its parent of an append that was answered. */
export type Acknowledged = Readonly<{ stream: string; eventId: string; position: string }>;

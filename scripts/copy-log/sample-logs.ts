import { randomUUID } from 'node:crypto';
import type {
  AppendResult,
  ExpectedRevision,
  NewEvent,
  RecordedEvent,
} from '../../shared/ports/event-store.js';
import { MemoryLog, moved } from '../../shared/testing/memory-log.js';
import type { LogSource } from './log-target.js';
import type { RecordedStore } from './recorded-target.js';

/* Logs to copy, and a store in memory to copy them into, for tests. */

/** A small book over three months: entries of two currencies, some effective in earlier months. */
export function sampleLog(entries: number): MemoryLog {
  const log = new MemoryLog(3n);
  for (const [code, name, type] of [
    ['1010', 'Bank', 'asset'],
    ['2010', 'Payable', 'liability'],
  ] as const) {
    const data = { code, name, type, guarded: false, floor: 0n, currencies: [] };
    log.record({
      event: { type: 'AccountDeclared', data },
      effective: '2026-01-05',
      recordedAt: '2026-01-05T00:00:00Z',
      stream: `code-${code}`,
    });
  }
  for (let number = 0; number < entries; number += 1) {
    const currency = number % 5 === 4 ? 'USD' : 'KRW';
    const entry = moved('1010', `2010:m${number % 7}`, BigInt(100 + number), currency);
    log.record({
      event: {
        type: 'EntryPosted',
        data: { id: `e${number}`, description: `row ${number}`, entry },
      },
      effective: `2026-0${1 + ((number * 5) % 3)}-2${number % 8}`,
      recordedAt: Date.parse('2026-04-01T00:00:00Z') + Math.floor(number / 3),
      stream: number % 4 === 0 ? `entry-busy-${number % 3}` : `entry-${number}`,
    });
  }
  return log;
}

/** An append that fails: when it has been stored, or before that. */
export type Failure = 'answer-lost' | 'not-stored';

export class AppendFailed extends Error {
  override readonly name = 'AppendFailed';
}

/** Takes recorded events as EventStoreDB does: one stream at a time, known ids again as before. */
export class MemoryRecordedStore implements RecordedStore {
  readonly log: MemoryLog;
  /** What the next appends come to, one each; then they succeed. */
  readonly failures: (Failure | undefined)[] = [];
  appends = 0;
  inFlight = 0;
  mostInFlight = 0;

  constructor(log = new MemoryLog(13n)) {
    this.log = log;
  }

  head(): Promise<bigint> {
    return this.log.head();
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.log.readAll(after, limit);
  }

  async appendRecorded(
    stream: string,
    expected: ExpectedRevision,
    events: readonly (NewEvent & Readonly<{ recordedAt: number }>)[],
  ): Promise<AppendResult> {
    this.appends += 1;
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await Promise.resolve();
    this.inFlight -= 1;
    const failure = this.failures.shift();
    if (failure === 'not-stored') throw new AppendFailed(failure);
    const result = this.#append(stream, expected, events);
    if (failure === 'answer-lost') throw new AppendFailed(failure);
    return result;
  }

  #append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly (NewEvent & Readonly<{ recordedAt: number }>)[],
  ): AppendResult {
    const there = this.log.recorded.filter((event) => event.stream === stream);
    const actual = there.at(-1)?.revision ?? 'no-stream';
    if (actual !== expected) return { kind: 'conflict', actual };
    for (const { eventId, type, data, metadata, recordedAt } of events) {
      this.log.append(stream, { eventId, type, data, metadata, recordedAt });
    }
    const last = this.log.recorded.at(-1);
    if (last === undefined) throw new Error('nothing to append');
    const { revision, position, recordedAt } = last;
    return { kind: 'appended', revision, position, recordedAt };
  }
}

/** All events of a log without their positions, which are each log's own. */
export async function eventsOf(
  log: LogSource,
): Promise<readonly Omit<RecordedEvent, 'position'>[]> {
  const events = await log.readAll(0n, 1_000_000);
  return events.map(({ eventId, stream, revision, type, data, metadata, recordedAt }) => {
    return { eventId, stream, revision, type, data, metadata, recordedAt };
  });
}

/** An event that no log of a test has. */
export function foreignEvent(): Omit<RecordedEvent, 'stream' | 'revision' | 'position'> {
  return { eventId: randomUUID(), type: 'Foreign', data: '{}', metadata: '{}', recordedAt: 0 };
}

import type { AppendResult, ExpectedRevision, NewEvent } from '../ports/event-store.js';

/** The simplest log there is: arrays. What an event store answers is compared with it. */
export class LogModel {
  readonly log: NewEvent[] = [];
  readonly #streams = new Map<string, { event: NewEvent; position: bigint }[]>();

  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const stored = this.#streams.get(stream) ?? [];
    const from = expected === 'no-stream' ? 0 : Number(expected) + 1;
    if (from === stored.length) {
      for (const event of events) {
        this.log.push(event);
        stored.push({ event, position: BigInt(this.log.length) });
      }
      this.#streams.set(stream, stored);
    }
    const there = stored.slice(from, from + events.length);
    const last = there.at(-1);
    const same = there.every(({ event }, index) => event.eventId === events[index]?.eventId);
    if (last !== undefined && same && there.length === events.length) {
      const revision = BigInt(from + events.length - 1);
      return { kind: 'appended', revision, position: last.position, recordedAt: 0 };
    }
    const actual = stored.length === 0 ? 'no-stream' : BigInt(stored.length - 1);
    return { kind: 'conflict', actual };
  }

  stream(stream: string): readonly NewEvent[] {
    return (this.#streams.get(stream) ?? []).map(({ event }) => event);
  }
}

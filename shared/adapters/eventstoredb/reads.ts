import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import {
  StoreUnavailable,
  type ReadStreamOptions,
  type RecordedEvent,
} from '../../ports/event-store.js';
import type { Connection } from './connection.js';
import { asStoreFault, isPassing, isUnknownPosition, Silence } from './faults.js';
import { readEvents } from './read-calls.js';
import { CLOCK_STEP_MS, type RecordedTimes } from './recorded-times.js';
import {
  isOurs,
  recorded,
  readAllRequest,
  readStreamRequest,
  type Place,
  type ReadAll,
  type WireEvent,
} from './wire.js';

/** Events read at once where it is not known how many are needed. */
const PAGE = 1000;
/** How many events are looked at to find a later time before them. */
const LOOK_BACK = 20_000;
const READ_AT_ONCE = 32;
/** A server that looks through a large log for events of one type says nothing meanwhile. */
const SEARCH_SILENCE_MS = 600_000;

/** Reads of the log, each answered by the leader; a read that a broken connection ended is repeated. */
export class Reads {
  readonly #connection: Connection;
  readonly #server: string;
  readonly #times: RecordedTimes;
  readonly #silenceMs: number;
  /** A position that was the head once: it has only moved on. */
  #head = 0n;
  #isClosed = false;

  constructor(connection: Connection, server: string, times: RecordedTimes, silenceMs: number) {
    this.#connection = connection;
    this.#server = server;
    this.#times = times;
    this.#silenceMs = silenceMs;
  }

  close(): void {
    this.#isClosed = true;
  }

  async stream(
    stream: string,
    { direction, from, limit }: ReadStreamOptions,
  ): Promise<readonly RecordedEvent[]> {
    const place = from ?? (direction === 'forwards' ? 'start' : 'end');
    const request = readStreamRequest(stream, { from: place, direction, count: limit });
    const events = (await this.#guard(() => this.#read(request))).filter(isOurs);
    if (direction === 'forwards') return this.#inOrder(events);
    return this.#inOrder(events.reverse()).reverse();
  }

  async all(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    if (limit <= 0) return [];
    return this.#guard(async () => {
      try {
        return await this.#after(after, limit);
      } catch (error) {
        if (after === 0n || !isUnknownPosition(error)) throw error;
      }
      // No event is there. The server tells no more, so we go there from one that is.
      if (after >= (await this.head())) return [];
      return this.#after(await this.#lastBefore(after), limit);
    });
  }

  /** @throws {Error} there is no event at one of the positions */
  async at(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for (let from = 0; from < positions.length; from += READ_AT_ONCE) {
      const some = positions.slice(from, from + READ_AT_ONCE);
      found.push(...(await this.#guard(() => Promise.all(some.map((one) => this.#one(one))))));
    }
    return found;
  }

  async head(): Promise<bigint> {
    return this.#guard(async () => {
      let from: Place = 'end';
      for (let count = 1; ; count = Math.min(count * 16, PAGE)) {
        const page = await this.#read(readAllRequest({ from, direction: 'backwards', count }));
        const head = page.find(isOurs)?.position;
        if (head !== undefined) this.#head = head > this.#head ? head : this.#head;
        const last = page.at(-1);
        const isDone = head !== undefined || last === undefined || page.length < count;
        if (isDone || last.position <= this.#head) return this.#head;
        from = last.position;
      }
    });
  }

  /** The head, and the recorded time there. */
  async headAndTime(): Promise<Readonly<{ position: bigint; recordedAt: number }>> {
    const position = await this.head();
    if (position === 0n) return { position, recordedAt: 0 };
    return this.#guard(async () => {
      const [event] = await this.#all({ from: position, direction: 'forwards', count: 1 });
      return { position, recordedAt: event === undefined ? 0 : await this.#timeAt(event) };
    });
  }

  /**
   * Recorded time of an event that was read by its stream, where those before it in the log were not
   * seen: the feed may not have come to them yet.
   */
  async recordedAt({ position, recordedAt }: RecordedEvent): Promise<number> {
    return this.#guard(() => this.#timeAt({ position, created: recordedAt }));
  }

  /** Events of any kind from a place on, of types that begin so; the server may send others too. */
  async ofType(typePrefix: string, from: Place, count: number): Promise<readonly WireEvent[]> {
    const request = readAllRequest({ from, direction: 'forwards', count, typePrefix });
    return this.#guard(() => this.#read(request, SEARCH_SILENCE_MS));
  }

  /** The last event of a stream of the server's own. */
  async lastOf(stream: string): Promise<WireEvent | undefined> {
    const request = readStreamRequest(stream, { from: 'end', direction: 'backwards', count: 1 });
    const [last] = await this.#guard(() => this.#read(request));
    return last;
  }

  /** What came before them in the log may not be known; what comes first of these is. */
  #inOrder(events: readonly WireEvent[]): RecordedEvent[] {
    let time = 0;
    return events.map((event) => {
      time = Math.max(time, this.#times.of(event));
      return recorded(event, time);
    });
  }

  async #after(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let place = after;
    let time: number | undefined = after === 0n ? 0 : undefined;
    // The server's own events must not end a page early.
    for (let atLeast = 0; events.length < limit; atLeast = PAGE) {
      const count = Math.max(limit - events.length, atLeast) + (place === 0n ? 0 : 1);
      const from = place === 0n ? 'start' : place;
      const page = await this.#all({ from, direction: 'forwards', count });
      time ??= await this.#timeAfter(after, page[0]);
      for (const event of page) {
        if (event.position <= place || !isOurs(event)) continue;
        time = Math.max(time, event.created);
        events.push(recorded(event, time));
      }
      const last = page.at(-1);
      if (last === undefined || page.length < count) break;
      place = last.position;
    }
    const wanted = events.slice(0, limit);
    const end = wanted.at(-1);
    if (end !== undefined) this.#times.anchor(end.position, end.recordedAt);
    return wanted;
  }

  /** Recorded time at the position that a page was read from. */
  async #timeAfter(position: bigint, first: WireEvent | undefined): Promise<number> {
    return first?.position === position ? this.#timeAt(first) : 0;
  }

  async #one(position: bigint): Promise<RecordedEvent> {
    const [event] = await this.#at(position);
    if (event?.position !== position || !isOurs(event)) {
      throw new RangeError(`no event at position ${position}`);
    }
    return recorded(event, this.#times.of(event));
  }

  async #at(position: bigint): Promise<readonly WireEvent[]> {
    try {
      return await this.#all({ from: position, direction: 'forwards', count: 1 });
    } catch (error) {
      if (!isUnknownPosition(error)) throw error;
      // The server says the same where it cannot tell, so it is looked whether there is one.
      const isWithin = position <= (await this.head());
      if (isWithin && (await this.#lastBefore(position)) === position) throw error;
      return [];
    }
  }

  /** The last position of an event up to this one. */
  async #lastBefore(position: bigint): Promise<bigint> {
    for (let last = this.#times.lastAnchor(position); ;) {
      const from = last === 0n ? 'start' : last;
      const page = await this.#all({ from, direction: 'forwards', count: PAGE });
      for (const event of page) {
        if (event.position > position) return last;
        last = event.position;
      }
      if (page.length < PAGE) return last;
    }
  }

  /** Recorded time of an event in the middle of the log. */
  async #timeAt(event: Pick<WireEvent, 'position' | 'created'>): Promise<number> {
    const known = this.#times.certain(event);
    if (known !== undefined) return known;
    let time = event.created;
    let from = event.position;
    let looked = 0;
    for (let count = 32; looked < LOOK_BACK; count = Math.min(count * 4, PAGE)) {
      const page = await this.#all({ from, direction: 'backwards', count });
      for (const earlier of page) {
        if (earlier.position >= from || !isOurs(earlier)) continue;
        const certain = this.#times.certain(earlier);
        time = Math.max(time, certain ?? earlier.created);
        if (certain !== undefined || earlier.created <= time - CLOCK_STEP_MS) return time;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < count) return time;
      from = last.position;
      looked += page.length;
    }
    return time;
  }

  #all(read: ReadAll): Promise<readonly WireEvent[]> {
    return this.#read(readAllRequest(read));
  }

  async #read(request: ReadReq, silenceMs = this.#silenceMs): Promise<readonly WireEvent[]> {
    this.#refuseWhenClosed();
    try {
      return await readEvents(this.#connection, request, silenceMs);
    } catch (error) {
      this.#refuseWhenClosed();
      if (!isPassing(error) || error instanceof Silence) throw error;
    }
    // The client has noticed by then, and connects anew, to the leader it may have been told.
    await nextTurn();
    this.#refuseWhenClosed();
    return readEvents(this.#connection, request, silenceMs);
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asStoreFault(error, this.#server);
    }
  }
}

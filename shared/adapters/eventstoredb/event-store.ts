import {
  StoreUnavailable,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type ReadStreamOptions,
  type RecordedEvent,
} from '../../ports/event-store.js';
import { AppendCalls } from './append-calls.js';
import { refusalOf } from './append-refusal.js';
import { Appends } from './appends.js';
import { Connection } from './connection.js';
import { Feed } from './feed.js';
import type { OnNotice } from './notice.js';
import { Reads } from './reads.js';
import { appendRecorded, type EventOfAnotherLog } from './recorded-appends.js';
import { RecordedTimes } from './recorded-times.js';
import { checkRetention } from './retention-check.js';
import { readConnectionString } from './settings.js';
import { subscribe } from './subscription.js';

export type EventStoreDbOptions = Readonly<{
  /** `esdb://host:port?tls=false`, `esdb+discover://…`; with a user: `esdb://name:password@…`. */
  url: string;
  /** Appends are refused. */
  readonly?: boolean;
  /** How long finding a node may take. */
  connectTimeoutMs?: number;
  /** How long to wait for the answer to an append before looking what became of it. */
  appendTimeoutMs?: number;
  /** How long the server may be silent while it is being read from. */
  readTimeoutMs?: number;
  /** How long the live feed may be silent before it is asked whether it misses something. */
  probeMs?: number;
  /** What should be in the log of the process. */
  onNotice?: OnNotice;
}>;

const CONNECT_TIMEOUT_MS = 5000;
const APPEND_TIMEOUT_MS = 3000;
const READ_TIMEOUT_MS = 3000;
const PROBE_MS = 1500;

/**
 * Connects to EventStoreDB or KurrentDB and checks that the server was not told to forget events.
 *
 * @throws {TypeError} the URL cannot be used
 * @throws {StoreUnavailable} the server cannot be reached
 * @throws {StreamsTruncated} a stream has `$maxAge`, `$maxCount` or `$tb`
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStoreDb> {
  const store = new EventStoreDb(options);
  try {
    await store.check();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The log in EventStoreDB. Positions are its commit positions, bytes in its log: sparse. */
export class EventStoreDb implements EventStore {
  readonly #connection: Connection;
  readonly #reads: Reads;
  readonly #feed: Feed;
  readonly #times: RecordedTimes;
  readonly #calls: AppendCalls;
  readonly #appends: Appends;
  readonly #isReadonly: boolean;
  readonly #closing = new AbortController();

  /** Use {@link openEventStoreDb}. */
  constructor(options: EventStoreDbOptions) {
    const { onNotice = () => undefined } = options;
    const settings = readConnectionString(options.url);
    const { server } = settings;
    const connection = new Connection(settings, options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    const times = new RecordedTimes(onNotice);
    const reads = new Reads(connection, server, times, options.readTimeoutMs ?? READ_TIMEOUT_MS);
    const probeMs = options.probeMs ?? PROBE_MS;
    const feed = new Feed({ connection, reads, times, onNotice, probeMs });
    this.#calls = new AppendCalls(connection, options.appendTimeoutMs ?? APPEND_TIMEOUT_MS);
    this.#connection = connection;
    this.#reads = reads;
    this.#feed = feed;
    this.#times = times;
    this.#appends = new Appends({ calls: this.#calls, reads, feed, server, onNotice });
    this.#isReadonly = options.readonly ?? false;
  }

  /** @throws as {@link openEventStoreDb} */
  async check(): Promise<void> {
    await checkRetention(this.#reads, this.#isReadonly ? undefined : this.#calls);
    if (!this.#isReadonly) await this.#feed.begin();
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.#refuse(stream, expected, events);
    return this.#appends.append(stream, expected, events);
  }

  /**
   * As {@link append}, for events of another log, which keep the times they were recorded at. To be
   * called in the order of that log, one after the other, while nobody else appends.
   * @throws {RangeError} a time is before one that is in the log already: nothing was stored
   */
  async appendRecorded(
    stream: string,
    expected: ExpectedRevision,
    events: readonly EventOfAnotherLog[],
  ): Promise<AppendResult> {
    this.#refuse(stream, expected, events);
    return appendRecorded(this.#appends, this.#times, stream, expected, events);
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#reads.stream(stream, options);
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#reads.all(after, limit);
  }

  readAt(positions: readonly bigint[]): Promise<readonly RecordedEvent[]> {
    return this.#reads.at(positions);
  }

  head(): Promise<bigint> {
    return this.#reads.head();
  }

  subscribe(after: bigint, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return subscribe(this.#feed, this.#reads, after, until);
  }

  /** Waits for the appends in hand, ends the subscriptions, lets go of the connection. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#appends.finish();
    this.#reads.close();
    await this.#feed.close();
    await this.#connection.hangUp();
  }

  #refuse(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the log is closed');
    if (this.#isReadonly) throw new StoreUnavailable('this log was opened for reading only');
    const refusal = refusalOf(stream, expected, events);
    if (refusal !== undefined) throw refusal;
  }
}

import { BusUnavailable, type BusMessage, type PublishResult } from '../../ports/event-bus.js';
import { MessageRefused, reasonOf } from './faults.js';
import { Pace } from './pace.js';
import { partitionOf } from './partition.js';
import { ProducerLink, type Placed } from './producer-link.js';
import { leastBytes, rounds, type Queued } from './rounds.js';
import type { KafkaSettings } from './settings.js';
import { NoAnswer } from './time-limit.js';

const PUBLISHED: PublishResult = { kind: 'published' };
const BEHIND: PublishResult = { kind: 'behind' };
/** Kafka's own default of `max.message.bytes`, which limits batches. */
const LARGEST_BATCH = 1_048_588;
/**
 * Whether a topic takes a message is the brokers' to say: limits differ, and change. But of whoever
 * sends a request of 100 MiB they cut the connection, which would look like an outage.
 */
const LARGEST_MESSAGE = 32 * 1024 * 1024;
/** A batch is not made smaller than this, however many are refused. */
const SMALLEST_BATCH = 16 * 1024;

/**
 * Publishes one call after the other, over one connection with one request under way, so that what
 * comes later cannot overtake. Any fault gives the connection up.
 */
export class Publisher {
  #link: ProducerLink | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** What a batch may hold; less where the brokers turned out to take less. */
  #batchBytes = LARGEST_BATCH;
  readonly #pace: Pace;
  readonly #closing = new AbortController();

  constructor(private readonly settings: KafkaSettings) {
    this.#pace = new Pace(settings.answerMs);
  }

  /** @throws {BusUnavailable} any part of them may have been published, or may yet be */
  publish(messages: readonly BusMessage[]): Promise<readonly PublishResult[]> {
    const done = this.#last.then(() => this.#publish(messages));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  async #publish(messages: readonly BusMessage[]): Promise<readonly PublishResult[]> {
    if (messages.length === 0) return [];
    try {
      const link = await this.#connected();
      const call = new Call(messages.length);
      const queued = await this.#place(link, messages);
      const limits = () => ({ batch: this.#batchBytes, round: this.#pace.roundBytes });
      for (const round of rounds(queued, limits)) await this.#send(link, round, call);
      return call.results();
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  async #connected(): Promise<ProducerLink> {
    this.#assertOpen();
    this.#link ??= await ProducerLink.open(this.settings, this.#closing.signal);
    const link = this.#link;
    // It may have been closed while it connected.
    if (this.#closing.signal.aborted) await this.close();
    this.#assertOpen();
    return link;
  }

  /** Gives each message its partition. @throws {BusUnavailable} there is no such topic */
  async #place(link: ProducerLink, messages: readonly BusMessage[]): Promise<readonly Queued[]> {
    const queued: Queued[] = [];
    for (const [index, message] of messages.entries()) {
      const count = await link.partitionsOf(message.topic, this.#closing.signal);
      const partition = partitionOf(message.key, count);
      queued.push({ message, partition, index, bytes: leastBytes({ message, partition }) });
    }
    return queued;
  }

  /** Where the brokers refuse something, halves it until it is known what. */
  async #send(link: ProducerLink, messages: readonly Queued[], call: Call): Promise<void> {
    const open = messages.filter((queued) => this.#mayBeSent(queued, call));
    const [first] = open;
    if (first === undefined) return;
    this.#assertOpen();
    try {
      await link.send(open, this.#pace.answerMs);
      this.#pace.succeeded();
      for (const { index } of open) call.settle(index, PUBLISHED);
    } catch (error) {
      if (error instanceof NoAnswer) this.#pace.noAnswer();
      if (!(error instanceof MessageRefused)) throw error;
      if (open.length === 1) {
        call.refuse(first, error);
        return;
      }
      const refused = call.refused;
      const middle = open.length >>> 1;
      await this.#send(link, open.slice(0, middle), call);
      await this.#send(link, open.slice(middle), call);
      // It was no message that was too large, but all of them together.
      if (error.kind === 'too-large' && call.refused === refused) this.#smallerBatches();
    }
  }

  #mayBeSent(queued: Queued, call: Call): boolean {
    if (call.holdsBack(queued)) return false;
    if (queued.bytes <= LARGEST_MESSAGE) return true;
    const reason = `it has ${queued.bytes} bytes of at most ${LARGEST_MESSAGE}`;
    call.refuse(queued, new MessageRefused('too-large', reason));
    return false;
  }

  #smallerBatches(): void {
    this.#batchBytes = Math.max(SMALLEST_BATCH, Math.floor(this.#batchBytes / 2));
  }

  #giveUp(error: unknown): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    link.drop();
    this.settings.onNotice({ kind: 'connection-lost', reason: reasonOf(error) });
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new BusUnavailable('the bus is closed');
  }
}

/** What becomes of the messages of one call. */
class Call {
  readonly #results: (PublishResult | undefined)[];
  readonly #blocked = new Set<string>();

  constructor(length: number) {
    this.#results = new Array<PublishResult | undefined>(length).fill(undefined);
  }

  /** How many sequences of messages are held back. */
  get refused(): number {
    return this.#blocked.size;
  }

  settle(index: number, result: PublishResult): void {
    this.#results[index] = result;
  }

  refuse(queued: Queued, { kind, message: reason }: MessageRefused): void {
    this.settle(queued.index, { kind, reason });
    this.#blocked.add(sequenceOf(queued));
  }

  /** Whether it must not be sent, because one before it was not taken. */
  holdsBack(queued: Queued): boolean {
    if (this.#blocked.size === 0 || !this.#blocked.has(sequenceOf(queued))) return false;
    this.settle(queued.index, BEHIND);
    return true;
  }

  results(): readonly PublishResult[] {
    return this.#results.map((result) => {
      if (result === undefined) throw new Error('a message was forgotten');
      return result;
    });
  }
}

function sequenceOf({ message }: Placed): string {
  return JSON.stringify([message.topic, message.key]);
}

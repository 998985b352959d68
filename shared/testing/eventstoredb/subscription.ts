import { randomUUID } from 'node:crypto';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Delivery } from './delivery.js';
import type { StoredEvent } from './esdb-event.js';
import { DELETED, type EsdbLog } from './esdb-log.js';
import { streamDeletedFailure } from './failures.js';
import type { Cut, SubscriptionFault } from './misbehaviour.js';
import type { Sender } from './sender.js';

/** Which events a subscription is about, and where it begins. */
export type Interest = Readonly<{
  /** Undefined: all of them. */
  stream: string | undefined;
  /** Events there are already, before those at `index`. */
  backlog: Iterable<StoredEvent>;
  /** In the log. */
  index: number;
  isWanted(event: StoredEvent): boolean;
  /** A filtered subscription says how far it has come each time it has seen so many events. */
  checkpointEvery: number | undefined;
}>;

/** Sends the events there are, then those to come, for as long as the client keeps up. */
export class Subscription {
  readonly #log: EsdbLog;
  readonly #sender: Sender;
  readonly #interest: Interest;
  readonly #delivery: Delivery;
  readonly #liveBuffer: number;
  #live: StoredEvent[] = [];
  #considered = 0;
  /** Live events taken up but not yet sent. */
  #unsent = 0;

  constructor(
    log: EsdbLog,
    sender: Sender,
    interest: Interest,
    how: Readonly<{ fault: SubscriptionFault | undefined; liveBuffer: number }>,
  ) {
    this.#log = log;
    this.#sender = sender;
    this.#interest = interest;
    this.#delivery = new Delivery(sender, how.fault);
    this.#liveBuffer = how.liveBuffer;
  }

  /** Resolves when it is over, for whatever reason. */
  async run(): Promise<void> {
    const { backlog } = this.#interest;
    const confirmation = new streams.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(randomUUID());
    await this.#sender.send(new streams.ReadResp().setConfirmation(confirmation));
    for (const event of backlog) {
      if (!this.#sender.isOpen()) return;
      await this.#delivery.deliver(event);
    }
    await this.#catchUp();
    // Nothing was awaited since the end of the log was seen, so nothing is missed.
    const leave = this.#log.follow((events) => this.#appeared(events));
    try {
      await this.#sender.send(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      await this.#stayLive();
    } finally {
      leave();
    }
  }

  drop(how: Cut): void {
    this.#sender.cut(how);
  }

  async #catchUp(): Promise<void> {
    const { all } = this.#log;
    for (
      let index = this.#interest.index;
      index < all.length && this.#sender.isOpen();
      index += 1
    ) {
      const event = all[index];
      if (event !== undefined) await this.#consider(event);
    }
  }

  async #stayLive(): Promise<void> {
    while (this.#sender.isOpen()) {
      const events = this.#live;
      this.#live = [];
      for (const [index, event] of events.entries()) {
        if (!this.#sender.isOpen()) return;
        this.#unsent = events.length - index;
        await this.#consider(event);
      }
      this.#unsent = 0;
      if (this.#live.length === 0 && this.#sender.isOpen()) await this.#sender.changed();
    }
  }

  /** One append may be of any size; who is far behind when the next one comes is too slow. */
  #appeared(events: readonly StoredEvent[]): void {
    if (this.#unsent + this.#live.length >= this.#liveBuffer) {
      this.#sender.cut('too-slow');
      return;
    }
    this.#live.push(...events);
    this.#sender.wake();
  }

  async #consider(event: StoredEvent): Promise<void> {
    const { stream, checkpointEvery } = this.#interest;
    if (event.stream === stream && event.revision === DELETED) {
      this.#sender.fail(streamDeletedFailure(stream));
      return;
    }
    if (this.#interest.isWanted(event)) await this.#delivery.deliver(event);
    this.#considered += 1;
    if (checkpointEvery === undefined || this.#considered < checkpointEvery) return;
    this.#considered = 0;
    const position = event.position.toString();
    const checkpoint = new streams.ReadResp.Checkpoint()
      .setCommitPosition(position)
      .setPreparePosition(position);
    await this.#sender.send(new streams.ReadResp().setCheckpoint(checkpoint));
  }
}

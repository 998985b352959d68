import type { StoredEvent } from './esdb-event.js';
import type { SubscriptionFault } from './misbehaviour.js';
import type { Sender } from './sender.js';
import { eventMessage } from './wire.js';

/** Hands events to a client, slowly or only so many of them when that was planned. */
export class Delivery {
  readonly #sender: Sender;
  readonly #fault: SubscriptionFault | undefined;
  #delivered = 0;

  constructor(sender: Sender, fault: SubscriptionFault | undefined) {
    this.#sender = sender;
    this.#fault = fault;
    this.#cutWhenDue();
  }

  async deliver(event: StoredEvent): Promise<void> {
    if (this.#fault?.kind === 'slow') await later(this.#fault.ms);
    await this.#sender.send(eventMessage(event));
    this.#delivered += 1;
    this.#cutWhenDue();
  }

  #cutWhenDue(): void {
    const fault = this.#fault;
    if (fault?.kind === 'cut' && this.#delivered >= fault.after) this.#sender.cut(fault.how);
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

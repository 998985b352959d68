import { createRequire } from 'node:module';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { calmTimer } from './calm-timer.js';

type Queue = { pending: unknown[]; throttleCheckTimeoutId: unknown } & Readonly<{
  checkPendingRequests: () => void;
  destroy: () => void;
}>;

describe('the timer of a Kafka connection', () => {
  it('runs while requests wait, and not otherwise', () => {
    calmTimer();
    const queue = newQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).to.equal(null);
    // Held back by the brokers, so that it cannot be sent.
    Object.assign(queue, { throttledUntil: Date.now() + 60_000 });
    queue.pending.push({});
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).to.not.equal(null);
    queue.destroy();
  });
});

/** The queue of a connection, as the client makes it. */
function newQueue(): Queue {
  const made: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
  if (typeof made !== 'function') throw new Error('no class');
  const queue: unknown = Reflect.construct(made, [{ logger: {} }]);
  if (!isQueue(queue)) throw new Error('no queue');
  return queue;
}

function isQueue(value: unknown): value is Queue {
  return typeof value === 'object' && value !== null && 'checkPendingRequests' in value;
}

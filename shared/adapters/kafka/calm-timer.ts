import { createRequire } from 'node:module';

type Queue = Readonly<{ pending: readonly unknown[] }>;
type QueueClass = { prototype: { scheduleCheckPendingRequests: (this: Queue) => void } };

let isCalm = false;

/**
 * Stops the client's timer of 1 ms: once connected, every connection looks a thousand times a second
 * for requests that wait, even when there are none (kafkajs issue 1704). It only has to look while
 * some do wait. The package is pinned; where its inside is another, nothing is changed.
 */
export function calmTimer(): void {
  if (isCalm) return;
  isCalm = true;
  const queue: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
  if (!isQueueClass(queue)) return;
  const { prototype } = queue;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

function isQueueClass(value: unknown): value is QueueClass {
  if (typeof value !== 'function') return false;
  const prototype: unknown = value.prototype;
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    'scheduleCheckPendingRequests' in prototype &&
    typeof prototype.scheduleCheckPendingRequests === 'function'
  );
}
